"""The desk's grid: a page of jobs, and what there is of each on every channel.

Rows hold whole posts, so pages are found with what the indexes have: state, channel, job, moment.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, case, func, or_, select, union, union_all

from rolecast.clicks import HUMAN
from rolecast.ledger import approvals
from rolecast.ledger.overview import folded
from rolecast.ledger.schema import approvals as asked_table
from rolecast.ledger.schema import publications, totals
from rolecast.ledger.schema_desk import overview
from rolecast.ledger.shown import NEEDS_A_PERSON
from rolecast.ledger.states import State

_O, _P, _A = overview.c, publications.c, asked_table.c
_S = publications.alias("some").c  # within questions about jobs

# What a cell may show, what is worst first: of several posts the first of these.
KINDS = (
    "failed", "gone", "held", "asked", "edited", "waiting", "leaving", "sending", "live", "planned",
    "withdrawn", "dropped", "none",
)  # fmt: skip
SORTS = ("newest", "title", "closes", "clicks", "trouble")
FAILED = (State.refused, State.unknown)
MAY_BE_OUT = (State.live, State.unknown, State.held)
LONGEST = 20  # posts of one cell


@dataclass(frozen=True, slots=True)
class View:
    """Which jobs, in which order. Empty: all. needs: only what needs somebody."""

    search: str = ""
    channel: str = ""
    state: str = ""  # one of KINDS
    team: str = ""
    moment: str = ""  # remind stands for all reminders
    needs: bool = False
    sort: str = "newest"


@dataclass(frozen=True, slots=True)
class Job:
    """One row's head. clicks: by persons."""

    id: str
    title: str
    team: str
    status: str
    closes: str | None
    removed: int
    clicks: int = 0


@dataclass(frozen=True, slots=True)
class Post:
    """One publication in a cell; `kind` is one of KINDS."""

    job_id: str
    channel: str
    moment: str
    kind: str
    link: str


def page(
    conn: Connection, view: View, today: date, start: int, count: int
) -> tuple[list[Job], int]:
    """A page of jobs, and how many there are in all."""
    where = _where(view)
    columns = [_O[name] for name in ("job_id", "title", "team", "status", "closes", "removed")]
    query, order = _sorted(select(*columns), view, today)
    if where:  # counted with it: what is filtered by is looked for once
        query = query.add_columns(func.count().over())
    rows = conn.execute(query.where(*where).order_by(*order).offset(start).limit(count)).all()
    if where and rows:
        total = rows[0][-1]
    else:
        total = conn.scalar(select(func.count()).select_from(overview).where(*where)) or 0
    clicked = clicks(conn, [row[0] for row in rows])
    return [Job(*row[:6], clicked.get(row[0], 0)) for row in rows], total


