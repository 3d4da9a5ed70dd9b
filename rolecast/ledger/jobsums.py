"""What came of one job: by link, by application, by hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from rolecast.clicks import HUMAN
from rolecast.ledger.insights import Sums
from rolecast.ledger.schema import hourly
from rolecast.ledger.schema_people import referrals, shares
from rolecast.ledger.schema_results import applications, results

_R, _Q, _H = results.c, applications.c, hourly.c
FEW = 500  # how much one question may name


@dataclass(frozen=True, slots=True)
class Line:
    """One link that is, or was, out. hour: since when, in hours since 1970, UTC."""

    link: str
    channel: str
    moment: str
    variant: str
    hour: int
    human: int
    applied: int
    interviewed: int
    hired: int
    shown: int | None

    @property
    def sums(self) -> Sums:
        """As those of several links."""
        counted = self.shown is not None
        return Sums(
            1, self.human, self.human**2, self.applied, self.interviewed, self.hired,
            int(counted), self.shown or 0,
        )  # fmt: skip


def lines(conn: Connection, job: str) -> list[Line]:
    """The links of a job, in the order in which they went out."""
    columns = [results.c[name] for name in Line.__slots__]
    query = select(*columns).where(_R.job_id == job).order_by(_R.hour, _R.channel, _R.moment)
    return [Line(*row) for row in conn.execute(query)]


def stages(conn: Connection, job: str) -> dict[str, int]:
    """Stage that was reached → applications to a job, whoever is credited."""
    query = select(_Q.stage, func.count()).where(_Q.job_id == job).group_by(_Q.stage)
    return {stage: count for stage, count in conn.execute(query)}


def people(conn: Connection, job: str) -> dict[str, set[str]]:
    """Place of the shares of a job → the colleagues behind them; of referrals under ""."""
    found: dict[str, set[str]] = {}
    query = select(shares.c.place, shares.c.person_id).where(shares.c.job_id == job)
    for place, person in conn.execute(query.distinct()):
        found.setdefault(place, set()).add(person)
    where = (referrals.c.job_id == job, referrals.c.link.is_not(None))
    for person in conn.scalars(select(referrals.c.person_id).where(*where).distinct()):
        found.setdefault("", set()).add(person)
    return found


def by_hour(conn: Connection, codes: Sequence[str]) -> dict[int, int]:
    """Hour → clicks by persons on these links together."""
    found: dict[int, int] = {}
    for start in range(0, len(codes), FEW):
        where = (_H.link.in_(codes[start : start + FEW]), _H.verdict == HUMAN)
        query = select(_H.hour, func.sum(_H.count)).where(*where).group_by(_H.hour)
        for hour, count in conn.execute(query):
            found[hour] = found.get(hour, 0) + int(count)
    return found
