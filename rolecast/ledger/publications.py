"""Publications and their attempts: who claims, who finishes, what is where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, select, update

from rolecast import links
from rolecast.connector import Receipt
from rolecast.ledger.schema import attempts, publications
from rolecast.ledger.schema import links as link_table
from rolecast.ledger.states import Outcome, State, check
from rolecast.post import Post

Slot = tuple[str, str, str]  # job id, channel, moment
_P = publications.c
_A = attempts.c


@dataclass(frozen=True, slots=True)
class Publication:
    """One row of the ledger's publications."""

    id: int
    job_id: str
    channel: str
    moment: str
    state: State
    round: int
    key: str
    link: str
    made_at: datetime | None
    post: str | None
    post_hash: str | None
    receipt: str | None
    pending: str | None
    reason: str | None
    not_before: datetime | None
    tries: int
    owner: str | None
    lease_until: datetime | None
    revision: int
    updated: datetime

    @property
    def slot(self) -> Slot:
        """What makes it unique."""
        return self.job_id, self.channel, self.moment

    def sent(self) -> Post | None:
        """The post as last handed to the connector."""
        return Post.model_validate_json(self.post) if self.post else None

    def received(self) -> Receipt | None:
        """What the network gave back."""
        return Receipt.model_validate_json(self.receipt) if self.receipt else None


_COLUMNS = [publications.c[name] for name in Publication.__slots__]


def _row(row: Any) -> Publication:
    values = list(row)
    values[4] = State(values[4])
    return Publication(*values)


def get(conn: Connection, slot: Slot) -> Publication | None:
    """The publication of one job, channel and moment."""
    job_id, channel, moment = slot
    where = and_(_P.job_id == job_id, _P.channel == channel, _P.moment == moment)
    row = conn.execute(select(*_COLUMNS).where(where)).first()
    return _row(row) if row else None


def of_ids(conn: Connection, ids: Sequence[int]) -> dict[int, Publication]:
    """Publications by id."""
    return {row[0]: _row(row) for row in conn.execute(select(*_COLUMNS).where(_P.id.in_(ids)))}


def of_jobs(conn: Connection, job_ids: Sequence[str]) -> list[Publication]:
    """The publications of these jobs; whole ledger when there are very many."""
    query = select(*_COLUMNS)
    if len(job_ids) <= 500:
        query = query.where(_P.job_id.in_(job_ids))
    return [_row(row) for row in conn.execute(query)]


def everything(conn: Connection, states: Iterable[State] = ()) -> list[Publication]:
    """All publications, or those in `states`, by job, channel and moment."""
    query = select(*_COLUMNS).order_by(_P.job_id, _P.channel, _P.moment)
    wanted = list(states)
    if wanted:
        query = query.where(_P.state.in_(wanted))
    return [_row(row) for row in conn.execute(query)]


def revisions(conn: Connection) -> dict[str, int]:
    """Job id → sum of its publications' revisions: changes whenever one of them does."""
    query = select(_P.job_id, func.sum(_P.revision)).group_by(_P.job_id)
    return {job: int(total) for job, total in conn.execute(query)}


def ensure(conn: Connection, slots: Iterable[Slot], now: datetime) -> None:
    """Give each slot that has none a publication in state planned, with its link for ever."""
    rows = []
    for slot in slots:
        job, channel, moment = slot
        link = links.mint()
        row = {"job_id": job, "channel": channel, "moment": moment, "state": State.planned}
        rows.append(row | {"key": links.key(*slot, link), "link": link, "updated": now})
    if not rows:
        return
    conn.execute(
        insert(link_table),
        [
            {
                "code": r["link"],
                "job_id": r["job_id"],
                "channel": r["channel"],
                "moment": r["moment"],
                "made": now,
            }
            for r in rows
        ],
    )
    conn.execute(insert(publications), rows)


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
            _next_round(conn, result.publication_id)


def set_state(
    conn: Connection, publication: Publication, state: State, now: datetime, **values: Any
) -> bool:
    """Move one publication without calling a network; False when it has moved meanwhile."""
    check(publication.state, state)
    done = conn.execute(
        update(publications)
        .where(_P.id == publication.id, _P.revision == publication.revision)
        .values(state=state, revision=_P.revision + 1, updated=now, **values)
    )
    if done.rowcount and publication.state is State.gone:
        _next_round(conn, publication.id)
    return bool(done.rowcount)


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


def sending(conn: Connection) -> list[Publication]:
    """The publications that some run has claimed."""
    return everything(conn, [State.sending])


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


def history(conn: Connection, publication_id: int) -> list[Any]:
    """The attempts of one publication, oldest first."""
    query = select(attempts).where(_A.publication_id == publication_id).order_by(_A.id)
    return list(conn.execute(query))


def _next_round(conn: Connection, publication_id: int) -> None:
    """The next time this slot is published it is a new post, with a key of its own."""
    row = conn.execute(select(*_COLUMNS).where(_P.id == publication_id)).one()
    old = _row(row)
    number = old.round + 1
    conn.execute(
        update(publications)
        .where(_P.id == publication_id)
        .values(
            round=number,
            key=links.key(*old.slot, old.link, number),
            made_at=None,
            receipt=None,
            post_hash=None,
            tries=0,
        )
    )
