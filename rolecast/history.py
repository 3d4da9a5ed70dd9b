"""Everything that happened to a job, in order: its file, what was sent, what people decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rolecast import runs
from rolecast.connector import Receipt
from rolecast.ledger import Ledger, approvals, attempts, events, publications
from rolecast.post import Post
from rolecast.told import N_

# What may have happened, and how it ended, as a page says it. Anything else is said as it is.
WORDS = {
    "new": N_("new"),
    "changed": N_("changed"),
    "back": N_("back again"),
    "removed": N_("removed"),
    "never sent": N_("never sent"),
    "publish": N_("post"),
    "edit": N_("change the post"),
    "withdraw": N_("take the post down"),
    "adopt": N_("look for the post, and take it over"),
    "look": N_("look at the post"),
    "approved publish": N_("approved: post"),
    "approved edit": N_("approved: change the post"),
    "approved withdraw": N_("approved: take the post down"),
    "refused publish": N_("refused: post"),
    "refused edit": N_("refused: change the post"),
    "refused withdraw": N_("refused: take the post down"),
    "try again": N_("try again"),
    "take it down": N_("take it down"),
    "leave it up": N_("leave it up"),
    "it is there": N_("it is there"),
    "it is gone": N_("it is gone"),
    "it is not there": N_("it is not there"),
    "put it back": N_("put it back"),
    "accept it as it is": N_("accept it as it is"),
    "done": N_("done"),
    "adopted": N_("found there"),
    "absent": N_("not there"),
    "refused": N_("refused by the network"),
    "unauthorised": N_("credentials not accepted"),
    "unavailable": N_("not to be reached"),
    "unknown": N_("answer lost"),
    "gone": N_("gone"),
    "in flight": N_("on its way"),
}


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
