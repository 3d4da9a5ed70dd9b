"""Other words that colleagues suggest for a job spec."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from rolecast.ledger.schema_people import people, suggestions

_S, _P = suggestions.c, people.c


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`after` instead of `before` in a field of a job spec; in a list it is one of its lines."""

    id: str
    person_id: str
    job_id: str
    field: str
    before: str
    after: str
    why: str
    named: int  # 1: agrees to be credited
    state: str  # open, accepted, declined
    made: datetime
    decided: datetime | None
    decided_by: str | None
    reason: str | None
    name: str  # its author's


_OWN = [_S[name] for name in Suggestion.__slots__ if name != "name"]
_SELECT = select(*_OWN, _P.name).join(people, _P.id == _S.person_id)


def add(conn: Connection, **values: Any) -> None:
    """Columns of `suggestions`."""
    conn.execute(insert(suggestions).values(**values))


def get(conn: Connection, id_: str) -> Suggestion | None:
    """The suggestion of a number."""
    row = conn.execute(_SELECT.where(_S.id == id_)).first()
    return row and Suggestion(*row)


def waiting(conn: Connection, start: int, count: int) -> tuple[list[Suggestion], int]:
    """A page of the open ones, oldest first, and how many there are."""
    where = _S.state == "open"
    total = conn.scalar(select(func.count()).select_from(suggestions).where(where)) or 0
    query = _SELECT.where(where).order_by(_S.made, _S.id).offset(start).limit(count)
    return [Suggestion(*row) for row in conn.execute(query)], total


def of_person(conn: Connection, person: str, job_id: str, most: int) -> list[Suggestion]:
    """What somebody has suggested for a job, newest first."""
    query = _SELECT.where(_S.person_id == person, _S.job_id == job_id)
    query = query.order_by(_S.made.desc(), _S.id).limit(most)
    return [Suggestion(*row) for row in conn.execute(query)]


def to_credit(conn: Connection, job_id: str) -> list[Suggestion]:
    """The accepted ones of a job whose authors agree to be named, first accepted first."""
    where = (_S.job_id == job_id, _S.state == "accepted", _S.named == 1)
    return [
        Suggestion(*row) for row in conn.execute(_SELECT.where(*where).order_by(_S.decided, _S.id))
    ]


def written(conn: Connection, person: str, since: datetime) -> int:
    """How many somebody has made since then."""
    query = select(func.count()).where(_S.person_id == person, _S.made >= since)
    return conn.scalar(query) or 0


def is_open(conn: Connection, **values: Any) -> bool:
    """Whether there is an open one with these values of columns."""
    where = [_S[name] == value for name, value in values.items()]
    return conn.execute(select(_S.id).where(_S.state == "open", *where)).first() is not None


def decide(conn: Connection, id_: str, **values: Any) -> bool:
    """Change columns of an open one; False when it is decided already."""
    query = update(suggestions).where(_S.id == id_, _S.state == "open").values(**values)
    return bool(conn.execute(query).rowcount)


def take_back(conn: Connection, id_: str, person: str) -> bool:
    """Delete somebody's own open one; False when there is none."""
    mine = (_S.id == id_, _S.person_id == person, _S.state == "open")
    return bool(conn.execute(delete(suggestions).where(*mine)).rowcount)
