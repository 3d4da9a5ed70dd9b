"""Searches that colleagues have saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from rolecast.ledger.schema_people import people, searches
from rolecast.people import new_id

_S, _P = searches.c, people.c


def of_person(conn: Connection, person: str) -> list[Any]:
    """Rows of a person's searches, newest first."""
    query = select(searches).where(_S.person_id == person)
    return list(conn.execute(query.order_by(_S.made.desc(), _S.id)))


def count(conn: Connection, person: str) -> int:
    """How many somebody has."""
    return conn.scalar(select(func.count()).where(_S.person_id == person)) or 0


def has(conn: Connection, person: str, query: str) -> bool:
    """Whether somebody has saved this one."""
    found = select(_S.id).where(_S.person_id == person, _S.query == query)
    return conn.execute(found).first() is not None


def add(conn: Connection, person: str, query: str, now: datetime) -> None:
    """Save one; its jobs count as told up to now."""
    values = {"id": new_id(), "person_id": person, "query": query, "made": now, "told": now}
    conn.execute(insert(searches).values(**values))


def drop(conn: Connection, person: str, id_: str) -> bool:
    """Delete one, if it is theirs."""
    query = delete(searches).where(_S.id == id_, _S.person_id == person)
    return bool(conn.execute(query).rowcount)


def due(conn: Connection, before: datetime, most: int, after: str) -> list[str]:
    """Who was last told anything then or earlier and wants mails: people's numbers in order, from
    the one after `after` on."""
    query = (
        select(_P.id)
        .join(searches, _S.person_id == _P.id)
        .where(_P.mails == 1, _P.id > after)
        .group_by(_P.id)
        .having(func.min(_S.told) <= before)
    )
    return list(conn.scalars(query.order_by(_P.id).limit(most)))


def tell(conn: Connection, rows: Sequence[Any], until: datetime) -> bool:
    """Note that these are told; False when somebody else has told one, or it is gone."""
    for row in sorted(rows, key=lambda one: one.id):
        query = update(searches).where(_S.id == row.id, _S.told == row.told)
        if not conn.execute(query.values(told=until)).rowcount:
            return False
    return True
