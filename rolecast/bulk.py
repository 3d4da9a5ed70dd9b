"""Decisions about many posts at once, each of which can be undone until something has come of it.

A decision is one transaction: whatever is decided stands in the ledger with what it was before.
Undoing compares revisions, so a post that a run has touched meanwhile stays as the run left it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

from rolecast import desk
from rolecast.desk import NotPossible, Values
from rolecast.ledger import Ledger, approvals, attempts, decisions, publications
from rolecast.ledger.approvals import Approval, Asked
from rolecast.ledger.decisions import Decision, Part
from rolecast.ledger.publications import Publication
from rolecast.ledger.states import Outcome, State
from rolecast.people import new_id
from rolecast.told import N_, Told

Cell = tuple[str, str]  # job id, channel
MOST = 10_000  # posts of one decision


class Undecided(Told):
    """Nothing can be decided; the message says why."""


def decide(
    ledger: Ledger, what: str, cells: Collection[Cell], who: str, now: datetime, moment: str = ""
) -> Decision:
    """Decide `what`, one of `KINDS`, about the posts of these cells; with `moment`, about those
    only. What it does not fit is left as it is. Raises Undecided when it fits nothing."""
    if what not in KINDS:
        raise Undecided(N_("Choose one of the buttons."))
    left: Counter[str] = Counter()
    with ledger.begin(alone="planning") as conn:
        found = [p for p in _of_cells(conn, cells) if moment in ("", p.moment)]
        if len(found) > MOST:
            left[N_("they are too many to be decided at once")] = len(found) - MOST
        parts = KINDS[what](conn, found[:MOST], left, who, now)
        if not parts:
            reason = max(left, key=left.__getitem__, default="")
            told = N_("None of these posts can be changed like that: %(reason)s.")
            plain = N_("None of these posts can be changed like that.")
            raise Undecided(told, reason=reason) if reason else Undecided(plain)
        id_ = new_id()
        decisions.add(conn, id_, what, who, now, left)
        decisions.add_parts(conn, id_, parts)
        made = decisions.get(conn, id_)
    assert made
    return made


def undo(ledger: Ledger, id_: str, who: str, now: datetime) -> tuple[int, int]:
    """Put back what a decision changed; answers how many posts are as before, and how many have
    moved on. Raises Undecided for one that is unknown or undone already."""
    with ledger.begin(alone="planning") as conn:
        decision = decisions.get(conn, id_)
        if decision is None or not decisions.undone(conn, id_, who, now):
            raise Undecided(N_("That is undone already."))
        back, parts = 0, decisions.parts(conn, id_)
        for part in parts:
            if decision.what == "approve":
                found = decisions.ask_again(conn, part, now)
            else:
                found = publications.step_back(
                    conn, part.publication_id, part.revision, part.before, now
                )
            if found is not None:
                back += 1
                said = ("decide", Outcome.absent, who, now, f"undone: {SAID[decision.what]}")
                attempts.record(conn, found, *said)
    return back, len(parts) - back


def _of_cells(conn: Any, cells: Collection[Cell]) -> list[Publication]:
    wanted, found = set(cells), []
    ids = sorted({job for job, _ in wanted})
    for start in range(0, len(ids), 500):
        for one in publications.of_jobs(conn, ids[start : start + 500]):
            if (one.job_id, one.channel) in wanted:
                found.append(one)
    return found


def _approve(
    conn: Any, found: Sequence[Publication], left: Counter[str], who: str, now: datetime
) -> list[Part]:
    asked = {one.slot: one for one in approvals.waiting(conn)}
    ours: list[tuple[Publication, Asked]] = []
    for one in found:
        question = asked.get(one.slot)
        if question is None:
            left[N_("no text waits for somebody")] += 1
        else:
            ours.append((one, question))
    approvals.add(
        conn,
        [Approval(*q.slot, q.action, q.post_hash, True, who, now, None) for _, q in ours],
    )
    numbers = decisions.answers(conn, [(*q.slot, q.action, q.post_hash) for _, q in ours])
    return [
        Part(one.id, one.revision, {"question": question.id, "answer": number})
        for (one, question), number in zip(ours, numbers, strict=True)
    ]


def _changing(
    rule: Callable[[Publication, str], tuple[State, Values]], detail: str
) -> Callable[..., list[Part]]:
    """Decides by a rule of rolecast.desk."""

    def decide(
        conn: Any, found: Sequence[Publication], left: Counter[str], who: str, now: datetime
    ) -> list[Part]:
        parts = []
        known = publications.as_before(conn, [one.id for one in found])
        for one in found:
            try:
                state, values = rule(one, who)
            except NotPossible as error:
                left[str(error)] += 1
                continue
            if publications.set_state(conn, one, state, now, **values):
                attempts.record(conn, one, "decide", Outcome.absent, who, now, detail)
                parts.append(Part(one.id, one.revision + 1, known[one.id]))
        return parts

    return decide


SAID = {"approve": "approve", "retry": desk.TRY_AGAIN, "withdraw": desk.TAKE_DOWN}
KINDS: dict[str, Callable[..., list[Part]]] = {
    "approve": _approve,
    "retry": _changing(lambda one, who: desk.tried_again(one), desk.TRY_AGAIN),
    "withdraw": _changing(desk.unwanted, desk.TAKE_DOWN),
}
