"""Clicks, append-only, and where links lead."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, func, insert, select

from rolecast.clicks import Click
from rolecast.ledger.schema import clicks, links


def add(conn: Connection, new: Iterable[Click]) -> None:
    """Append clicks."""
    rows = [{"link": c.link, "at": c.at, "device": c.device, "referrer": c.referrer} for c in new]
    if rows:
        conn.execute(insert(clicks), rows)


def job_of(conn: Connection, code: str) -> str | None:
    """The job a link leads to, or None for a code that was never minted."""
    return conn.scalar(select(links.c.job_id).where(links.c.code == code))


def totals(conn: Connection) -> dict[str, int]:
    """Link → clicks that are not declared robots."""
    query = (
        select(clicks.c.link, func.count()).where(clicks.c.device != "bot").group_by(clicks.c.link)
    )
    return {link: count for link, count in conn.execute(query)}
