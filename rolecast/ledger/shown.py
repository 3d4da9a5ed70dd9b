"""What the web pages read: jobs that are live somewhere, and the desk's table."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, union

from rolecast.ledger.jobs import _JOB_COLUMNS, JobRow
from rolecast.ledger.publications import _COLUMNS, Publication, _row
from rolecast.ledger.schema import jobs, links, publications
from rolecast.ledger.states import State

_J, _L, _P = jobs.c, links.c, publications.c
COLLEAGUES = ("share", "referral")  # what their links have for a channel
NEEDS_A_PERSON = (State.held, State.refused, State.gone, State.unknown, State.waiting)


def live_on(channels: Collection[str]) -> Any:
    """Posts that are live on one of `channels`; one that is being edited is live."""
    editing = and_(_P.state == State.sending, _P.pending != "publish")
    return and_(_P.channel.in_(channels), or_(_P.state == State.live, editing))


def board(
    conn: Connection, channels: Collection[str], start: int, count: int
) -> tuple[list[JobRow], int]:
    """A page of the jobs on `channels`, newest first, and how many there are in all."""
    where = _on_board(channels)
    total = conn.scalar(select(func.count()).select_from(jobs).where(where)) or 0
    query = select(*_JOB_COLUMNS).where(where).order_by(_J.first_seen.desc(), _J.id)
    return [JobRow(*row) for row in conn.execute(query.offset(start).limit(count))], total


def addresses(conn: Connection, channels: Collection[str]) -> list[tuple[str, datetime]]:
    """Ids of the jobs on `channels` and when each last changed, newest first."""
    query = select(_J.id, _J.updated).where(_on_board(channels))
    rows = conn.execute(query.order_by(_J.first_seen.desc(), _J.id))
    return [(id_, updated) for id_, updated in rows]


def looked_at_first(conn: Connection, channels: Collection[str]) -> list[JobRow]:
    """The jobs on `channels` that colleagues see before others do, or did."""
    where = (_on_board(channels), _J.spec.contains('"first_look":'))
    without = _J.spec.contains('"first_look":null')
    return [JobRow(*row) for row in conn.execute(select(*_JOB_COLUMNS).where(*where, ~without))]


def _on_board(channels: Collection[str]) -> Any:
    return _J.id.in_(select(_P.job_id).where(live_on(channels)))


def job(conn: Connection, job_id: str, channels: Collection[str]) -> tuple[JobRow | None, bool]:
    """A job, and whether it is on the board now."""
    row = conn.execute(select(*_JOB_COLUMNS).where(_J.id == job_id)).first()
    if row is None:
        return None, False
    shown = select(_P.id).where(_P.job_id == job_id, live_on(channels))
    return JobRow(*row), conn.execute(shown).first() is not None


def elsewhere(conn: Connection, job_id: str, channels: Collection[str]) -> bool:
    """Whether a job is out anywhere but on `channels`."""
    live = select(_P.id).where(_P.job_id == job_id, _P.state == State.live)
    return conn.execute(live.where(_P.channel.not_in(channels)).limit(1)).first() is not None


def of_colleague(conn: Connection, code: str, job_id: str) -> bool:
    """Whether a link is one that a colleague gave to somebody."""
    found = select(_L.code).where(_L.code == code, _L.job_id == job_id)
    return conn.execute(found.where(_L.channel.in_(COLLEAGUES))).first() is not None


def is_out(conn: Connection, code: str) -> bool:
    """Whether a link is in a post that is live."""
    found = select(_P.id).where(_P.link == code, _P.state == State.live)
    return conn.execute(found).first() is not None


def needs_a_person(conn: Connection, most: int = 200) -> list[Publication]:
    """What waits for somebody, or is being waited for, longest first."""
    # One question for each index: together they would be asked of every row.
    waits = select(_P.id, _P.updated).where(_P.state.in_(NEEDS_A_PERSON))
    odd = or_(_P.reason.is_not(None), _P.drift.is_not(None))
    # Not by state alone, which nearly all share.
    told = select(_P.id, _P.updated).where(odd, func.coalesce(_P.state, "") == State.live)
    first = union(waits, told).subquery()
    ids = select(first.c.id).order_by(first.c.updated).limit(most)
    query = select(*_COLUMNS).where(_P.id.in_(ids)).order_by(_P.updated)
    return [_row(row) for row in conn.execute(query)]


def table(conn: Connection, start: int, count: int) -> tuple[list[Publication], int]:
    """A page of all publications, last changed first, and how many there are."""
    total = conn.scalar(select(func.count()).select_from(publications)) or 0
    query = select(*_COLUMNS).order_by(_P.updated.desc(), _P.id.desc()).offset(start).limit(count)
    return [_row(row) for row in conn.execute(query)], total
