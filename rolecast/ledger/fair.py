"""Sums in which no single colleague can be seen."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, select

from rolecast.ledger.schema import credits, links, publications
from rolecast.ledger.schema_people import people, referrals, shares

_P, _R, _S, _K = people.c, referrals.c, shares.c, credits.c
HIRED = ("hired", "started")
PARTIES = ("share", "referral")
# A friend who did not agree counts for nobody.
NOT_AGREED = ("asked", "declined", "forgotten", "taken_back")


def sizes(conn: Connection) -> dict[str, int]:
    """Team → how many colleagues say that they belong to it."""
    query = select(_P.team, func.count()).where(_P.team.is_not(None)).group_by(_P.team)
    return {team: count for team, count in conn.execute(query)}


def _hires(since: datetime | None):
    """Applications in which somebody was hired, by the decision that holds."""
    last = select(func.max(_K.id)).group_by(_K.source, _K.application)
    query = select(_K.who, func.count().label("count")).where(
        _K.id.in_(last), _K.party.in_(PARTIES), _K.stage.in_(HIRED), _K.who != ""
    )
    if since:
        query = query.where(_K.at >= since)
    return query.group_by(_K.who)


def hires(conn: Connection, since: datetime | None = None) -> dict[str, int]:
    """Colleague → hires that are credited to them."""
    return {who: count for who, count in conn.execute(_hires(since))}


def agreed(conn: Connection, since: datetime | None = None) -> dict[str, int]:
    """Colleague → friends of theirs who agreed."""
    query = select(_R.person_id, func.count()).where(_R.state.not_in(NOT_AGREED))
    if since:
        query = query.where(_R.made >= since)
    return {who: count for who, count in conn.execute(query.group_by(_R.person_id))}


def shared_hires(conn: Connection, since: datetime) -> dict[str, int]:
    """Colleague → hires by their shares; a friend who was named is counted as such."""
    query = _hires(since).where(_K.party == "share")
    return {who: count for who, count in conn.execute(query)}


def teams(conn: Connection, ids: Collection[str]) -> dict[str, str | None]:
    """Colleague → team."""
    return {id_: team for id_, team in conn.execute(select(_P.id, _P.team).where(_P.id.in_(ids)))}


def ranked(conn: Connection) -> dict[str, str]:
    """Colleague → name of those who want to be on the list."""
    query = select(_P.id, _P.name).where(_P.ranked == 1)
    return {id_: name for id_, name in conn.execute(query)}


def channels_of(conn: Connection, job: str) -> set[str]:
    """Where a job is, or is to be, announced."""
    P = publications.c
    off = ("withdrawn", "dropped", "gone")
    query = select(P.channel).where(P.job_id == job, P.state.not_in(off))
    return set(conn.scalars(query.distinct()))


def came_by(conn: Connection, job: str) -> dict[str, int]:
    """Party → applications to a job, by the decisions that hold."""
    last = select(func.max(_K.id)).where(_K.job_id == job).group_by(_K.source, _K.application)
    query = select(_K.party, func.count()).where(_K.id.in_(last)).group_by(_K.party)
    return {party: count for party, count in conn.execute(query)}


def sharers(conn: Connection, jobs: Collection[str] | None = None) -> list[tuple[str, str, str]]:
    """(job, place, colleague) of every share (of some jobs); the place of referrals is ""."""
    found = []
    for query, job in (
        (select(_S.job_id, _S.place, _S.person_id), _S.job_id),
        (select(_R.job_id, _R.person_id).where(_R.link.is_not(None)), _R.job_id),
    ):
        if jobs is not None:
            query = query.where(job.in_(jobs))
        for row in conn.execute(query.distinct()):
            found.append((row[0], row[1] if row[2:] else "", row[-1]))
    return found


def places(conn: Connection) -> dict[str, str]:
    """Link → place, of all shares; "" for referrals."""
    L = links.c
    query = select(L.code, L.channel, L.moment).where(L.channel.in_(PARTIES))
    return {code: moment if one == "share" else "" for code, one, moment in conn.execute(query)}
