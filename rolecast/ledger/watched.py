"""Figures for whoever watches over the service: what waits, and how much of what there is."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from rolecast.ledger.schema import intake
from rolecast.ledger.schema_people import mails, referrals

_M, _F = mails.c, referrals.c


def mails_by_state(conn: Connection) -> dict[str, int]:
    """State → mails."""
    query = select(_M.state, func.count()).group_by(_M.state)
    return {state: number for state, number in conn.execute(query)}


def oldest_mail(conn: Connection) -> datetime | None:
    """Since when the oldest mail has been waiting to be sent."""
    return conn.scalar(select(func.min(_M.made)).where(_M.state == "waiting"))


def overdue_promises(conn: Connection, now: datetime) -> int:
    """How many colleagues should have heard of a referral by now."""
    query = select(func.count()).select_from(referrals)
    return conn.scalar(query.where(_F.promise.is_not(None), _F.promise < now)) or 0


def commits_waiting(conn: Connection) -> int:
    """How many commits of clicks wait in the ledger to be judged and summed."""
    return conn.scalar(select(func.count()).select_from(intake)) or 0
