"""Decisions about several posts at once, and what undoing them puts back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from rolecast.ledger.publications import Publication
from rolecast.ledger.schema import approvals, publications
from rolecast.ledger.schema_desk import decided, decisions
from rolecast.ledger.states import State

_D, _C, _P, _A = decisions.c, decided.c, publications.c, approvals.c


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. left: why posts that were chosen stayed as they were → how many."""

    id: str
    what: str
    who: str
    at: datetime
    left: dict[str, int]
    undone: datetime | None
    undone_by: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """What became of one publication. before: what undoing puts back; for an approval also the
    numbers of question and answer."""

    publication_id: int
    revision: int
    before: dict[str, Any]


def add(
    conn: Connection, id_: str, what: str, who: str, at: datetime, left: Mapping[str, int]
) -> None:
    """Write a decision down."""
    conn.execute(
        insert(decisions).values(id=id_, what=what, who=who, at=at, left=json.dumps(dict(left)))
    )


def add_parts(conn: Connection, id_: str, parts: Collection[Part]) -> None:
    """And what it changed."""
    rows = [
        {
            "decision_id": id_,
            "publication_id": one.publication_id,
            "revision": one.revision,
            "before": json.dumps(one.before, default=_plain),
        }
        for one in parts
    ]
    if rows:
        conn.execute(insert(decided), rows)


def get(conn: Connection, id_: str) -> Decision | None:
    """A decision by its number."""
    row = conn.execute(select(decisions).where(_D.id == id_)).first()
    return Decision(*row[:4], Counter(json.loads(row[4])), *row[5:]) if row else None


def parts(conn: Connection, id_: str) -> list[Part]:
    """What a decision changed."""
    query = select(_C.publication_id, _C.revision, _C.before)
    return [
        Part(publication, revision, _read(json.loads(before)))
        for publication, revision, before in conn.execute(query.where(_C.decision_id == id_))
    ]


def left_to_undo(conn: Connection, id_: str) -> tuple[int, int]:
    """How many of a decision's posts nothing has come of yet, and how many there are."""
    mine = _C.decision_id == id_
    total = conn.scalar(select(func.count()).select_from(decided).where(mine)) or 0
    still = and_(_P.id == _C.publication_id, _P.revision == _C.revision)
    query = select(func.count()).select_from(decided.join(publications, still))
    same = conn.scalar(query.where(mine, _P.state != State.sending)) or 0
    return same, total


def undone(conn: Connection, id_: str, who: str, at: datetime) -> bool:
    """Note that it is undone; False when it is already."""
    query = update(decisions).where(_D.id == id_, _D.undone.is_(None))
    return bool(conn.execute(query.values(undone=at, undone_by=who)).rowcount)


def answers(conn: Connection, slots: Collection[tuple[str, str, str, str, str]]) -> list[int]:
    """The newest answers to questions: (job, channel, moment, action, hash)."""
    found = []
    for job, channel, moment, action, text in slots:
        query = select(func.max(_A.id)).where(
            _A.job_id == job, _A.channel == channel, _A.moment == moment, _A.action == action,
            _A.post_hash == text, _A.approved.is_not(None),
        )  # fmt: skip
        found.append(conn.scalar(query))
    return found


def ask_again(conn: Connection, part: Part, now: datetime) -> Publication | None:
    """Take an answer back: the question stands again, if nothing has come of it; else None.

    The publication's revision moves, so that a run that has planned with the answer lets it be.
    """
    from rolecast.ledger.publications import of_ids

    found = of_ids(conn, [part.publication_id]).get(part.publication_id)
    if found is None or found.revision != part.revision or found.state is State.sending:
        return None
    moved = conn.execute(
        update(publications)
        .where(_P.id == found.id, _P.revision == part.revision)
        .values(revision=_P.revision + 1, updated=now)
    )
    if not moved.rowcount:
        return None
    conn.execute(delete(approvals).where(_A.id == part.before["answer"]))
    conn.execute(
        update(approvals).where(_A.id == part.before["question"]).values(revision=part.revision + 1)
    )
    return found


def _plain(value: Any) -> dict[str, str]:
    return {"at": value.isoformat()}


def _read(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value
        for name, value in values.items()
    }
