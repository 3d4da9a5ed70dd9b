"""What a colleague's own page shows: their links, what they led to, whom they named."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, union

from rolecast.ledger.outcomes import CreditRow, _credit
from rolecast.ledger.schema import credits
from rolecast.ledger.schema_people import referrals, shares, touched

_S, _R, _T, _K = shares.c, referrals.c, touched.c, credits.c


@dataclass(frozen=True, slots=True)
class Share:
    """A link of a colleague's own."""

    job_id: str
    place: str
    link: str
    made: datetime


@dataclass(frozen=True, slots=True)
class Named:
    """A friend whom a colleague has named. promise: until when they hear."""

    id: str
    job_id: str
    friend: str | None
    state: str
    made: datetime
    changed: datetime
    promise: datetime | None


@dataclass(frozen=True, slots=True)
class Touched:
    """The decision that holds of an application to which a colleague's link or referral led. own:
    what their step in it has, such as "(CODE)"; party: share or referral."""

    row: CreditRow
    own: str
    link: str
    party: str


def jobs_shared(conn: Connection, person: str, start: int, count: int) -> tuple[list[str], int]:
    """A page of the jobs that somebody shared, the last shared first, and how many."""
    total = conn.scalar(select(func.count(_S.job_id.distinct())).where(_S.person_id == person)) or 0
    query = select(_S.job_id).where(_S.person_id == person).group_by(_S.job_id)
    query = query.order_by(func.max(_S.made).desc(), _S.job_id).offset(start).limit(count)
    return list(conn.scalars(query)), total


def shares_of(conn: Connection, person: str, jobs: Collection[str]) -> list[Share]:
    """Somebody's links for these jobs, the oldest first."""
    query = select(_S.job_id, _S.place, _S.link, _S.made)
    query = query.where(_S.person_id == person, _S.job_id.in_(jobs))
    return [Share(*row) for row in conn.execute(query.order_by(_S.made, _S.place))]


def named_by(conn: Connection, person: str, most: int = 50) -> list[Named]:
    """Whom somebody named, the last change first."""
    columns = (_R.id, _R.job_id, _R.friend, _R.state, _R.made, _R.changed, _R.promise)
    query = select(*columns).where(_R.person_id == person)
    return [Named(*row) for row in conn.execute(query.order_by(_R.changed.desc()).limit(most))]


def touched_by(conn: Connection, person: str) -> list[Touched]:
    """The applications to which somebody's links and referrals led, the latest decision first."""
    keys = union(
        select(_S.link.label("key")).where(_S.person_id == person),
        select(_R.link.label("key")).where(_R.person_id == person, _R.link.is_not(None)),
        select(_R.id.label("key")).where(_R.person_id == person),
    ).subquery()
    query = (
        select(_T.link, _T.party, credits)
        .join(keys, keys.c.key == _T.link)
        .join(credits, (_K.source == _T.source) & (_K.application == _T.application))
        .order_by(_K.id)
    )
    found: dict[tuple[str, str, str], Touched] = {}
    for row in conn.execute(query):
        one, key = _credit(row), row[0]
        mark = f"({key})" if any(f"({key})" in step for step in one.steps) else f"@{person}"
        place = (one.source, one.application, key)
        found.pop(place, None)
        found[place] = Touched(one, mark, key, row[1])
    return _one_each(list(found.values())[::-1], person)


def _one_each(found: list[Touched], person: str) -> list[Touched]:
    """One line for an application: the link that counts, where several of somebody's led to it."""
    best: dict[tuple[str, str], Touched] = {}
    for one in found:
        place = (one.row.source, one.row.application)
        if place not in best or (one.row.who == person and one.link == one.row.link):
            best[place] = one
    return list(best.values())


def is_new(conn: Connection, person: str) -> bool:
    """Whether somebody has neither shared nor named anybody yet."""
    query = select(_S.id).where(_S.person_id == person).limit(1)
    other = select(_R.id).where(_R.person_id == person).limit(1)
    return conn.execute(query).first() is None and conn.execute(other).first() is None
