"""Publications: what should be where, and what is."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, insert, or_, select, update

from rolecast import links
from rolecast.connector import Receipt
from rolecast.ledger.schema import attempts, publications
from rolecast.ledger.schema import links as link_table
from rolecast.ledger.states import State, check, check_back
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
    seen_at: datetime | None = None
    seen_hash: str | None = None
    drift: str | None = None
    unwanted: str | None = None  # who said that it is to be taken down

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
    found = {}
    for start in range(0, len(ids), 500):  # databases bound how much one question may hold
        query = select(*_COLUMNS).where(_P.id.in_(ids[start : start + 500]))
        found |= {row[0]: _row(row) for row in conn.execute(query)}
    return found


def of_jobs(conn: Connection, job_ids: Sequence[str]) -> list[Publication]:
    """The publications of these jobs; whole ledger when there are very many."""
    return [_row(row) for row in conn.execute(_among(select(*_COLUMNS), job_ids))]


# A live post of which nothing is asked: nearly all are, and of most little has to be known.
_AT_REST = and_(_P.state == State.live, _P.pending.is_(None))


def at_rest(
    conn: Connection, job_ids: Sequence[str]
) -> Iterator[tuple[int, str, str, str, datetime | None, str | None]]:
    """(id, job, channel, moment, when announced, what it says the same as: see `rendered`)."""
    announced = case((_P.moment == "announce", _P.made_at))
    query = select(_P.id, _P.job_id, _P.channel, _P.moment, announced, _P.rendered_for)
    rows = conn.execute(_among(query.where(_AT_REST), job_ids))
    for many in rows.partitions(5000):  # one by one they take twice as long
        for id_, job, channel, moment, at, of in many:
            # Few names, many rows: one copy of each is enough.
            yield id_, job, sys.intern(channel), sys.intern(moment), at, of


def restless(conn: Connection, job_ids: Sequence[str]) -> list[Publication]:
    """The other publications of these jobs."""
    query = select(*_COLUMNS).where(or_(_P.state != State.live, _P.pending.is_not(None)))
    return [_row(row) for row in conn.execute(_among(query, job_ids))]


def rendered(conn: Connection, fits: Sequence[tuple[int, int, str]]) -> None:
    """Remember what live posts say the same as: (id, revision, spec's hash and config)."""
    if fits:
        conn.execute(
            update(publications)
            .where(_P.id == bindparam("b_id"), _P.revision == bindparam("b_revision"))
            .values(rendered_for=bindparam("b_for")),
            [{"b_id": id_, "b_revision": revision, "b_for": of} for id_, revision, of in fits],
        )


def _among(query: Any, job_ids: Sequence[str]) -> Any:
    return query.where(_P.job_id.in_(job_ids)) if len(job_ids) <= 500 else query


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
    wanted = list(slots)
    rows = []
    for slot, link in zip(wanted, _fresh_codes(conn, len(wanted)), strict=True):
        job, channel, moment = slot
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


def _fresh_codes(conn: Connection, count: int) -> set[str]:
    """So many codes that no link has. Among 300,000 random ones two are equal once in 15 times."""
    codes: set[str] = set()
    while len(codes) < count:
        new = {links.mint() for _ in range(count - len(codes))} - codes
        todo = sorted(new)
        for start in range(0, len(todo), 500):
            query = select(link_table.c.code).where(
                link_table.c.code.in_(todo[start : start + 500])
            )
            new -= {code for (code,) in conn.execute(query)}
        codes |= new
    return codes


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
        next_round(conn, publication.id)
    return bool(done.rowcount)


# What a decision about a publication may change, and undoing it puts back.
UNDONE = (
    "state", "round", "key", "made_at", "post_hash", "receipt", "pending", "reason", "not_before",
    "tries", "rendered_for", "seen_hash", "drift", "unwanted",
)  # fmt: skip


def as_before(conn: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Publication → what undoing a decision about it would put back."""
    columns = [publications.c[name] for name in UNDONE]
    found: dict[int, dict[str, Any]] = {}
    for start in range(0, len(ids), 500):
        query = select(_P.id, *columns).where(_P.id.in_(ids[start : start + 500]))
        for row in conn.execute(query):
            found[row[0]] = dict(zip(UNDONE, row[1:], strict=True))
    return found


def step_back(
    conn: Connection, id_: int, revision: int, values: dict[str, Any], now: datetime
) -> Publication | None:
    """One step back: the publication as it was, if it is still at `revision`; else None.

    A round that was begun and never sent is forgotten with its key.
    """
    found = of_ids(conn, [id_]).get(id_)
    if found is None or found.revision != revision or found.state is State.sending:
        return None
    check_back(found.state, State(values["state"]))
    done = conn.execute(
        update(publications)
        .where(_P.id == id_, _P.revision == revision)
        .values(**values, revision=_P.revision + 1, updated=now)
    )
    return found if done.rowcount else None


def seen(conn: Connection, publication: Publication, values: dict[str, Any]) -> None:
    """Write what a look at a live post found; no change of the publication itself."""
    conn.execute(
        update(publications)
        .where(_P.id == publication.id, _P.revision == publication.revision)
        .values(**values)
    )


def sending(conn: Connection) -> list[Publication]:
    """The publications that some run has claimed."""
    return everything(conn, [State.sending])


def next_round(conn: Connection, publication_id: int) -> None:
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
