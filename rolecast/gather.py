"""Brings clicks from the machines that answered them into the ledger, each exactly once.

What the ledger has of a segment is remembered in the transaction that takes its clicks in, so a
crash at any moment neither loses one nor counts one twice. One gatherer works at a time; several
may run.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rolecast import spool
from rolecast.clicks import SECOND, Click
from rolecast.ledger import Ledger, changes, clicks, results
from rolecast.spool import AGAIN

DAY = 86_400
AWAY = 2.0  # seconds for which a ledger that failed is not asked


def gather(ledger: Ledger, folder: Path, go_on: Callable[[], bool] = lambda: True) -> int:
    """Take in what the spool in `folder`, and the ledger's own intake, have; answers how many
    clicks that were. Ends early when `go_on` says so. Raises the ledger's and the disk's errors;
    nothing is lost by that."""
    count = 0
    # The intake first: what a scribe was not sure to have put there lies on the disk too.
    while taken := _intake(ledger):
        count += taken
    for path in spool.segments(folder):
        with contextlib.suppress(FileNotFoundError):  # another gatherer was quicker
            count += _segment(ledger, path, go_on)
    if go_on():
        catch_up(ledger)
    return count


def catch_up(ledger: Ledger) -> bool:
    """Bring the sums by link up to what was published, shared and credited; answers whether
    anything was new."""
    with ledger.read() as conn:
        news = changes.since_last(conn)
    if news:
        with ledger.begin(alone="clicks") as conn:
            results.take(conn, news)
    return bool(news)


def tidy(ledger: Ledger, folder: Path, now: float, keep_days: int) -> int:
    """Forget single clicks older than `keep_days`; answers how many. now: seconds since 1970."""
    spool.forget_unborn(folder, now)
    with ledger.begin(alone="clicks") as conn:
        clicks.forget_segments(conn, [path.name for path in spool.segments(folder)])
        return clicks.drop(conn, int(now - keep_days * DAY) * SECOND)


def _segment(ledger: Ledger, path: Path, go_on: Callable[[], bool]) -> int:
    count = 0
    while go_on():
        with ledger.begin(alone="clicks") as conn:
            start = clicks.place(conn, path.name)
            found = spool.read(path, start)
            if found.end != start:
                clicks.add(conn, found.clicks)
                clicks.add(conn, clicks.unknown(conn, found.again))
                clicks.move(conn, path.name, found.end, found.damaged)
        count += len(found.clicks) + len(found.again)
        if found.left:
            path.unlink()  # only now: a segment that the ledger has forgotten is never read again
        if found.left or found.end == start:
            break
    return count


def _intake(ledger: Ledger) -> int:
    with ledger.begin(alone="clicks") as conn:
        bodies = clicks.taken_in(conn)
        found: tuple[list[Click], list[Click]] = ([], [])  # FRESH and AGAIN
        for _, body in bodies:
            found[body[0] == AGAIN].extend(spool.decode(body[1:]))
        clicks.add(conn, found[0])
        clicks.add(conn, clicks.unknown(conn, found[1]))
        clicks.put_away(conn, [id_ for id_, _ in bodies])
    return len(bodies)


class Intake:
    """Makes clicks durable in a ledger on PostgreSQL, and on our own disk while that is away. A
    store for rolecast.scribe."""

    def __init__(self, ledger: Ledger, folder: Path):
        self.ledger, self.spool = ledger, spool.Spool(folder)
        self._away = 0.0  # until when the ledger is not asked

    def write(self, frames: Sequence[tuple[int, bytes]]) -> None:
        """Put commits, (kind, JSON) each, where they last. Raises OSError."""
        if time.monotonic() >= self._away:
            try:
                with self.ledger.begin() as conn:
                    clicks.put(conn, [bytes([kind]) + body for kind, body in frames])
                return
            except Ledger.Error as error:
                print(f"clicks wait on the disk: {error}", file=sys.stderr, flush=True)
                self._away = time.monotonic() + AWAY
        # The ledger may have them in spite of its error.
        self.spool.write([(AGAIN, body) for _, body in frames])
