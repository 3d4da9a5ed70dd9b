"""Sums over many jobs, read from roll-ups alone.

since: hours since 1970, UTC; what went out, or came, from then on (or from that day on, where it
says so). 0: everything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, and_, case, func, select

from rolecast.ledger.schema import publications
from rolecast.ledger.schema_people import referrals, shares
from rolecast.ledger.schema_results import (
    applications,
    awaited,
    results,
    results_daily,
    results_hourly,
)
from rolecast.outcomes import FORWARD, Stage

_R, _Q, _P, _W = results.c, applications.c, publications.c, awaited.c
HIRED = FORWARD[FORWARD.index(Stage.hired) :]


@dataclass(frozen=True, slots=True)
class Sums:
    """What came of several links together. squares: the sum of the squares of each one's clicks.
    counted: links whose impressions are measured; shown: those impressions."""

    links: int = 0
    human: int = 0
    squares: int = 0
    applied: int = 0
    interviewed: int = 0
    hired: int = 0
    counted: int = 0
    shown: int = 0

    def __add__(self, other: Sums) -> Sums:
        both = (getattr(self, name) + getattr(other, name) for name in Sums.__slots__)
        return Sums(*both)


def _sums(table: Table) -> list[ColumnElement[int]]:
    return [func.sum(table.c[name]) for name in Sums.__slots__]


def groups(conn: Connection, since: int) -> dict[tuple[str, str, str], Sums]:
    """(channel, moment, variant) → what came of the links that were first out since that day."""
    D = results_daily.c
    keys = (D.channel, D.moment, D.variant)
    query = select(*keys, *_sums(results_daily)).where(D.day >= since // 24).group_by(*keys)
    found = {(a, b, c): Sums(*map(int, sums)) for a, b, c, *sums in conn.execute(query)}
    return {key: sums for key, sums in found.items() if sums.links}


def hours(conn: Connection, since: int) -> Iterable[tuple[int, ...]]:
    """(hour in which posts were first out, what came of them, as in Sums); since that day."""
    H = results_hourly.c
    columns = [results_hourly.c[name] for name in Sums.__slots__]
    query = select(H.hour, *columns).where(H.hour >= since // 24 * 24, H.links > 0)
    return conn.execute(query).all()


def parties(conn: Connection, since: int) -> dict[str, tuple[int, int]]:
    """Whom applications that came since then are credited to → (applications, hires)."""
    hired = func.sum(case((_Q.stage.in_(HIRED), 1), else_=0))
    query = select(_Q.party, func.count(), hired).where(_Q.hour >= since).group_by(_Q.party)
    return {party: (count, int(hires)) for party, count, hires in conn.execute(query)}


def waits(conn: Connection, since: int, now: int) -> list[tuple[str, int, int]]:
    """(what, hours, jobs) of the jobs whose first post was since then. what: "earlier" for those
    to which somebody had applied before; "applied" with the hours until the first application;
    "not yet" with those without any until the last post was taken down, or until now."""
    what = case(
        (_W.applied < _W.hour, "earlier"), (_W.applied.is_not(None), "applied"), else_="not yet"
    )
    took = func.coalesce(_W.applied, _W.ended, now) - _W.hour
    query = select(what, took, func.count()).where(_W.hour >= since).group_by(what, took)
    return [tuple(row) for row in conn.execute(query)]


def sharers(conn: Connection, since: int, most: int) -> int:
    """How many colleagues are behind the shares that were made since then; counted up to `most`."""
    query = (
        select(shares.c.person_id)
        .join(results, _R.link == shares.c.link)
        .where(_R.hour >= since, _R.channel == "share")
    )
    return len(conn.execute(query.distinct().limit(most)).all())


def namers(conn: Connection, since: int, most: int) -> int:
    """The same of referrals that have a link."""
    query = (
        select(referrals.c.person_id)
        .join(results, _R.link == referrals.c.link)
        .where(_R.hour >= since, _R.channel == "referral")
    )
    return len(conn.execute(query.distinct().limit(most)).all())


def credited_colleagues(conn: Connection, since: int, party: str, most: int) -> int:
    """How many colleagues are behind the applications since then that are credited to `party`;
    counted up to `most`. Those who are gone are not counted."""
    of = (_Q.hour >= since, _Q.party == party)
    person, named = referrals.c.person_id, referrals.c.source == _Q.source
    named = and_(named, referrals.c.application == _Q.application)
    asked = (
        select(shares.c.person_id).join(applications, _Q.link == shares.c.link),
        select(person).join(applications, _Q.link == referrals.c.link),
        select(person).join(applications, named),
    )
    found: set[str] = set()
    for query in asked[:1] if party == "share" else asked[1:]:
        found |= set(conn.scalars(query.where(*of).distinct().limit(most)))
    return min(len(found), most)


def last_posts(conn: Connection, channels: Collection[str]) -> dict[str, str]:
    """Channel → JSON of the post that was sent there last."""
    found = {}
    for name in channels:
        query = (
            select(_P.post)
            .where(_P.channel == name, _P.post.is_not(None))
            .order_by(_P.updated.desc())
            .limit(1)
        )
        if post := conn.scalar(query):
            found[name] = post
    return found


def earliest(conn: Connection) -> int | None:
    """The hour in which the first of all posts was out."""
    return conn.scalar(select(func.min(results_hourly.c.hour)))
