"""News for colleagues about what they did: shown on their page, and mailed together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from rolecast.ledger.schema_people import notices

_N = notices.c


@dataclass(frozen=True, slots=True)
class Notice:
    """One piece of news. about: what its sentence is filled with."""

    id: int
    at: datetime
    kind: str
    job_id: str | None
    about: dict[str, Any]
    mailed: datetime | None


_COLUMNS = [notices.c[name] for name in Notice.__slots__]


def add(
    conn: Connection,
    person: str,
    kind: str,
    now: datetime,
    job_id: str | None = None,
    **about: Any,
) -> None:
    """One piece of news. about: what its sentence is filled with; JSON values."""
    values = {"person_id": person, "at": now, "kind": kind, "job_id": job_id}
    conn.execute(insert(notices).values(**values, about=json.dumps(about, ensure_ascii=False)))


def latest(conn: Connection, person: str, start: int, count: int) -> tuple[list[Notice], int]:
    """A page of a colleague's news, the newest first, and how many there are."""
    total = conn.scalar(select(func.count()).where(_N.person_id == person)) or 0
    query = select(*_COLUMNS).where(_N.person_id == person)
    query = query.order_by(_N.at.desc(), _N.id.desc()).offset(start).limit(count)
    return [_notice(row) for row in conn.execute(query)], total


def _notice(row: Any) -> Notice:
    found = dict(zip(Notice.__slots__, row, strict=True))
    return Notice(**found | {"about": json.loads(found["about"])})


# For the mails


def waiting(conn: Connection) -> list[str]:
    """Who has news that were not mailed."""
    return list(conn.scalars(select(_N.person_id).where(_N.mailed.is_(None)).distinct()))


def unmailed(conn: Connection, person: str) -> list[Notice]:
    """A colleague's news that were not mailed, the oldest first."""
    query = select(*_COLUMNS).where(_N.person_id == person, _N.mailed.is_(None))
    return [_notice(row) for row in conn.execute(query.order_by(_N.at, _N.id))]


def last_mailed(conn: Connection, person: str) -> datetime | None:
    """When somebody was last told by mail."""
    query = select(_N.mailed).where(_N.person_id == person, _N.mailed.is_not(None))
    return conn.scalar(query.order_by(_N.mailed.desc()).limit(1))


def mailed(conn: Connection, ids: list[int], at: datetime) -> None:
    """These have been told by mail, or are not told by mail any more."""
    for start in range(0, len(ids), 500):
        query = update(notices).where(_N.id.in_(ids[start : start + 500]))
        conn.execute(query.values(mailed=at))
