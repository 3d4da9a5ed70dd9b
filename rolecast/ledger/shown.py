"""What the web pages read: jobs that are live somewhere, and the desk's table."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, func, or_, select, union

from rolecast.ledger.jobs import _JOB_COLUMNS, JobRow
from rolecast.ledger.publications import _COLUMNS, Publication, _row
from rolecast.ledger.schema import jobs, publications
from rolecast.ledger.states import State

_J, _P = jobs.c, publications.c
NEEDS_A_PERSON = (State.held, State.refused, State.gone, State.unknown, State.waiting)


def _on_board(channels: Collection[str]) -> Any:
    """Jobs that have a live post on one of `channels`; one that is being edited is live."""
    live = select(_P.job_id).where(
        _P.channel.in_(channels),
        or_(_P.state == State.live, (_P.state == State.sending) & (_P.pending != "publish")),
    )
    return _J.id.in_(live)


def board(
    conn: Connection, channels: Collection[str], search: str, start: int, count: int
) -> tuple[list[JobRow], int]:
    """A page of the board, newest first, and how many jobs there are in all.

    search: words that must all occur somewhere in the job.
    """
    where = [_on_board(channels)]
    where += [_J.spec.icontains(word, autoescape=True) for word in search.split()[:8]]
    total = conn.scalar(select(func.count()).select_from(jobs).where(*where)) or 0
    query = (
        select(*_JOB_COLUMNS)
        .where(*where)
        .order_by(_J.first_seen.desc(), _J.id)
        .offset(start)
        .limit(count)
    )
    return [JobRow(*row) for row in conn.execute(query)], total


def job(conn: Connection, job_id: str, channels: Collection[str]) -> tuple[JobRow | None, bool]:
    """A job, and whether it is on the board now."""
    row = conn.execute(select(*_JOB_COLUMNS).where(_J.id == job_id)).first()
    if row is None:
        return None, False
    shown = conn.execute(select(_J.id).where(_J.id == job_id, _on_board(channels))).first()
    return JobRow(*row), shown is not None


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


def titles(conn: Connection, ids: Collection[str]) -> dict[str, str]:
    """Job id → title, for the rows of a page."""
    from rolecast.jobspec import JobSpec

    query = select(_J.id, _J.spec).where(_J.id.in_(ids))
    return {id_: JobSpec.model_validate_json(spec).title for id_, spec in conn.execute(query)}
