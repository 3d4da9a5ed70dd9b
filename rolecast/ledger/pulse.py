"""What changed: one small question for each subject that an open page may show."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from rolecast.ledger.schema import approvals, attempts, clicks, events, publications
from rolecast.ledger.schema_desk import channel_health, progress, rehearsals

# Each is the end of an index, so asking costs nothing whatever the ledger holds.
_QUESTIONS: dict[str, tuple[Any, ...]] = {
    "posts": (
        func.max(publications.c.updated), func.max(attempts.c.id), func.max(approvals.c.id),
    ),
    "jobs": (func.max(events.c.id),),
    "clicks": (func.max(clicks.c.id),),
    "runs": (func.max(progress.c.changed),),
    "channels": (func.max(channel_health.c.changed), func.max(rehearsals.c.changed)),
}  # fmt: skip
TOPICS = tuple(_QUESTIONS)


def marks(conn: Connection) -> dict[str, str]:
    """Subject → something that is another one when anything about it has changed."""
    parts = [(name, one) for name, found in _QUESTIONS.items() for one in found]
    row = conn.execute(select(*(select(one).scalar_subquery() for _, one in parts))).one()
    found: dict[str, str] = {}
    for (name, _), value in zip(parts, row, strict=True):
        found[name] = f"{found.get(name, '')}/{value}"
    return found
