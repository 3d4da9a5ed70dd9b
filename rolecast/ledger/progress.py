"""How far plans have been carried out, for whoever watches."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from rolecast.ledger.schema_desk import progress

_G = progress.c
SILENT = timedelta(minutes=5)  # a run that says nothing for so long has died
KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Running:
    """One plan that is being carried out. failed: of those done, what was not taken."""

    plan: str
    started: datetime
    changed: datetime
    total: int
    done: int
    failed: int


def begin(conn: Connection, plan: str, total: int, now: datetime) -> None:
    """A plan of so many changes is to be carried out now. plan: its digest."""
    conn.execute(delete(progress).where(_G.changed < now - KEPT))
    dialect = importlib.import_module(f"sqlalchemy.dialects.{conn.dialect.name}")
    values = {"started": now, "changed": now, "total": total, "done": 0, "failed": 0}
    statement = dialect.insert(progress).values(plan=plan, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["plan"], set_=values))


def add(conn: Connection, plan: str, done: int, failed: int, now: datetime) -> None:
    """So many more changes are done, so many of them without success."""
    values = {"done": _G.done + done, "failed": _G.failed + failed, "changed": now}
    conn.execute(update(progress).where(_G.plan == plan).values(**values))


def running(conn: Connection, now: datetime) -> list[Running]:
    """What is being carried out, the newest first."""
    query = select(progress).where(_G.changed > now - SILENT, _G.done < _G.total)
    return [Running(*row) for row in conn.execute(query.order_by(_G.started.desc()))]
