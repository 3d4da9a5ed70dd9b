"""Mails on their way; see rolecast.outbox."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from rolecast.ledger.schema_people import mails

_M = mails.c


def add(conn: Connection, **values: Any) -> None:
    """Columns of a mail that waits."""
    conn.execute(insert(mails).values(state="waiting", **values))


def claim(conn: Connection, now: datetime, via: str = "mail") -> Any | None:
    """The next mail that is due; it is ours to send. via: mail, or a chat."""
    query = select(mails).where(_M.state == "waiting", _M.next <= now, _M.via == via)
    row = conn.execute(query.order_by(_M.next, _M.made).limit(1)).first()
    if row is not None:
        values = {"state": "sending", "tries": row.tries + 1, "next": now}
        conn.execute(update(mails).where(_M.id == row.id).values(**values))
        row = conn.execute(select(mails).where(_M.id == row.id)).one()
    return row


def finish(
    conn: Connection, id_: str, state: str, next_try: datetime, trouble: str | None, now: datetime
) -> None:
    """What became of a mail. Of one that was sent only the date and the kind stay."""
    values: dict[str, Any] = {"state": state, "next": next_try, "trouble": trouble}
    if state == "sent":
        values |= {"address": None, "off": None, "subject": None, "body": None}
    conn.execute(update(mails).where(_M.id == id_).values(**values))


def release(conn: Connection, before: datetime) -> int:
    """Whoever was sending these has died: nobody knows whether they went."""
    query = update(mails).where(_M.state == "sending", _M.next < before)
    trouble = "the program ended while it sent this mail"
    return conn.execute(query.values(state="unknown", trouble=trouble)).rowcount


def again(conn: Connection, id_: str, now: datetime) -> bool:
    """Try one that failed, or of which nobody knows, once more."""
    query = update(mails).where(_M.id == id_, _M.state.in_(("failed", "unknown")))
    return bool(conn.execute(query.values(state="waiting", next=now, tries=0)).rowcount)


def drop(conn: Connection, id_: str) -> bool:
    """Give one up that failed or of which nobody knows."""
    query = update(mails).where(_M.id == id_, _M.state.in_(("failed", "unknown")))
    values = {"state": "dropped", "address": None, "off": None, "subject": None, "body": None}
    return bool(conn.execute(query.values(**values)).rowcount)


def reroute(conn: Connection, id_: str, now: datetime) -> None:
    """One that a chat does not take goes by mail."""
    values = {"via": "mail", "state": "waiting", "next": now, "tries": 0, "trouble": None}
    conn.execute(update(mails).where(_M.id == id_).values(**values))


def ways(conn: Connection) -> list[str]:
    """By which chats something waits to go."""
    query = select(_M.via).where(_M.state == "waiting", _M.via != "mail").distinct()
    return list(conn.scalars(query))


def forget(conn: Connection, before: datetime) -> int:
    """Forget what was sent or given up before then; answers how many."""
    ended = _M.state.in_(("sent", "dropped"))
    return conn.execute(delete(mails).where(ended, _M.next < before)).rowcount


def troubled(conn: Connection, most: int = 100) -> list[Any]:
    """Those that need a person, oldest first."""
    query = select(mails).where(_M.state.in_(("failed", "unknown")))
    return list(conn.execute(query.order_by(_M.made).limit(most)))


def counts(conn: Connection) -> dict[str, int]:
    """State → how many."""
    return {
        state: n for state, n in conn.execute(select(_M.state, func.count()).group_by(_M.state))
    }
