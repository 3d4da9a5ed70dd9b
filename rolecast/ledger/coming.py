"""New posts of the next days, as the last planning has them, and those that went out last."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, delete, exists, insert, or_, select

from rolecast.ledger.publications import Slot
from rolecast.ledger.schema import attempts, publications
from rolecast.ledger.schema_desk import coming
from rolecast.ledger.states import Outcome, State

_C, _P, _A = coming.c, publications.c, attempts.c
FEW = 500  # how much one question may name


class Coming(NamedTuple):
    """A post that goes out soon; see the table."""

    job_id: str
    channel: str
    moment: str
    ready: datetime
    since: datetime
    until: datetime | None
    priority: str
    before: int
    first_look: int

    @property
    def slot(self) -> Slot:
        return self.job_id, self.channel, self.moment


class Sent(NamedTuple):
    """A post that went out. address: where it is; None: it is not there any more, or nobody was
    told."""

    job_id: str
    channel: str
    moment: str
    at: datetime
    receipt: str | None
    state: str


_COLUMNS = [coming.c[name] for name in Coming._fields]


def replace(conn: Connection, found: Iterable[Coming], planned: Collection[str]) -> None:
    """What is coming of these jobs, all that were planned; that of others stays. Writes only what
    has changed. In a transaction alone with "planning"."""
    query = select(*_COLUMNS)
    if len(planned) <= FEW:
        query = query.where(_C.job_id.in_(planned))
    rows = (Coming(*row) for row in conn.execute(query))
    before = {row for row in rows if row.job_id in planned}
    now = set(found)
    if gone := before - now:
        slot = (_C.job_id == bindparam("b0"), _C.channel == bindparam("b1"))
        of = delete(coming).where(*slot, _C.moment == bindparam("b2"))
        conn.execute(of, [{"b0": one[0], "b1": one[1], "b2": one[2]} for one in sorted(gone)])
    if new := now - before:
        conn.execute(insert(coming), [one._asdict() for one in sorted(new)])


def until(
    conn: Connection, channels: Collection[str], end: datetime, now: datetime, most: int = -1
) -> list[Coming]:
    """What may go out on these channels up to `end`, the earliest first; `most` of it (-1: all).
    Without what has gone out since it was planned, or is not to any more."""
    again = or_(
        _P.state.in_((State.planned, State.withdrawn)),
        and_(_P.state == State.dropped, _P.reason.is_(None)),
        and_(_P.state == State.waiting, or_(_P.not_before.is_(None), _P.not_before <= now)),
    )
    slot = (_P.job_id == _C.job_id, _P.channel == _C.channel, _P.moment == _C.moment)
    query = (
        select(*_COLUMNS)
        .select_from(coming.outerjoin(publications, and_(*slot)))
        .where(_C.ready <= end, _C.channel.in_(channels), or_(_C.until.is_(None), _C.until > now))
        .where(or_(_P.id.is_(None), and_(again, _P.unwanted.is_(None))))
        .order_by(_C.ready, _C.channel, _C.job_id)
    )
    return [Coming(*row) for row in conn.execute(query.limit(most) if most >= 0 else query)]


def sent(conn: Connection, since: datetime, most: int) -> list[Sent]:
    """The new posts that went out since then, the last first, `most` of them. One that was edited
    is none."""
    there = _there(_A)
    earlier = attempts.alias("earlier").c
    was_there = exists().where(
        earlier.publication_id == _A.publication_id, earlier.id < _A.id, _there(earlier)
    )
    posted = and_(_A.action == "publish", _A.outcome == Outcome.done)
    columns = [_P.job_id, _P.channel, _P.moment, _A.finished, _P.receipt, _P.state]
    query = (
        select(*columns)
        .join(publications, _P.id == _A.publication_id)
        .where(_A.started >= since, there, or_(posted, ~was_there))
        .order_by(_A.started.desc(), _A.id.desc())
    )
    return [Sent(*row) for row in conn.execute(query.limit(most))]


def _there(of: Any) -> Any:
    """Whether an attempt, or a person's word, left the post at its network."""
    done = and_(of.outcome == Outcome.done, of.action.in_(("publish", "adopt")))
    return or_(of.outcome == Outcome.adopted, done)
