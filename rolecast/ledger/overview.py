"""Jobs as lists show them: one narrow row each, so that no job spec is read for a page."""

from __future__ import annotations

import importlib
import unicodedata
from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, select, update

from rolecast.jobspec import JobSpec
from rolecast.ledger.schema_desk import overview

_O = overview.c
LONGEST = 200  # letters of a title that its place in the list depends on


def save(conn: Connection, specs: Iterable[JobSpec], now: datetime) -> None:
    """Insert or replace; `first_seen` of a job that is known stays."""
    rows = [_row(spec, now) for spec in specs]
    if not rows:
        return
    dialect = importlib.import_module(f"sqlalchemy.dialects.{conn.dialect.name}")
    statement = dialect.insert(overview)
    kept = ("job_id", "first_seen")
    changed = {c.name: statement.excluded[c.name] for c in _O if c.name not in kept}
    conn.execute(statement.on_conflict_do_update(index_elements=["job_id"], set_=changed), rows)


def mark(conn: Connection, ids: Collection[str], removed: bool) -> None:
    """The jobs' files are gone (or, removed=False, back)."""
    for start in range(0, len(ids), 500):
        some = list(ids)[start : start + 500]
        conn.execute(update(overview).where(_O.job_id.in_(some)).values(removed=int(removed)))


def seen_now(conn: Connection, ids: Collection[str], now: datetime) -> None:
    """As rolecast.ledger.jobs.seen_now: these were drafts."""
    for start in range(0, len(ids), 500):
        some = list(ids)[start : start + 500]
        conn.execute(update(overview).where(_O.job_id.in_(some)).values(first_seen=now))


def titles(conn: Connection, ids: Collection[str]) -> dict[str, str]:
    """Job id → title."""
    query = select(_O.job_id, _O.title).where(_O.job_id.in_(ids))
    return {id_: title for id_, title in conn.execute(query)}


def teams(conn: Connection) -> list[str]:
    """The teams that there are jobs of, in order."""
    query = select(_O.team).where(_O.team != "", _O.removed == 0).distinct()
    return sorted(conn.scalars(query), key=folded)


def folded(text: str) -> str:
    """Text as it is searched and sorted: no capital letters, no accents."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def _row(spec: JobSpec, now: datetime) -> dict[str, object]:
    places = [place.city or "" for place in spec.locations]
    words = [spec.title, spec.team or "", spec.id, *places, *spec.tags]
    return {
        "job_id": spec.id,
        "title": spec.title,
        "sorting": folded(spec.title)[:LONGEST],
        "team": spec.team or "",
        "status": spec.status.value,
        "opens": spec.opens.isoformat() if spec.opens else None,
        "closes": spec.closes.isoformat() if spec.closes else None,
        "removed": 0,
        "first_seen": now,
        "words": folded(" ".join(words)),
    }
