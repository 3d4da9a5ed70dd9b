"""What happened to a job beside the attempts at networks: its file, its dates, what people did."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from rolecast.ledger.schema import events

_E = events.c


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; `who` is a person, or a part of Rolecast."""

    job_id: str
    at: datetime
    who: str
    what: str
    detail: str | None = None


_COLUMNS = [events.c[name] for name in Event.__slots__]


def add(conn: Connection, happened: Iterable[Event]) -> None:
    """Write them down."""
    rows = [{name: getattr(one, name) for name in Event.__slots__} for one in happened]
    if rows:
        conn.execute(insert(events), rows)


def add_once(conn: Connection, happened: Iterable[Event]) -> None:
    """Write down what is not known yet of its job."""
    for event in happened:
        same = (_E.job_id == event.job_id, _E.what == event.what, _E.detail == event.detail)
        if conn.execute(select(_E.id).where(*same)).first() is None:
            add(conn, [event])


def of_job(conn: Connection, job_id: str) -> list[Event]:
    """A job's events, oldest first."""
    query = select(*_COLUMNS).where(_E.job_id == job_id).order_by(_E.at, _E.id)
    return [Event(*row) for row in conn.execute(query)]
