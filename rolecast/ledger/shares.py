"""Shares: a colleague's own links for jobs, and the words that they lend each other."""

from __future__ import annotations

import importlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from rolecast import links
from rolecast.ledger.schema import links as link_table
from rolecast.ledger.schema_people import people, shares
from rolecast.people import new_id

_S, _P = shares.c, people.c
CHANNEL = "share"  # of the links; their moment is the place


@dataclass(frozen=True, slots=True)
class Share:
    """One row. words: only while they are lent."""

    id: str
    person_id: str
    job_id: str
    place: str
    link: str
    made: datetime
    words: str | None
    lent: int
    taken_from: str | None


@dataclass(frozen=True, slots=True)
class Lent:
    """Words that colleagues may use, and whose they are. takers: who has taken them up."""

    id: str
    person_id: str
    name: str
    team: str | None
    job_id: str
    place: str
    words: str
    takers: frozenset[str] = frozenset()


_COLUMNS = [shares.c[name] for name in Share.__slots__]
_LENT = [_S.id, _S.person_id, _P.name, _P.team, _S.job_id, _S.place, _S.words]


def get(conn: Connection, person: str, job_id: str, place: str) -> Share | None:
    """A person's share of a job at a place."""
    where = (_S.person_id == person, _S.job_id == job_id, _S.place == place)
    row = conn.execute(select(*_COLUMNS).where(*where)).first()
    return Share(*row) if row else None


def ensure(conn: Connection, person: str, job_id: str, place: str, now: datetime) -> Share:
    """The same; the first time makes it, with its link. In a transaction alone with "shares"."""
    found = get(conn, person, job_id, place)
    if found is None:
        code = new_link(conn, job_id, place, now)
        found = Share(new_id(), person, job_id, place, code, now, None, 0, None)
        values = {name: getattr(found, name) for name in Share.__slots__}
        conn.execute(insert(shares).values(**values))
    return found


def new_link(conn: Connection, job_id: str, place: str, now: datetime) -> str:
    """Mint a link for a share of this job."""
    dialect = importlib.import_module(f"sqlalchemy.dialects.{conn.dialect.name}")
    values = {"job_id": job_id, "channel": CHANNEL, "moment": place, "made": now}
    while True:  # a code that somebody has already is as rare as a lottery's first prize
        statement = dialect.insert(link_table).values(code=links.mint(), **values)
        statement = statement.on_conflict_do_nothing(index_elements=["code"])
        row = conn.execute(statement.returning(link_table.c.code)).first()
        if row is not None:
            return row[0]


def of_job(conn: Connection, person: str, job_id: str) -> list[Share]:
    """A person's shares of a job, first made first."""
    where = (_S.person_id == person, _S.job_id == job_id)
    query = select(*_COLUMNS).where(*where).order_by(_S.made, _S.place)
    return [Share(*row) for row in conn.execute(query)]


def of_links(conn: Connection, codes: Collection[str]) -> dict[str, str]:
    """Code → number of the person whose share has it; codes of others are left out."""
    found: dict[str, str] = {}
    wanted = list(codes)
    for start in range(0, len(wanted), 500):  # databases bound how much one question may hold
        query = select(_S.link, _S.person_id).where(_S.link.in_(wanted[start : start + 500]))
        found |= {code: person for code, person in conn.execute(query)}
    return found


# Words


def lend(conn: Connection, share: str, words: str) -> None:
    """Colleagues may use these words from now on."""
    conn.execute(update(shares).where(_S.id == share).values(words=words, lent=1))


def take_back(conn: Connection, person: str, share: str) -> bool:
    """Forget words that were lent; False when there are none of this person's."""
    where = (_S.id == share, _S.person_id == person, _S.lent == 1)
    done = conn.execute(update(shares).where(*where).values(words=None, lent=0))
    return bool(done.rowcount)


def take_up(conn: Connection, share: str, taken: str | None) -> None:
    """Note whose words this share has; None: its person's own."""
    conn.execute(update(shares).where(_S.id == share).values(taken_from=taken))


def took(conn: Connection, person: str, taken: str) -> bool:
    """Whether a person has taken up these words."""
    where = (_S.person_id == person, _S.taken_from == taken)
    return conn.execute(select(_S.id).where(*where).limit(1)).first() is not None


def lent_one(conn: Connection, job_id: str, share: str) -> Lent | None:
    """The words that somebody lends for a job with this share."""
    query = select(*_LENT).join(people, _P.id == _S.person_id)
    row = conn.execute(query.where(_S.id == share, _S.job_id == job_id, _S.lent == 1)).first()
    return Lent(*row) if row else None


def lent_for(
    conn: Connection, job_id: str, but: str, start: int, count: int
) -> tuple[list[Lent], int]:
    """A page of the words that others than `but` lend for a job, newest first; and how many."""
    where = (_S.job_id == job_id, _S.lent == 1, _S.person_id != but)
    total = conn.scalar(select(func.count()).select_from(shares).where(*where)) or 0
    query = select(*_LENT).join(people, _P.id == _S.person_id).where(*where)
    query = query.order_by(_S.made.desc(), _S.id).offset(start).limit(count)
    return _with_takers(conn, query), total


def lenders(conn: Connection, job_id: str, but: str) -> int:
    """How many colleagues other than `but` lend words for a job."""
    where = (_S.job_id == job_id, _S.lent == 1, _S.person_id != but)
    return conn.scalar(select(func.count(_S.person_id.distinct())).where(*where)) or 0


def lent_by(conn: Connection, person: str, start: int, count: int) -> tuple[list[Lent], int]:
    """A page of the words that a person lends, newest first; and how many."""
    where = (_S.person_id == person, _S.lent == 1)
    total = conn.scalar(select(func.count()).select_from(shares).where(*where)) or 0
    query = select(*_LENT).join(people, _P.id == _S.person_id).where(*where)
    query = query.order_by(_S.made.desc(), _S.id).offset(start).limit(count)
    return _with_takers(conn, query), total


def taken_by(conn: Connection, person: str, most: int = 100) -> list[tuple[str, str, str]]:
    """(job, place, name of whose words) of the words that a person has taken up, newest first."""
    theirs = shares.alias()
    query = (
        select(_S.job_id, _S.place, _P.name)
        .join(theirs, theirs.c.id == _S.taken_from)
        .join(people, _P.id == theirs.c.person_id)
        .where(_S.person_id == person)
        .order_by(_S.made.desc(), _S.id)
        .limit(most)
    )
    return [(job, place, name) for job, place, name in conn.execute(query)]


def _with_takers(conn: Connection, query: Any) -> list[Lent]:
    rows = list(conn.execute(query))
    takers: dict[str, set[str]] = {}
    question = select(_S.taken_from, _S.person_id).where(_S.taken_from.in_([r[0] for r in rows]))
    for share, person in conn.execute(question):
        takers.setdefault(share, set()).add(person)
    return [Lent(*row, frozenset(takers.get(row[0], ()))) for row in rows]
