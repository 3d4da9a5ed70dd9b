"""Whether everything is well: what `/healthz` says, in words that name what to look at.

Nothing that it says is personal, and nothing names our machines: whoever asks need not sign in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rolecast import spool
from rolecast.ledger import Ledger, beats, clicks, watched
from rolecast.ledger.schema import HEAD

SLEEPS = timedelta(seconds=90)  # the watcher looks every 20 seconds
COLLECTS = timedelta(hours=3)  # and the networks are looked at every hour
MAILS = timedelta(minutes=15)
CLICKS = 120.0  # seconds for which a click may wait on the disk
MANY = 5_000  # commits of clicks


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    well: bool
    detail: str


def checks(ledger: Ledger, folder: Path, now: datetime) -> list[Check]:
    """All of them. folder: where the spool is kept."""
    try:
        return list(_of_ledger(ledger, folder, now))
    except Ledger.Error:
        return [Check("ledger", False, "the ledger cannot be read")]


def _of_ledger(ledger: Ledger, folder: Path, now: datetime) -> Iterator[Check]:
    version = ledger.version()
    same = version == HEAD
    yield Check("ledger", same, "can be read" if same else f"its tables are {version}, not {HEAD}")
    with ledger.read() as conn:
        seen, mail = beats.last(conn), watched.oldest_mail(conn)
        waiting = watched.commits_waiting(conn)
        yield _clicks(folder, lambda name: clicks.place(conn, name), waiting)
    late = mail is not None and now - mail > MAILS
    told = "none waits long" if mail is None or not late else f"one waits since {_ago(now - mail)}"
    yield Check("mails", not late, told)
    yield _beat("watcher", seen.get("watcher"), now, SLEEPS)
    yield _beat("collect", seen.get("collect"), now, COLLECTS)


def _clicks(folder: Path, place: Callable[[str], int], waiting: int) -> Check:
    if waiting > MANY:
        return Check("clicks", False, f"{waiting} commits wait to be summed")
    late = 0
    for path in spool.segments(folder):
        try:
            unread = bool(spool.read(path, place(path.name), 1).clicks)
            late += unread and time.time() - path.stat().st_mtime > CLICKS
        except OSError:  # it was brought in just now
            continue
    return Check("clicks", not late, "arrive" if not late else f"{late} files wait on the disk")


def _beat(name: str, at: datetime | None, now: datetime, most: timedelta) -> Check:
    if at is None:  # not everybody runs it: others schedule runs
        return Check(name, True, "has never looked")
    return Check(name, now - at <= most, f"looked {_ago(now - at)} ago")


def _ago(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
