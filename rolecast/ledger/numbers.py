"""The few figures on the desk's first page, from roll-ups and indexes alone."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, case, func, or_, select

from rolecast.clicks import HUMAN
from rolecast.ledger.changes import COLLEAGUES
from rolecast.ledger.insights import HIRED
from rolecast.ledger.referral_states import WITH_US
from rolecast.ledger.schema import daily, publications
from rolecast.ledger.schema_desk import overview
from rolecast.ledger.schema_people import referrals
from rolecast.ledger.schema_results import applications, results_daily
from rolecast.ledger.states import State
from rolecast.outcomes import FORWARD, Stage

_O, _P, _D, _Q, _R, _S = (
    overview.c, publications.c, daily.c, applications.c, referrals.c, results_daily.c,
)  # fmt: skip
INTERVIEWED = FORWARD[FORWARD.index(Stage.interviewed) :]
DAY = 10  # letters of a day, before a time


def jobs_open(conn: Connection, today: date) -> int:
    """Jobs with a file that says that they are open on that day."""
    day = today.isoformat()
    begun = or_(_O.opens.is_(None), func.substr(_O.opens, 1, DAY) <= day)
    lasts = or_(_O.closes.is_(None), func.substr(_O.closes, 1, DAY) >= day)
    query = select(func.count()).select_from(overview)
    return conn.scalar(query.where(_O.status == "open", _O.removed == 0, begun, lasts)) or 0


def posts_live(conn: Connection) -> int:
    """Posts that are out."""
    query = select(func.count()).select_from(publications)
    return conn.scalar(query.where(_P.state == State.live)) or 0


def clicks_by_day(conn: Connection, since: int) -> dict[tuple[int, str], int]:
    """(day, whose link: share, referral, or "" for a post) → clicks by persons; days since 1970,
    UTC, from that one on."""
    whose = case((_D.channel.in_(COLLEAGUES), _D.channel), else_="").label("whose")
    query = select(_D.day, whose, func.sum(_D.count))
    query = query.where(_D.day >= since, _D.verdict == HUMAN).group_by(_D.day, whose)
    return {(day, name): int(count) for day, name, count in conn.execute(query)}


def came(conn: Connection, since: int) -> tuple[int, int, int]:
    """Applications that came since that hour, whoever is credited; of them interviewed, hired."""
    far = [func.sum(case((_Q.stage.in_(to), 1), else_=0)) for to in (INTERVIEWED, HIRED)]
    row = conn.execute(select(func.count(), *far).where(_Q.hour >= since)).one()
    return row[0], int(row[1] or 0), int(row[2] or 0)


def shares(conn: Connection, since: int) -> int:
    """Shares that were made since that hour, the first of a day."""
    query = select(func.sum(_S.links)).where(_S.day >= since // 24, _S.channel == "share")
    return int(conn.scalar(query) or 0)


def referrals_open(conn: Connection) -> int:
    """Friends who agreed, and of whom a colleague waits to hear."""
    where = (_R.state.in_(WITH_US), _R.friend.is_not(None))
    return conn.scalar(select(func.count()).select_from(referrals).where(*where)) or 0
