"""Test posts that were asked for, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from rolecast.ledger.schema_desk import rehearsals
from rolecast.people import new_id

_R = rehearsals.c
PATIENCE = timedelta(minutes=5)  # whoever carries one out for so long has died


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One test post. state: asked, running, done, failed. detail: why, or who sees it."""

    id: str
    channel: str
    job_id: str  # "" for any
    who: str
    asked: datetime
    changed: datetime
    state: str
    address: str | None
    detail: str | None


def ask(conn: Connection, channel: str, job_id: str, who: str, now: datetime) -> bool:
    """Ask for a test post; False when one is asked for there already."""
    open_ = select(_R.id).where(_R.channel == channel, _R.state.in_(("asked", "running")))
    if conn.execute(open_.where(_R.changed > now - PATIENCE)).first() is not None:
        return False
    values = {"channel": channel, "job_id": job_id, "who": who, "asked": now, "changed": now}
    conn.execute(insert(rehearsals).values(id=new_id(), state="asked", **values))
    return True


def take(conn: Connection, now: datetime) -> Rehearsal | None:
    """The next one that is asked for; it is ours to carry out."""
    cut = update(rehearsals).where(_R.state == "running", _R.changed < now - PATIENCE)
    conn.execute(cut.values(state="failed", changed=now, detail="cut off; it may have been sent"))
    row = conn.execute(
        select(rehearsals).where(_R.state == "asked").order_by(_R.asked).limit(1)
    ).first()
    if row is None:
        return None
    ours = update(rehearsals).where(_R.id == row.id, _R.state == "asked")
    if not conn.execute(ours.values(state="running", changed=now)).rowcount:
        return None
    return Rehearsal(*row)


def finish(
    conn: Connection, id_: str, done: bool, address: str | None, detail: str, now: datetime
) -> None:
    """What became of it."""
    values = {"state": "done" if done else "failed", "address": address, "detail": detail}
    conn.execute(update(rehearsals).where(_R.id == id_).values(changed=now, **values))


def latest(conn: Connection) -> dict[str, Rehearsal]:
    """Channel → its last test post."""
    newest = select(_R.channel, func.max(_R.asked).label("asked")).group_by(_R.channel).subquery()
    same = (newest.c.channel == _R.channel) & (newest.c.asked == _R.asked)
    rows = conn.execute(select(rehearsals).join(newest, same))
    return {row.channel: Rehearsal(*row) for row in rows}
