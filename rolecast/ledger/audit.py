"""Who did what: events, decisions about posts, approvals, and decisions about many at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, literal, select, update

from rolecast.ledger.schema import DECIDED, approvals, attempts, events, publications
from rolecast.ledger.schema_desk import decided, decisions, rehearsals
from rolecast.ledger.schema_people import people

_E, _T, _P, _A, _D = events.c, attempts.c, publications.c, approvals.c, decisions.c
_R = rehearsals.c
GONE = "somebody who has left"
# Parts of Rolecast, which are nobody.
PARTS = ("folder", "plan", "verify", "import", "rules")


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that somebody did. who: as they signed in, or a part of Rolecast. where: channel
    and moment."""

    at: datetime
    who: str
    what: str
    job_id: str
    where: str
    detail: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deeds. Empty: all. since, until: instants, the second not included."""

    who: str = ""
    job: str = ""
    since: datetime | None = None
    until: datetime | None = None
    parts: bool = False  # what parts of Rolecast did, too


def page(conn: Connection, wanted: Filter, start: int, count: int) -> list[Deed]:
    """A page of deeds, the newest first; one more than `count` when there are more."""
    most = start + count + 1
    found: list[Deed] = []
    for query in (_events(wanted), _attempts(wanted), _approvals(wanted), _decisions(wanted)):
        if query is not None:
            # Each is read off an index, newest first, as far as this page goes.
            found += [Deed(*row) for row in conn.execute(query.limit(most))]
    found.sort(key=lambda one: one.at, reverse=True)
    return found[start:most]


def names(conn: Connection, ids: list[str]) -> dict[str, str]:
    """Person's number → mail address, of those who are still there."""
    query = select(people.c.id, people.c.email).where(people.c.id.in_(ids))
    return {id_: email for id_, email in conn.execute(query)}


def forget(conn: Connection, email: str) -> None:
    """Somebody goes, and takes their name with them: what they did stays, and names nobody."""
    for column in (_E.who, _T.owner, _A.who, _D.who, _D.undone_by, _R.who, _P.unwanted):
        conn.execute(update(column.table).where(column == email).values({column.name: GONE}))
    for column in (_P.reason, _T.detail):
        ours = column.endswith(f" by {email}", autoescape=True)
        told = func.replace(column, email, GONE)
        conn.execute(update(column.table).where(ours).values({column.name: told}))


def _events(wanted: Filter) -> Any:
    columns = (_E.at, _E.who, _E.what, _E.job_id, literal(""), func.coalesce(_E.detail, ""))
    query = select(*columns).order_by(_E.at.desc(), _E.id.desc())
    if wanted.job:
        query = query.where(_E.job_id == wanted.job)
    if not wanted.parts:
        query = query.where(_E.who.not_in(PARTS))
    return _bounded(query, wanted, _E.at, _E.who)


def _attempts(wanted: Filter) -> Any:
    where = _P.channel + " " + _P.moment
    columns = (_T.started, _T.owner, literal("decided"), _P.job_id, where, _T.detail)
    query = select(*columns).join(publications, _P.id == _T.publication_id).where(DECIDED)
    if wanted.job:
        query = query.where(_P.job_id == wanted.job)
    return _bounded(query.order_by(_T.started.desc()), wanted, _T.started, _T.owner)


def _approvals(wanted: Filter) -> Any:
    where = _A.channel + " " + _A.moment
    columns = (_A.at, _A.who, _A.approved, _A.job_id, where, func.coalesce(_A.note, ""))
    query = select(*columns).where(_A.approved.is_not(None)).order_by(_A.at.desc(), _A.id.desc())
    if wanted.job:
        query = query.where(_A.job_id == wanted.job)
    return _bounded(query, wanted, _A.at, _A.who)


def _decisions(wanted: Filter) -> Any:
    """Of many posts at once; each of them is among the attempts, too."""
    if wanted.job:
        return None
    number = select(func.count()).select_from(decided).where(decided.c.decision_id == _D.id)
    columns = (_D.at, _D.who, _D.what, literal(""), literal(""), number.scalar_subquery())
    return _bounded(select(*columns).order_by(_D.at.desc()), wanted, _D.at, _D.who)


def _bounded(query: Any, wanted: Filter, at: Any, who: Any) -> Any:
    if wanted.who:
        query = query.where(who == wanted.who)
    if wanted.since:
        query = query.where(at >= wanted.since)
    if wanted.until:
        query = query.where(at < wanted.until)
    return query
