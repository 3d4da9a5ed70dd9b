"""What networks counted of our posts: the latest figures, and the last ones of each day before."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, and_, func, select

from rolecast.connector import Counts
from rolecast.ledger import results
from rolecast.ledger.schema import publications
from rolecast.ledger.schema_results import counts

_C, _P = counts.c, publications.c
DAY = 86_400  # seconds


def put(conn: Connection, found: Mapping[tuple[int, str], Counts], now: datetime) -> None:
    """Keep figures; key: publication and its link. Those of the same day are replaced. In a
    transaction alone with "clicks"."""
    day = int(now.timestamp()) // DAY
    rows = [
        {"publication_id": id_, "day": day, "at": now, **one.model_dump()}
        for (id_, _), one in sorted(found.items())
    ]
    if not rows:
        return
    dialect = importlib.import_module(f"sqlalchemy.dialects.{conn.dialect.name}")
    statement = dialect.insert(counts)
    told = {name: statement.excluded[name] for name in ("at", *Counts.model_fields)}
    keys = ["publication_id", "day"]
    conn.execute(statement.on_conflict_do_update(index_elements=keys, set_=told), rows)
    results.show(conn, {link: one.impressions for (_, link), one in found.items()})


def latest(conn: Connection, ids: Sequence[int]) -> dict[int, tuple[datetime, Counts]]:
    """Publication → when it was counted last, and the figures; without those never counted."""
    last = (
        select(_C.publication_id, func.max(_C.day).label("day"))
        .where(_C.publication_id.in_(ids))
        .group_by(_C.publication_id)
        .subquery()
    )
    of = and_(_C.publication_id == last.c.publication_id, _C.day == last.c.day)
    figures = [counts.c[name] for name in Counts.model_fields]
    query = select(_C.publication_id, _C.at, *figures).join(last, of)
    return {
        id_: (at, Counts(**dict(zip(Counts.model_fields, told, strict=True))))
        for id_, at, *told in conn.execute(query)
    }
