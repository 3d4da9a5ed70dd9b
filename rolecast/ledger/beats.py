"""Signs of life of the parts that run by themselves."""

from __future__ import annotations

import importlib
from datetime import datetime

from sqlalchemy import Connection, select

from rolecast.ledger.schema_desk import beats


def beat(conn: Connection, name: str, now: datetime) -> None:
    """A part is alive and at work."""
    dialect = importlib.import_module(f"sqlalchemy.dialects.{conn.dialect.name}")
    statement = dialect.insert(beats).values(name=name, at=now)
    conn.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"at": now}))


def last(conn: Connection) -> dict[str, datetime]:
    """Part → when it was last heard of."""
    return {name: at for name, at in conn.execute(select(beats))}
