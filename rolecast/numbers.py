"""The figures on the desk's first page: how much there is, and what has come of it lately."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rolecast import insights
from rolecast.insights import FEW
from rolecast.ledger import Connection, numbers, reports
from rolecast.ledger import insights as sums
from rolecast.ledger.results import hour_of

WEEK, MONTH = 7, 30  # days


@dataclass(frozen=True)
class Numbers:
    """clicks: by persons in the last WEEK whole days in UTC; before: in as many before these;
    today: since then. applied, interviewed, hired: of the applications of the last MONTH days;
    None: not measured. shares: of the last MONTH days; None: of fewer than FEW colleagues.
    referrals: of friends who agreed and have not ended."""

    jobs: int
    posts: int
    clicks: int
    before: int
    today: int
    applied: int | None
    interviewed: int | None
    hired: int | None
    shares: int | None
    referrals: int


def of(conn: Connection, zone: ZoneInfo, now: datetime) -> Numbers:
    """As of now. zone: the company's, for the day on which a job closes."""
    day, month = hour_of(now) // 24, insights.since(MONTH, now)
    clicks = numbers.clicks_by_day(conn, day - 2 * WEEK)
    # As everywhere on the desk, clicks on few colleagues' links would tell of one of them.
    seen = {""}
    seen |= {"share"} if sums.sharers(conn, 0, FEW) >= FEW else set()
    seen |= {"referral"} if sums.namers(conn, 0, FEW) >= FEW else set()

    def within(first: int, last: int) -> int:
        return sum(n for (at, whose), n in clicks.items() if whose in seen and first <= at <= last)

    came = numbers.came(conn, month) if reports.measured(conn) else (None, None, None)
    shared = numbers.shares(conn, month)
    enough = not shared or sums.sharers(conn, month, FEW) >= FEW
    return Numbers(
        numbers.jobs_open(conn, now.astimezone(zone).date()),
        numbers.posts_live(conn),
        within(day - WEEK, day - 1),
        within(day - 2 * WEEK, day - WEEK - 1),
        within(day, day),
        *came,
        shared if enough else None,
        numbers.referrals_open(conn),
    )
