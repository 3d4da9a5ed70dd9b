"""Saved plans: what was reviewed, and what a worker elsewhere is to carry out."""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from rolecast.ledger.schema import plans

KEPT = timedelta(days=30)


def save(conn: Connection, digest: str, body: str, now: datetime) -> None:
    """Keep a plan's JSON under its digest; a plan that is there already stays."""
    conn.execute(delete(plans).where(plans.c.made < now - KEPT))
    if conn.execute(select(plans.c.digest).where(plans.c.digest == digest)).first() is None:
        conn.execute(
            insert(plans).values(digest=digest, made=now, body=zlib.compress(body.encode()))
        )


def load(conn: Connection, digest: str) -> str:
    """The plan's JSON. Raises KeyError when it is unknown or too old."""
    body = conn.scalar(select(plans.c.body).where(plans.c.digest == digest))
    if body is None:
        raise KeyError(digest)
    return zlib.decompress(body).decode()
