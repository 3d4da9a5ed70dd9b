"""Sealed access tokens, one row for each channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from rolecast.ledger.schema import tokens


@dataclass(frozen=True)
class Row:
    """What the ledger keeps of one channel's tokens."""

    seed: str
    sealed: bytes
    version: int


def get(conn: Connection, channel: str) -> Row | None:
    """The channel's row."""
    columns = (tokens.c.seed, tokens.c.sealed, tokens.c.version)
    row = conn.execute(select(*columns).where(tokens.c.channel == channel)).first()
    return Row(*row) if row else None


def start(conn: Connection, channel: str, row: Row) -> None:
    """Begin anew with what a person gave."""
    conn.execute(delete(tokens).where(tokens.c.channel == channel))
    values = {"seed": row.seed, "sealed": row.sealed, "version": row.version}
    conn.execute(insert(tokens).values(channel=channel, **values))


def lease(conn: Connection, channel: str, version: int, now: datetime, until: datetime) -> bool:
    """Whether it is ours to renew that version; nobody else's before `until`."""
    free = or_(tokens.c.lease_until.is_(None), tokens.c.lease_until <= now)
    found = conn.execute(
        update(tokens)
        .where(tokens.c.channel == channel, tokens.c.version == version, free)
        .values(lease_until=until)
    )
    return found.rowcount == 1


def renewed(conn: Connection, channel: str, version: int, sealed: bytes) -> None:
    """The next version, and the lease is over."""
    conn.execute(
        update(tokens)
        .where(tokens.c.channel == channel, tokens.c.version == version)
        .values(sealed=sealed, version=version + 1, lease_until=None)
    )


def release(conn: Connection, channel: str, version: int) -> None:
    """Renewing failed: somebody else may try."""
    conn.execute(
        update(tokens)
        .where(tokens.c.channel == channel, tokens.c.version == version)
        .values(lease_until=None)
    )
