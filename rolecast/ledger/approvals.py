"""Approvals: who agreed to which text, or refused it. Each is kept; the latest counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, insert, select

from rolecast.ledger.publications import Slot
from rolecast.ledger.schema import approvals

_A = approvals.c


@dataclass(frozen=True, slots=True)
class Approval:
    """One decision about one text; bound to the text's hash, so another text needs another."""

    job_id: str
    channel: str
    moment: str
    action: str
    post_hash: str
    approved: bool
    who: str
    at: datetime
    note: str | None = None

    @property
    def slot(self) -> Slot:
        return self.job_id, self.channel, self.moment


_COLUMNS = [approvals.c[name] for name in Approval.__slots__]


def add(conn: Connection, decisions: Sequence[Approval]) -> None:
    """Write decisions down."""
    if decisions:
        rows = [{name: getattr(one, name) for name in Approval.__slots__} for one in decisions]
        conn.execute(insert(approvals), [row | {"approved": int(row["approved"])} for row in rows])


def of_jobs(conn: Connection, job_ids: Sequence[str]) -> list[Approval]:
    """The decisions about these jobs, oldest first."""
    query = select(*_COLUMNS).order_by(_A.id)
    if len(job_ids) <= 500:
        query = query.where(_A.job_id.in_(job_ids))
    return [replace(Approval(*row), approved=bool(row.approved)) for row in conn.execute(query)]
