"""What became of applications, and who is credited: both append-only."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from rolecast.ledger import bonuses, results
from rolecast.ledger.schema import credits, links, outcomes
from rolecast.ledger.schema_people import touched
from rolecast.outcomes import Outcome, Stage

_O, _K = outcomes.c, credits.c


@dataclass(frozen=True, slots=True)
class Stored:
    """One piece of news. links: (code, when it was followed or None)."""

    id: int
    source: str
    key: str
    application: str
    stage: Stage
    at: datetime
    received: datetime
    job_id: str | None
    links: tuple[tuple[str, datetime | None], ...]
    earlier: datetime | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a link stands."""

    code: str
    job_id: str
    channel: str
    moment: str


@dataclass(frozen=True, slots=True)
class CreditRow:
    """One decision, as it was made. steps: why, in words."""

    source: str
    application: str
    stage: str
    rules: str
    at: datetime
    job_id: str | None
    party: str
    who: str
    link: str | None
    steps: tuple[str, ...]
    facts: str


def add(conn: Connection, source: str, key: str, outcome: Outcome, now: datetime) -> bool:
    """Take in a piece of news; False when it was taken before (same source and key).

    Codes that were never minted are left out; the job is the link's where none is named.
    """
    places = of_codes(conn, [touch.code for touch in outcome.touches])
    known = [touch for touch in outcome.touches if touch.code in places]
    job = outcome.job or next((places[touch.code].job_id for touch in known), None)
    dialect = importlib.import_module(f"sqlalchemy.dialects.{conn.dialect.name}")
    made = conn.execute(
        dialect.insert(outcomes)
        .values(
            source=source,
            key=key,
            application=outcome.application,
            stage=outcome.stage.value,
            at=outcome.at,
            received=now,
            job_id=job,
            links=json.dumps([[t.code, t.at and t.at.isoformat()] for t in known])
            if known
            else None,
            earlier=outcome.earlier,
        )
        .on_conflict_do_nothing(index_elements=["source", "key"])
        .returning(outcomes.c.id)  # an insert's rowcount is not to be had from every driver
    )
    return made.first() is not None


def of_codes(conn: Connection, codes: Iterable[str]) -> dict[str, Place]:
    """Code → where that link stands, for codes that were minted."""
    wanted = list(codes)
    if not wanted:
        return {}
    L = links.c
    query = select(L.code, L.job_id, L.channel, L.moment).where(L.code.in_(wanted))
    return {row[0]: Place(*row) for row in conn.execute(query)}


def of_application(conn: Connection, source: str, application: str) -> list[Stored]:
    """Everything that was told of an application, in the order of what happened."""
    where = (_O.source == source, _O.application == application)
    query = select(outcomes).where(*where).order_by(_O.at, _O.id)
    return [_stored(row) for row in conn.execute(query)]


def sources_of(conn: Connection, application: str) -> list[str]:
    """The systems that know an application by this number."""
    query = select(_O.source).where(_O.application == application).distinct().order_by(_O.source)
    return list(conn.scalars(query))


def applications(conn: Connection) -> list[tuple[str, str]]:
    """(source, application), in the order in which they came."""
    query = select(_O.source, _O.application).group_by(_O.source, _O.application)
    return [(s, a) for s, a in conn.execute(query.order_by(func.min(_O.id)))]


def everything(conn: Connection, jobs: Sequence[str] | None = None) -> list[Stored]:
    """All news (of some jobs), in the order of what happened."""
    query = select(outcomes).order_by(_O.at, _O.id)
    if jobs is not None:
        query = query.where(_O.job_id.in_(jobs))
    return [_stored(row) for row in conn.execute(query)]


def forget(conn: Connection, source: str, application: str) -> int:
    """Delete an application and its credit; answers how many rows that were. A bonus that was paid
    stays without its number."""
    found = bonuses.forget(conn, source, application)
    for table in (outcomes, credits, touched):
        where = (table.c.source == source, table.c.application == application)
        found += conn.execute(delete(table).where(*where)).rowcount
    results.forget(conn, source, application)
    return found


def _stored(row) -> Stored:
    found = [
        (code, datetime.fromisoformat(at) if at else None)
        for code, at in json.loads(row.links or "[]")
    ]
    return Stored(
        row.id, row.source, row.key, row.application, Stage(row.stage), row.at, row.received,
        row.job_id, tuple(found), row.earlier,
    )  # fmt: skip


# Credit


def credit(conn: Connection, row: CreditRow) -> None:
    """Append a decision."""
    values = {name: getattr(row, name) for name in CreditRow.__slots__}
    conn.execute(insert(credits).values(**values | {"steps": json.dumps(row.steps)}))


def credit_of(conn: Connection, source: str, application: str) -> list[CreditRow]:
    """All decisions on an application, the one that holds last."""
    where = (_K.source == source, _K.application == application)
    rows = conn.execute(select(credits).where(*where).order_by(_K.id))
    return [_credit(row) for row in rows]


def credited(conn: Connection) -> dict[tuple[str, str], CreditRow]:
    """(source, application) → the decision that holds."""
    rows = conn.execute(select(credits).order_by(_K.id))
    return {(row.source, row.application): _credit(row) for row in rows}


def _credit(row) -> CreditRow:
    values = {name: getattr(row, name) for name in CreditRow.__slots__}
    return CreditRow(**values | {"steps": tuple(json.loads(row.steps))})
