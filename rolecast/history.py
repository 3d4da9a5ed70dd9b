"""Everything that happened to a job, in order: its file, what was sent, what people decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rolecast import runs
from rolecast.connector import Receipt
from rolecast.ledger import Ledger, approvals, attempts, events, publications
from rolecast.post import Post


@dataclass(frozen=True)
class Entry:
    """One thing that happened. who: a person, or the part of Rolecast that did it."""

    at: datetime
    who: str
    what: str
    where: str = ""  # channel and moment
    outcome: str = ""
    detail: str | None = None
    text: str | None = None  # as sent, or as decided about
    address: str | None = None
    run: str = ""  # Prefect's number of the run that did it


def of_job(ledger: Ledger, job_id: str) -> list[Entry]:
    """A job's history, oldest first; empty for one that was never seen."""
    found: list[Entry] = []
    with ledger.read() as conn:
        for one in events.of_job(conn, job_id):
            found.append(Entry(one.at, one.who, one.what, detail=one.detail))
        for one in approvals.of_jobs(conn, [job_id]):
            word = "approved" if one.approved else "refused"
            where = f"{one.channel} {one.moment}"
            found.append(Entry(one.at, one.who, f"{word} {one.action}", where, detail=one.note))
        for publication in publications.of_jobs(conn, [job_id]):
            where = f"{publication.channel} {publication.moment}"
            for row in attempts.history(conn, publication.id):
                found.append(_attempt(row, where))
    return sorted(found, key=lambda entry: entry.at)


def _attempt(row: object, where: str) -> Entry:
    by_hand = row.action == "decide"
    ours = not by_hand and row.action != "look"
    receipt = Receipt.model_validate_json(row.receipt) if row.receipt else None
    return Entry(
        at=row.started,
        who="run " + row.owner.rpartition(":")[2].rpartition(".")[2] if ours else row.owner,
        what=row.detail if by_hand else row.action,
        where=where,
        outcome=row.outcome or "in flight",
        detail=None if by_hand else row.detail,
        text=Post.model_validate_json(row.post).text if row.post and not by_hand else None,
        address=receipt.address if receipt else None,
        run=runs.whole_of(row.owner) if ours else "",
    )
