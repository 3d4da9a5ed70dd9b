"""Brings clicks from the machines that answered them into the ledger, each exactly once.

What the ledger has of a segment is remembered in the transaction that takes its clicks in, so a
crash at any moment neither loses one nor counts one twice. One gatherer works at a time; several
may run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from rolecast import spool
from rolecast.clicks import SECOND
from rolecast.ledger import Ledger, clicks
from rolecast.scribe import AGAIN

DAY = 86_400


def gather(ledger: Ledger, folder: Path) -> int:
    """Take in what the spool in `folder`, and the ledger's own intake, have; answers how many
    clicks that were. Raises the ledger's and the disk's errors; nothing is lost by that."""
    count = 0
    for path in spool.segments(folder):
        with contextlib.suppress(FileNotFoundError):  # another gatherer was quicker
            count += _segment(ledger, path)
    while taken := _intake(ledger):
        count += taken
    return count


def tidy(ledger: Ledger, folder: Path, now: float, keep_days: int) -> int:
    """Forget single clicks older than `keep_days`; answers how many. now: seconds since 1970."""
    with ledger.begin() as conn:
        clicks.alone(conn)
        clicks.forget_segments(conn, [path.name for path in spool.segments(folder)])
        return clicks.drop(conn, int(now - keep_days * DAY) * SECOND)


def _segment(ledger: Ledger, path: Path) -> int:
    count = 0
    while True:
        with ledger.begin() as conn:
            clicks.alone(conn)
            start = clicks.place(conn, path.name)
            found = spool.read(path, start)
            if found.end != start:
                clicks.add(conn, [*found.clicks, *clicks.unknown(conn, found.again)])
                clicks.move(conn, path.name, found.end, found.damaged)
        count += len(found.clicks) + len(found.again)
        if found.left:
            path.unlink()  # only now: a segment that the ledger has forgotten is never read again
        if found.left or found.end == start:
            return count


def _intake(ledger: Ledger) -> int:
    with ledger.begin() as conn:
        clicks.alone(conn)
        bodies = clicks.taken_in(conn)
        new = []
        for _, body in bodies:
            found = spool.decode(body[1:])
            new += clicks.unknown(conn, found) if body[0] == AGAIN else found
        clicks.add(conn, new)
        clicks.put_away(conn, [id_ for id_, _ in bodies])
    return len(bodies)


class Intake:
    """Makes clicks durable in a ledger on PostgreSQL. A store for rolecast.scribe."""

    def __init__(self, ledger: Ledger):
        self.ledger = ledger

    def write(self, frames: Sequence[tuple[int, bytes]]) -> None:
        """Put commits, (kind, JSON) each, into the ledger's intake. Raises OSError."""
        try:
            with self.ledger.begin() as conn:
                clicks.put(conn, [bytes([kind]) + body for kind, body in frames])
        except Ledger.Error as error:
            raise OSError(f"the ledger does not take clicks: {error}") from error
