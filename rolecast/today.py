"""Today's calendar: what went out, and what still will, without planning anything.

The last planning left in the ledger what its turns of the next days depend on (`Agenda.coming`);
they are taken here again, as of now. Texts that wait for somebody have no turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from rolecast import pace
from rolecast.channels import Channel
from rolecast.ledger import Connection, attempts, coming
from rolecast.ledger.coming import Coming, Sent
from rolecast.pace import Candidate
from rolecast.plan import Scheduled

FIRST = 10  # that are shown
MANY = 1000  # beyond which nobody wants the number


@dataclass(frozen=True)
class Today:
    """sent: the last that went out, `out` in all; later: the next that will, `left` in all. More
    than MANY are not counted."""

    sent: list[Sent]
    out: int
    later: list[Scheduled]
    left: int

    @property
    def titles(self) -> set[str]:
        """Ids of the jobs whose titles are shown."""
        return {one.job_id for one in (*self.sent, *self.later)}


def of(conn: Connection, channels: Mapping[str, Channel], zone: str, now: datetime) -> Today:
    """The day of `now` in the company's zone."""
    here = ZoneInfo(zone)
    day = now.astimezone(here).date()
    begins = datetime.combine(day, time(), here)
    ends = datetime.combine(day + timedelta(days=1), time(), here) - timedelta(microseconds=1)
    sent = coming.sent(conn, begins, MANY + 1)
    later = still(conn, channels, zone, now, ends)
    return Today(sent[:FIRST], len(sent), later[:FIRST], len(later))


def still(
    conn: Connection, channels: Mapping[str, Channel], zone: str, now: datetime, until: datetime
) -> list[Scheduled]:
    """The new posts up to then, at most two days ahead, by time. Of those that wait for no others,
    MANY at most."""
    found = []
    paced = [name for name, one in channels.items() if not one.pace.free]
    free = [name for name in channels if name not in paced]
    for one in coming.until(conn, free, until, now, MANY + 1):
        found.append(_scheduled(one, max(one.ready, now)))
    waiting = coming.until(conn, paced, until, now)
    spacings = [channels[one.channel].pace.spacing for one in waiting]
    back = max(timedelta(days=2), timedelta(minutes=max(spacings, default=0)))
    names = {one.channel for one in waiting}
    before = attempts.sent(conn, names, now - back) if names else {}
    by_slot = {one.slot: one for one in waiting}
    for name, candidates in pace.by_channel(map(_candidate, waiting)).items():
        its = channels[name].pace
        turns = pace.timetable(candidates, before.get(name, []), its, pace.zone_of(its, zone), now)
        found += [_scheduled(by_slot[slot], at) for slot, at in turns.at.items() if at <= until]
    return sorted(found, key=lambda one: (one.at, one.channel))


def _candidate(one: Coming) -> Candidate:
    return Candidate(one.slot, one.ready, one.since, one.until, one.priority, one.before)


def _scheduled(one: Coming, at: datetime) -> Scheduled:
    return Scheduled(
        job_id=one.job_id, channel=one.channel, moment=one.moment, at=at, priority=one.priority,
        first_look=bool(one.first_look),
    )  # fmt: skip