def clicks(conn: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Job → clicks by persons."""
    query = select(totals.c.job_id, func.sum(totals.c.count)).group_by(totals.c.job_id)
    where = (totals.c.job_id.in_(ids), totals.c.verdict == HUMAN)
    return {job: int(number) for job, number in conn.execute(query.where(*where))}


def cells(
    conn: Connection, ids: Collection[str], channel: str = "", moment: str = ""
) -> dict[tuple[str, str], list[Post]]:
    """(job, channel) → its posts, the worst first."""
    slots = approvals.undecided(_A.job_id, _A.channel, _A.moment, jobs=ids)
    asked = {tuple(row) for row in conn.execute(slots)}
    said = (_P.drift.is_not(None), _P.unwanted.is_not(None))
    query = select(_P.job_id, _P.channel, _P.moment, _P.state, *said, _P.link)
    query = query.where(_P.job_id.in_(ids))
    if channel:
        query = query.where(_P.channel == channel)
    if moment:
        query = query.where(_moment(moment, _P))
    found: dict[tuple[str, str], list[Post]] = {}
    for job, name, when, state, *known, link in conn.execute(query):
        drifts, unwanted = map(bool, known)
        kind = kind_of(State(state), (job, name, when) in asked, drifts, unwanted)
        found.setdefault((job, name), []).append(Post(job, name, when, kind, link))
    for posts in found.values():
        posts.sort(key=lambda one: (KINDS.index(one.kind), one.moment))
    return found


def matching(
    conn: Connection, view: View, most: int, ids: Collection[str] | None = None
) -> list[tuple[str, str]]:
    """The cells (job, channel) with posts that a view is about: of all its pages, or of `ids`."""
    query = select(_P.job_id, _P.channel).distinct().where(*_posts(view, _P))
    if ids is None:
        query = query.where(_P.job_id.in_(select(_O.job_id).where(*_where(view))))
    else:
        query = query.where(_P.job_id.in_(ids))
    if view.needs:
        told = and_(_odd(_P), _P.state == State.live, _P.unwanted.is_(None))
        query = query.where(or_(_P.state.in_(NEEDS_A_PERSON), told, _P.id.in_(_asked())))
    return [(job, channel) for job, channel in conn.execute(query.limit(most))]


def changed(conn: Connection) -> datetime | None:
    """When a publication was last changed."""
    return conn.scalar(select(func.max(_P.updated)))


def kind_of(state: State, asked: bool, drifts: bool, unwanted: bool) -> str:
    """What a post is in the grid: one of KINDS."""
    if unwanted and state in MAY_BE_OUT:
        return "leaving"
    if asked:
        return "asked"
    if state is State.live and drifts:
        return "edited"
    return "failed" if state in FAILED else state.value


def _where(view: View) -> list[Any]:
    words = folded(view.search).split()[:8]
    where: list[Any] = [_O.words.contains(word, autoescape=True) for word in words]
    if view.team:
        where.append(_O.team == view.team)
    if view.state == "none":
        have = select(_S.job_id)
        if view.channel:
            have = have.where(_S.channel == view.channel)
        where.append(_O.job_id.not_in(have))
    elif wanted := _posts(view, _S):
        where.append(_O.job_id.in_(select(_S.job_id).where(*wanted)))
    if view.needs:
        where.append(_O.job_id.in_(_in_need(view)))
    return where


def _posts(view: View, posts: Any) -> list[Any]:
    """What a publication has to be like to be meant. posts: the columns to look at."""
    wanted = _place(view, posts)
    if view.state == "failed":
        wanted.append(posts.state.in_(FAILED))
    elif view.state == "edited":
        wanted += [_odd(posts), posts.state == State.live, posts.drift.is_not(None)]
    elif view.state == "leaving":
        wanted += [_odd(posts), posts.state.in_(MAY_BE_OUT), posts.unwanted.is_not(None)]
    elif view.state == "asked":
        wanted.append(posts.id.in_(_asked()))
    elif view.state and view.state != "none":
        wanted.append(posts.state == view.state)
    return wanted


def _asked() -> Any:
    """The publications whose text waits for somebody."""
    return approvals.undecided(_P.id).correlate(None)


def _place(view: View, posts: Any) -> list[Any]:
    wanted = [posts.channel == view.channel] if view.channel else []
    return wanted + ([_moment(view.moment, posts)] if view.moment else [])


def _in_need(view: View) -> Any:
    """The jobs of which a post needs somebody."""
    place = _place(view, _S)
    return union(
        select(_S.job_id).where(_S.state.in_(NEEDS_A_PERSON), *place),
        select(_S.job_id).where(_odd(_S), _S.state == State.live, _S.unwanted.is_(None), *place),
        approvals.undecided(_A.job_id).where(*_place(view, _A)),
    )


def _odd(posts: Any) -> Any:
    """As the index on it says it."""
    return or_(posts.reason.is_not(None), posts.drift.is_not(None), posts.unwanted.is_not(None))


def _moment(moment: str, posts: Any) -> Any:
    return or_(posts.moment == moment, posts.moment.startswith(f"{moment}-", autoescape=True))


def _sorted(query: Any, view: View, today: date) -> tuple[Any, list[Any]]:
    newest = [_O.first_seen.desc(), _O.job_id]
    if view.sort == "title":
        return query, [_O.sorting, _O.job_id]
    if view.sort == "closes":
        soon = and_(_O.removed == 0, _O.status == "open", _O.closes >= today.isoformat())
        return query, [case((soon, _O.closes), else_="9999"), *newest]
    if view.sort == "clicks":
        sums = select(totals.c.job_id, func.sum(totals.c.count).label("number"))
        found = sums.where(totals.c.verdict == HUMAN).group_by(totals.c.job_id).subquery()
    elif view.sort == "trouble":
        # State by state: asked for all at once, SQLite reads every row in the order of its job.
        bad = union_all(
            *(select(_S.job_id).where(_S.state == s) for s in NEEDS_A_PERSON)
        ).subquery()
        counted = select(bad.c.job_id, func.count().label("number"))
        found = counted.group_by(bad.c.job_id).subquery()
    else:
        return query, newest
    query = query.outerjoin(found, found.c.job_id == _O.job_id)
    return query, [func.coalesce(found.c.number, 0).desc(), *newest]
