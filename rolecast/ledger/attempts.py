"""Attempts: who claims a publication, what was tried, and how it ended.

A claim is compare-and-set on the publication's revision, so of two runs one has
it; its attempt is in the ledger before the network is called.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from rolecast.ledger.publications import Publication, next_round
from rolecast.ledger.schema import attempts, publications
from rolecast.ledger.states import Outcome, State, check

_P = publications.c
_A = attempts.c


@dataclass(frozen=True, slots=True)
class Claim:
    """What a run wants to do to a publication; `revision` is the one it planned with."""

    publication_id: int
    revision: int
    action: str
    pending: str  # what is open if the run dies: publish, edit or withdraw
    post: str | None  # as handed to the connector


_CLAIM = (
    update(publications)
    .where(_P.id == bindparam("b_id"), _P.revision == bindparam("b_revision"))
    .values(
        state=State.sending,
        revision=_P.revision + 1,
        pending=bindparam("b_pending"),
        post=func.coalesce(bindparam("b_post"), _P.post),
        made_at=func.coalesce(_P.made_at, bindparam("b_now")),
        owner=bindparam("b_owner"),
        lease_until=bindparam("b_lease"),
        tries=_P.tries + 1,
        reason=None,
        not_before=None,
        updated=bindparam("b_now"),
    )
)


def claim(
    conn: Connection, claims: Sequence[Claim], owner: str, lease: datetime, now: datetime
) -> set[int]:
    """Compare-and-set each publication to sending and open its attempt.

    Answers the ids that are now ours; the others have moved since the plan.
    """
    if not claims:
        return set()
    conn.execute(
        _CLAIM,
        [
            # An edit's text becomes the publication's only when it is done.
            {
                "b_id": c.publication_id,
                "b_revision": c.revision,
                "b_pending": c.pending,
                "b_post": c.post if c.action == "publish" else None,
                "b_owner": owner,
                "b_lease": lease,
                "b_now": now,
            }
            for c in claims
        ],
    )
    wanted = {c.publication_id: c.revision + 1 for c in claims}
    query = select(_P.id, _P.revision).where(_P.owner == owner, _P.id.in_(wanted))
    ours = {id_ for id_, revision in conn.execute(query) if wanted[id_] == revision}
    rows = [
        {
            "publication_id": c.publication_id,
            "action": c.action,
            "post": c.post,
            "owner": owner,
            "started": now,
        }
        for c in claims
        if c.publication_id in ours
    ]
    if rows:
        conn.execute(insert(attempts), rows)
    return ours


def extend(conn: Connection, owner: str, ids: Iterable[int], lease: datetime) -> set[int]:
    """Prolong the claims that are still ours; answers which are."""
    still = (_P.owner == owner, _P.id.in_(list(ids)), _P.state == State.sending)
    conn.execute(update(publications).where(*still).values(lease_until=lease))
    return {row.id for row in conn.execute(select(_P.id).where(*still))}


@dataclass(frozen=True, slots=True)
class Finish:
    """How an attempt ended and what the publication is now."""

    publication_id: int
    outcome: Outcome
    state: State
    detail: str | None = None
    post: str | None = None  # None: as claimed
    post_hash: str | None = None
    receipt: str | None = None
    pending: str | None = None
    not_before: datetime | None = None


def finish(conn: Connection, results: Sequence[Finish], owner: str, now: datetime) -> None:
    """Close the attempts of `owner` and set its publications free."""
    if not results:
        return
    for result in results:
        check(State.sending, result.state)
    conn.execute(
        update(attempts)
        .where(
            _A.publication_id == bindparam("b_id"),
            _A.owner == bindparam("b_owner"),
            _A.finished.is_(None),
        )
        .values(
            finished=bindparam("b_now"),
            outcome=bindparam("b_outcome"),
            detail=bindparam("b_detail"),
            receipt=bindparam("b_receipt"),
        ),
        [
            {
                "b_id": r.publication_id,
                "b_owner": owner,
                "b_now": now,
                "b_outcome": r.outcome,
                "b_detail": r.detail,
                "b_receipt": r.receipt,
            }
            for r in results
        ],
    )
    conn.execute(
        update(publications)
        .where(
            _P.id == bindparam("b_id"),
            _P.owner == bindparam("b_owner"),
            _P.state == State.sending,
        )
        .values(
            state=bindparam("b_state"),
            revision=_P.revision + 1,
            post=func.coalesce(bindparam("b_post"), _P.post),
            post_hash=bindparam("b_hash"),
            receipt=func.coalesce(bindparam("b_receipt"), _P.receipt),
            pending=bindparam("b_pending"),
            reason=bindparam("b_reason"),
            not_before=bindparam("b_not_before"),
            owner=None,
            lease_until=None,
            rendered_for=None,
            seen_hash=None,
            drift=None,
            tries=bindparam("b_zero") * _P.tries,
            updated=bindparam("b_now"),
        ),
        [
            {
                "b_id": r.publication_id,
                "b_owner": owner,
                "b_state": r.state,
                "b_post": r.post,
                "b_hash": r.post_hash,
                "b_receipt": r.receipt,
                "b_pending": r.pending,
                "b_reason": r.detail,
                "b_not_before": r.not_before,
                "b_now": now,
                "b_zero": 0 if r.outcome in (Outcome.done, Outcome.adopted) else 1,
            }
            for r in results
        ],
    )
    for result in results:
        if result.state is State.withdrawn:
            next_round(conn, result.publication_id)


def record(
    conn: Connection,
    publication: Publication,
    action: str,
    outcome: Outcome,
    owner: str,
    now: datetime,
    detail: str | None = None,
    receipt: str | None = None,
) -> None:
    """Write what a person said or did as an attempt that is already over."""
    conn.execute(
        insert(attempts).values(
            publication_id=publication.id,
            action=action,
            post=publication.post,
            owner=owner,
            started=now,
            finished=now,
            outcome=outcome,
            detail=detail,
            receipt=receipt,
        )
    )


def abandon(conn: Connection, publication: Publication, now: datetime, detail: str) -> None:
    """The run that had claimed it died: a first sending is now unknown, an edit is to be redone."""
    first = publication.pending == "publish"
    changed = conn.execute(
        update(publications)
        .where(_P.id == publication.id, _P.revision == publication.revision)
        .values(
            state=State.unknown if first else State.live,
            revision=_P.revision + 1,
            post_hash=None,
            owner=None,
            lease_until=None,
            pending=publication.pending,
            reason=detail,
            not_before=None,
            updated=now,
        )
    )
    if changed.rowcount:
        conn.execute(
            update(attempts)
            .where(_A.publication_id == publication.id, _A.finished.is_(None))
            .values(finished=now, outcome=Outcome.unknown, detail=detail)
        )


def sent(conn: Connection, channels: Collection[str], since: datetime) -> dict[str, list[datetime]]:
    """Channel → when new posts were sent there, or may have been, from `since` on."""
    query = (
        select(_P.channel, _A.started)
        .join(publications, _P.id == _A.publication_id)
        .where(
            _A.started >= since,
            _A.action.in_(("publish", "adopt")),
            or_(
                _A.outcome.is_(None),
                _A.outcome.in_((Outcome.done, Outcome.adopted, Outcome.unknown)),
            ),
            _P.channel.in_(channels),
        )
    )
    found: dict[str, list[datetime]] = {}
    for channel, started in conn.execute(query):
        found.setdefault(channel, []).append(started)
    return found


def history(conn: Connection, publication_id: int) -> list[Any]:
    """The attempts of one publication, oldest first."""
    query = select(attempts).where(_A.publication_id == publication_id).order_by(_A.id)
    return list(conn.execute(query))
