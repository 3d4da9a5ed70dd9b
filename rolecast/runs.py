"""Who is at work: names a run, and tells whether the run of a claim is still alive."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

from rolecast.ledger import Ledger, attempts, publications
from rolecast.ledger.publications import Publication

_mine: set[str] = set()  # the runs of this process
_part_of: ContextVar[str] = ContextVar("part_of", default="")


@contextmanager
def part_of(whole: str) -> Iterator[None]:
    """Runs that begin in the block are part of a larger one, which another system keeps: its
    name goes into theirs, so that whoever reads the history finds it."""
    token = _part_of.set(whole)
    try:
        yield
    finally:
        _part_of.reset(token)


def whole_of(name: str) -> str:
    """The larger run that a run was part of; "" for none."""
    return name.rpartition(":")[2].rpartition(".")[0]


@contextmanager
def run() -> Iterator[str]:
    """A name for one run, such as host:4711:9f3a…; alive until the block ends."""
    whole = f"{_part_of.get()}." if _part_of.get() else ""
    name = f"{socket.gethostname()}:{os.getpid()}:{whole}{secrets.token_hex(6)}"
    _mine.add(name)
    try:
        yield name
    finally:
        _mine.discard(name)


def is_alive(publication: Publication, now: datetime) -> bool:
    """Whether the run that claimed `publication` may still be sending.

    On our own machine the process tells; a run elsewhere is dead when its lease is over.
    """
    if publication.owner is None or publication.lease_until is None:
        return False
    if publication.lease_until <= now:
        return False
    host, pid, _ = publication.owner.rsplit(":", 2)
    if host != socket.gethostname():
        return True
    if int(pid) == os.getpid():
        return publication.owner in _mine
    return _exists(int(pid))


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def release_dead(ledger: Ledger, now: datetime) -> int:
    """Recovery, every run's first step: what a dead run left in flight is now unknown.

    Answers how many publications that were.
    """
    with ledger.read() as conn:
        claimed = publications.sending(conn)
    dead = [one for one in claimed if not is_alive(one, now)]
    if dead:
        with ledger.begin() as conn:
            for one in dead:
                attempts.abandon(conn, one, now, "the run that was sending it was cut off")
    return len(dead)
