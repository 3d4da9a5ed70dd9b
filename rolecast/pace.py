"""When each post goes out: a fair stream, not a flood.

A channel's posts wait for each other as its `pace` says: days and hours, time between two posts,
posts a day. Among those that wait, high priority comes first, then jobs that have had fewer posts
there, then those that are known longer. Pure: no clock, no ledger.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from rolecast.ledger.publications import Slot
from rolecast.settings import DAYS, Pace, minutes

PRIORITIES = {"high": 0, "normal": 1, "low": 2}
FARTHEST = timedelta(days=400)  # of what is foreseen


class Candidate(NamedTuple):
    """A post that is to go out. ready: not earlier; until: not from then on."""

    slot: Slot
    ready: datetime
    since: datetime  # the job is known so long
    until: datetime | None = None
    priority: str = "normal"
    before: int = 0  # posts of this job that the channel has had

    @property
    def turn(self) -> tuple[int, int, datetime, Slot]:
        """The lower goes first."""
        return PRIORITIES[self.priority], self.before, self.since, self.slot


@dataclass
class Timetable:
    """at: when each post goes out. missed: those for which there is no time before `until`."""

    at: dict[Slot, datetime] = field(default_factory=dict)
    missed: list[Slot] = field(default_factory=list)


def timetable(
    candidates: Iterable[Candidate],
    sent: Sequence[datetime],
    pace: Pace,
    zone: ZoneInfo,
    now: datetime,
) -> Timetable:
    """When each of one channel's candidates goes out.

    sent: when the channel's latest posts went out, for two days back at least. zone: the
    channel's, for its days and hours.
    """
    by_turn = sorted(candidates, key=attrgetter("turn"))
    later = sorted(((max(one.ready, now), n) for n, one in enumerate(by_turn)), reverse=True)
    ready: list[int] = []  # a heap of places in by_turn
    calendar, found = _Calendar(pace, zone, sent), Timetable()
    at = now
    while later or ready:
        if not ready:
            at = max(at, later[-1][0])
        at = calendar.next(at)
        if at - now > FARTHEST:
            found.missed += [by_turn[n].slot for n in ready + [n for _, n in later]]
            break
        while later and later[-1][0] <= at:
            heapq.heappush(ready, later.pop()[1])
        while ready:  # or the next free time is before the next is ready
            one = by_turn[heapq.heappop(ready)]
            if one.until is None or at < one.until:
                found.at[one.slot] = at
                calendar.take(at)
                break
            found.missed.append(one.slot)
    return found


class _Calendar:
    """The times at which a channel may post."""

    def __init__(self, pace: Pace, zone: ZoneInfo, sent: Sequence[datetime]):
        self.pace, self.zone = pace, zone
        self.spacing = timedelta(minutes=pace.spacing)
        self.weekdays = {DAYS.index(day) for day in pace.days}
        self.any_time = not pace.hours and pace.per_day is None and len(pace.days) == len(DAYS)
        self.hours = sorted(minutes(text) for text in pace.hours) or [(0, 24 * 60)]
        self.windows: dict[date, list[tuple[datetime, datetime]]] = {}
        self.taken: Counter[date] = Counter()
        self.last: datetime | None = None
        for at in sent:
            self.take(at)

    def take(self, at: datetime) -> None:
        """A post goes out then."""
        self.last = at if self.last is None else max(self.last, at)
        if self.pace.per_day is not None:
            self.taken[at.astimezone(self.zone).date()] += 1

    def next(self, at: datetime) -> datetime:
        """The earliest time from `at` on at which one more may go out."""
        if self.last is not None:
            at = max(at, self.last + self.spacing) if self.spacing else at
        if self.any_time:
            return at
        day = at.astimezone(self.zone).date()
        for _ in range(FARTHEST.days):
            if day.weekday() in self.weekdays and not self._full(day):
                for opens, closes in self._windows(day):
                    if at < closes:
                        return max(at, opens)
            day += timedelta(days=1)
        return at + 2 * FARTHEST

    def _windows(self, day: date) -> list[tuple[datetime, datetime]]:
        """The hours of a day as instants; none where the clock leaps over them."""
        if day not in self.windows:
            found = [
                (self._instant(day, start), self._instant(day, end)) for start, end in self.hours
            ]
            self.windows[day] = [(opens, closes) for opens, closes in found if opens < closes]
        return self.windows[day]

    def _full(self, day: date) -> bool:
        return self.pace.per_day is not None and self.taken[day] >= self.pace.per_day

    def _instant(self, day: date, minute: int) -> datetime:
        """A wall-clock time of a day: the leap itself for one that the clock leaps over, the first
        for one that it shows twice."""
        if minute == 24 * 60:
            day, minute = day + timedelta(days=1), 0
        wall = datetime.combine(day, time(minute // 60, minute % 60))
        skipped = False
        while (at := wall.replace(tzinfo=self.zone).astimezone(UTC)).astimezone(self.zone).replace(
            tzinfo=None
        ) != wall:
            wall, skipped = wall - timedelta(minutes=1), True
        return at + timedelta(minutes=1) if skipped else at


def zone_of(pace: Pace, company: str) -> ZoneInfo:
    """The zone of a channel's days and hours."""
    return ZoneInfo(pace.timezone or company)


def by_channel(candidates: Iterable[Candidate]) -> Mapping[str, list[Candidate]]:
    """Channel → its candidates."""
    found: dict[str, list[Candidate]] = {}
    for one in candidates:
        found.setdefault(one.slot[1], []).append(one)
    return found
