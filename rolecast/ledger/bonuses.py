"""Bonuses of colleagues; see rolecast.bonuses."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, literal, select, update

from rolecast.ledger.schema_people import bonuses, people

_B, _P = bonuses.c, people.c


@dataclass(frozen=True, slots=True)
class Bonus:
    """One bonus. started: first day of work; due: when it became eligible; None: not yet."""

    id: str
    person_id: str
    job_id: str
    source: str
    application: str
    party: str
    amount: str
    currency: str
    state: str
    why: str
    made: datetime
    started: datetime | None
    due: datetime | None
    paid: datetime | None


_COLUMNS = [bonuses.c[name] for name in Bonus.__slots__]


def add(conn: Connection, one: Bonus) -> None:
    """A new one."""
    conn.execute(insert(bonuses).values(**{name: getattr(one, name) for name in Bonus.__slots__}))


def change(conn: Connection, id_: str, was: str, **values: Any) -> bool:
    """Change one whose state is `was`; False when it is not any more."""
    query = update(bonuses).where(_B.id == id_, _B.state == was)
    return bool(conn.execute(query.values(**values)).rowcount)


def of_application(conn: Connection, source: str, application: str) -> list[Bonus]:
    """Those that an application has led to, oldest first."""
    where = (_B.source == source, _B.application == application)
    query = select(*_COLUMNS).where(*where).order_by(_B.made, _B.id)
    return [Bonus(*row) for row in conn.execute(query)]


def of_person(conn: Connection, person: str) -> list[Bonus]:
    """A colleague's, newest first."""
    query = select(*_COLUMNS).where(_B.person_id == person).order_by(_B.made.desc(), _B.id)
    return [Bonus(*row) for row in conn.execute(query)]


def some(conn: Connection, ids: Collection[str]) -> list[Bonus]:
    """Those with these numbers."""
    query = select(*_COLUMNS).where(_B.id.in_(ids)).order_by(_B.id)
    return [Bonus(*row) for row in conn.execute(query)]


def started(conn: Connection, latest: datetime) -> list[Bonus]:
    """Pending ones whose person works here since `latest` at the latest."""
    query = select(*_COLUMNS).where(_B.state == "pending", _B.started <= latest)
    return [Bonus(*row) for row in conn.execute(query.order_by(_B.id))]


def page(
    conn: Connection, state: str, start: int, count: int
) -> list[tuple[Bonus, str, str, str | None]]:
    """(bonus, name, mail address, team) of some in a state ("": all), the oldest first."""
    query = select(_P.name, _P.email, _P.team, *_COLUMNS).join(people, _P.id == _B.person_id)
    if state:
        query = query.where(_B.state == state)
    rows = conn.execute(query.order_by(_B.made, _P.name, _B.id).offset(start).limit(count))
    return [(Bonus(*row[3:]), *row[:3]) for row in rows]


def counts(conn: Connection) -> dict[str, int]:
    """State → how many."""
    rows = conn.execute(select(_B.state, func.count()).group_by(_B.state))
    return {state: count for state, count in rows}


def forget(conn: Connection, source: str, application: str) -> int:
    """An application is forgotten: so are its bonuses, but those that were paid only lose its
    number. Answers how many went."""
    where = (_B.source == source, _B.application == application)
    gone = conn.execute(delete(bonuses).where(*where, _B.state != "paid")).rowcount
    values = {"application": literal("forgotten ") + _B.id}
    conn.execute(update(bonuses).where(*where).values(**values))
    return gone
