"""Who is behind colleagues' links, for credit; see rolecast.standing."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, literal, null, or_, select

from rolecast.ledger.schema import jobs, links, outcomes
from rolecast.ledger.schema_people import people, referrals, shares, touched

_S, _R, _P, _L, _T = shares.c, referrals.c, people.c, links.c, touched.c
PARTIES = ("share", "referral")


@dataclass(frozen=True, slots=True)
class Behind:
    """A link, or a referral, and the colleague behind it. key: the link, or the referral's number
    when it has none. named: when the friend was. spec: the job's. role: anyone for those gone."""

    key: str
    party: str
    person_id: str
    role: str
    email: str
    named: datetime | None
    contact: str | None
    link: str | None
    spec: str | None


def of_links(conn: Connection, codes: Collection[str]) -> list[Behind]:
    """The colleagues' links among codes, in order."""
    if not codes:
        return []
    found = {}
    for query in (_shares().where(_S.link.in_(codes)), _referrals().where(_R.link.in_(codes))):
        found |= {one.key: one for one in _rows(conn, query)}
    # A colleague who is gone has left a link behind.
    left = select(_L.code, _L.channel).where(_L.code.in_(codes), _L.channel.in_(PARTIES))
    for code, party in conn.execute(left):
        if code not in found:
            found[code] = Behind(code, party, "", "anyone", "", None, None, code, None)
    return [found[code] for code in sorted(found)]


def of_application(conn: Connection, source: str, application: str) -> list[Behind]:
    """The referrals that somebody has tied to an application."""
    return _rows(conn, _referrals().where(_R.source == source, _R.application == application))


def _shares() -> Select:
    columns = (_S.link, literal("share"), _P.id, _P.role, _P.email, null(), null(), _S.link)
    of = shares.join(people, _P.id == _S.person_id).outerjoin(jobs, jobs.c.id == _S.job_id)
    return select(*columns, jobs.c.spec).select_from(of)


def _referrals() -> Select:
    columns = (_R.id, literal("referral"), _P.id, _P.role, _P.email, _R.made, _R.contact, _R.link)
    of = referrals.join(people, _P.id == _R.person_id).outerjoin(jobs, jobs.c.id == _R.job_id)
    return select(*columns, jobs.c.spec).select_from(of).order_by(_R.made, _R.id)


def _rows(conn: Connection, query: Any) -> list[Behind]:
    return [Behind(row[7] or row[0], *row[1:]) for row in conn.execute(query)]


def codes_of(conn: Connection, source: str, application: str) -> list[str]:
    """The links that were told with an application."""
    where = (outcomes.c.source == source, outcomes.c.application == application)
    rows = conn.scalars(select(outcomes.c.links).where(*where, outcomes.c.links.is_not(None)))
    return sorted({code for row in rows for code, _ in json.loads(row)})


# What is kept


def kept(
    conn: Connection, source: str, application: str
) -> dict[str, tuple[str, datetime | None, tuple[str, ...]]]:
    """Key → (party, when the friend was named, parts), in the order of keys."""
    where = (_T.source == source, _T.application == application)
    query = select(_T.link, _T.party, _T.at, _T.parts).where(*where).order_by(_T.link)
    rows = conn.execute(query)
    return {key: (party, at, tuple(json.loads(parts))) for key, party, at, parts in rows}


def keep(
    conn: Connection,
    source: str,
    application: str,
    key: str,
    party: str,
    at: datetime | None,
    parts: tuple[str, ...],
) -> None:
    """Keep how a colleague stands to the job of an application."""
    values = {"party": party, "at": at, "parts": json.dumps(parts)}
    named = {"source": source, "application": application, "link": key}
    conn.execute(insert(touched).values(**named, **values))


def lose(conn: Connection, source: str, application: str, key: str) -> None:
    """A referral was tied to the wrong application."""
    where = (_T.source == source, _T.application == application, _T.link == key)
    conn.execute(delete(touched).where(*where))


def is_there(conn: Connection, key: str) -> bool:
    """Whether a referral of this link or number is still there."""
    query = select(_R.id).where(or_(_R.link == key, _R.id == key)).limit(1)
    return conn.execute(query).first() is not None
