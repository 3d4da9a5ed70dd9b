"""Approvals: which texts wait for somebody, and who agreed to which, or refused it.

Each is kept; the latest counts. A decision is bound to the text's hash: another text needs
another one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from rolecast.ledger.publications import Slot
from rolecast.ledger.schema import approvals, publications
from rolecast.post import Post

_A, _P = approvals.c, publications.c


@dataclass(frozen=True, slots=True)
class Approval:
    """One decision about one text."""

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


@dataclass(frozen=True, slots=True)
class Asked:
    """A text that waits for somebody; `post` is None for taking one down."""

    job_id: str
    channel: str
    moment: str
    action: str
    post_hash: str
    at: datetime
    note: str | None
    post: str | None
    revision: int
    id: int = 0
    run: str | None = None

    @property
    def slot(self) -> Slot:
        return self.job_id, self.channel, self.moment

    @property
    def question(self) -> tuple[Slot, str, str, int]:
        """What makes it another question: of two equal ones the first is enough."""
        return self.slot, self.action, self.post_hash, self.revision

    def text(self) -> Post | None:
        """The post."""
        return Post.model_validate_json(self.post) if self.post else None


_DECISION = [approvals.c[name] for name in Approval.__slots__]
_ASKED = [approvals.c[name] for name in Asked.__slots__]


def add(conn: Connection, decisions: Iterable[Approval]) -> None:
    """Write decisions down."""
    rows = [{name: getattr(one, name) for name in Approval.__slots__} for one in decisions]
    if rows:
        conn.execute(insert(approvals), [row | {"approved": int(row["approved"])} for row in rows])


def of_jobs(conn: Connection, job_ids: Sequence[str]) -> list[Approval]:
    """The decisions about these jobs, oldest first."""
    query = select(*_DECISION).where(_A.approved.is_not(None)).order_by(_A.id)
    if len(job_ids) <= 500:
        query = query.where(_A.job_id.in_(job_ids))
    return [replace(Approval(*row), approved=bool(row.approved)) for row in conn.execute(query)]


def ask(conn: Connection, asked: Sequence[Asked], job_ids: Collection[str]) -> None:
    """Ask for these, where exactly that is not asked for already; of these jobs for nothing else.

    A question that nobody has answered and that is not asked any more leaves no trace.
    """
    known = {one.question: one.id for one in waiting(conn) if one.job_id in job_ids}
    now = {one.question for one in asked}
    if stale := [id_ for question, id_ in known.items() if question not in now]:
        conn.execute(delete(approvals).where(_A.id.in_(stale)))
    rows = [
        {name: getattr(one, name) for name in Asked.__slots__ if name != "id"}
        | {"who": "plan", "approved": None}
        for one in asked
        if one.question not in known
    ]
    if rows:
        conn.execute(insert(approvals), rows)


def waiting(conn: Connection, jobs: Collection[str] | None = None) -> list[Asked]:
    """What waits for somebody now, oldest first: the text is still the one, and undecided. jobs:
    of these only."""
    return [Asked(*row) for row in conn.execute(undecided(*_ASKED, jobs=jobs).order_by(_A.id))]


def undecided(*columns: Any, jobs: Collection[str] | None = None) -> Any:
    """A query for these columns of the questions that wait for somebody."""
    ours = [] if jobs is None else [_A.job_id.in_(jobs)]
    newest = (
        select(func.max(_A.id))
        .where(_A.approved.is_(None), *ours)
        .group_by(_A.job_id, _A.channel, _A.moment, _A.action)
    )
    decided = approvals.alias()
    same = (
        decided.c.job_id == _A.job_id,
        decided.c.channel == _A.channel,
        decided.c.moment == _A.moment,
        decided.c.action == _A.action,
        decided.c.post_hash == _A.post_hash,
    )
    return (
        select(*columns)
        .select_from(approvals)
        .join(publications, and_(*_same_slot()))
        .where(
            *ours,
            _A.id.in_(newest),
            _P.revision == _A.revision,
            ~select(decided.c.id).where(*same, decided.c.approved.is_not(None)).exists(),
        )
    )


def in_run(conn: Connection, ids: Sequence[int], run: str) -> None:
    """Prefect's run `run` asks for these."""
    conn.execute(update(approvals).where(_A.id.in_(ids)).values(run=run))


def _same_slot() -> list[Any]:
    return [_P.job_id == _A.job_id, _P.channel == _A.channel, _P.moment == _A.moment]
