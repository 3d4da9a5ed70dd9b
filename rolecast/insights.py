"""What works: channels, times, moments and wordings compared, with how sure one can be.

A comparison is of what went out in a period and of all that has come of it since. Colleagues'
shares and referrals are sums of at least FEW colleagues, or not shown.

Moments and wordings are not spread evenly over channels: a short form goes where texts have to be
short. So they are compared with what posts on the same channels bring on average (indirect
standardisation, Breslow and Day 1987, 2.3): a good channel makes no wording look good.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from rolecast import intervals
from rolecast.intervals import Sample
from rolecast.ledger import Connection, insights, reports
from rolecast.ledger.changes import COLLEAGUES
from rolecast.ledger.insights import Sums
from rolecast.ledger.results import hour_of
from rolecast.reports import wilson

PERIODS = (30, 90, 365, 0)  # days; 0: all
FEW = 3  # colleagues at least behind a sum that is shown
ENOUGH = 20  # clicks by persons, or applications, before anything is compared
POSTS = 3  # of a group, before its figures are taken for firm
PART = 3  # hours of a part of the day


@dataclass(frozen=True)
class Group:
    """One of those compared. name: a channel's, a moment's, a form's, or a number (0 is Monday, or
    the first part of the day). spread: how unevenly clicks fall on posts; see
    rolecast.intervals. measured: whether anybody tells what becomes of applications. expected: the
    clicks that as many posts on the same channels bring on average; None: that is not asked."""

    name: str
    sums: Sums
    spread: float
    measured: bool
    expected: float | None = None

    @property
    def clicks(self) -> int:
        """By persons."""
        return self.sums.human

    @property
    def firm(self) -> bool:
        """Whether there is enough to go by."""
        return self.sums.links >= POSTS and self.clicks >= ENOUGH

    @property
    def per_post(self) -> float | None:
        """Clicks by persons."""
        return self.clicks / self.sums.links if self.sums.links else None

    @property
    def per_post_interval(self) -> tuple[float, float] | None:
        """Where the true figure lies."""
        sample = Sample(self.sums.links, self.sums.human, self.sums.squares)
        return intervals.per_member(sample, self.spread)

    @property
    def value(self) -> float | None:
        """What groups are compared by: clicks per post, or how many times what is expected."""
        if self.expected is None:
            return self.per_post
        return self.clicks / self.expected if self.expected else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the true value lies."""
        if self.expected is None or self.per_post_interval is None:
            return self.per_post_interval
        if not self.expected:
            return None
        low, high = (end * self.sums.links / self.expected for end in self.per_post_interval)
        return low, high

    @property
    def applied(self) -> int | None:
        """Applications; None: not measured."""
        return self.sums.applied if self.measured else None

    @property
    def interviewed(self) -> int | None:
        """Those that came to an interview; None: not measured."""
        return self.sums.interviewed if self.measured else None

    @property
    def hired(self) -> int | None:
        """Those that ended with a hire; None: not measured."""
        return self.sums.hired if self.measured else None

    @property
    def shown(self) -> int | None:
        """Impressions of the posts that the network counts; None: of none."""
        return self.sums.shown if self.sums.counted else None

    @property
    def rate(self) -> float | None:
        """Applications per click; None where that says nothing."""
        if not self.measured or not self.clicks or self.sums.applied > self.clicks:
            return None
        return self.sums.applied / self.clicks

    @property
    def rate_interval(self) -> tuple[float, float] | None:
        """Where the true rate lies."""
        return None if self.rate is None else wilson(self.sums.applied, self.clicks)


@dataclass(frozen=True)
class Compared:
    """Groups beside each other. hidden: colleagues' sums that are not shown, of fewer than FEW."""

    what: str
    groups: tuple[Group, ...]
    hidden: bool = False

    @property
    def clicks(self) -> int:
        """Of all groups."""
        return sum(one.clicks for one in self.groups)

    @property
    def enough(self) -> bool:
        """Whether there is anything to compare."""
        return self.clicks >= ENOUGH

    @cached_property
    def firm(self) -> list[Group]:
        """Those with enough to go by, the best first."""
        return sorted((g for g in self.groups if g.firm), key=lambda g: -(g.value or 0))

    @property
    def leader(self) -> Group | None:
        """The one that is certainly ahead of every other: their intervals do not meet."""
        if len(self.firm) < 2:
            return None
        first, *others = self.firm
        beyond = max(one.interval[1] for one in others)
        return first if first.interval[0] > beyond else None


def since(days: int, now: datetime) -> int:
    """The hour at which a period begins, the first of a day in UTC; 0 days: the first of all."""
    return hour_of(now - timedelta(days=days)) // 24 * 24 if days else 0


class Period:
    """What is known of a period: of the last `days` up to now, 0 for all. Reads each sum once."""

    def __init__(self, conn: Connection, days: int, now: datetime, zone: ZoneInfo):
        self.conn, self.days, self.now, self.zone = conn, days, now, zone
        self.start = since(days, now)

    @cached_property
    def groups(self) -> dict[tuple[str, str, str], Sums]:
        """See rolecast.ledger.insights."""
        return insights.groups(self.conn, self.start)

    @cached_property
    def week(self) -> dict[tuple[int, int], Sums]:
        """(day, part of the day) in which posts went out, in the company's time → what came of
        them."""
        found: dict[tuple[int, int], list[int]] = {}
        for hour, *figures in insights.hours(self.conn, self.start):
            at = datetime.fromtimestamp(hour * 3600, self.zone)
            into = found.setdefault((at.weekday(), at.hour // PART), [0] * len(figures))
            for place, figure in enumerate(figures):
                into[place] += figure
        return {key: Sums(*figures) for key, figures in found.items()}

    @cached_property
    def measured(self) -> bool:
        """Whether anybody tells what becomes of applications."""
        return reports.measured(self.conn)


def channels(of: Period) -> Compared:
    """By channel, most clicks per post first; colleagues' shares and referrals among them."""
    found: dict[str, Sums] = {}
    for (channel, _, _), sums in of.groups.items():
        found[channel] = found.get(channel, Sums()) + sums
    few = {
        name
        for name, count in (("share", insights.sharers), ("referral", insights.namers))
        if name in found and count(of.conn, of.start, FEW) < FEW
    }
    shown = {name: sums for name, sums in found.items() if name not in few}
    return _compared(of, "channels", shown, hidden=bool(few))


def moments(of: Period) -> Compared:
    """By why a post was made, all reminders together; within the same channels."""
    return _within(of, "moments", lambda moment, variant: moment.split("-")[0])


def wordings(of: Period) -> Compared:
    """By form of the template, and whose words it begins with; within the same channels."""
    return _within(of, "wordings", lambda moment, variant: variant)


def weekdays(of: Period) -> Compared:
    """By the day of the week on which a post went out."""
    return _timed(of, "weekdays", lambda day, part: str(day))


def dayparts(of: Period) -> Compared:
    """By the time of day at which a post went out, PART hours together."""
    return _timed(of, "dayparts", lambda day, part: str(part))


def _timed(of: Period, what: str, name: Callable[[int, int], str]) -> Compared:
    found: dict[str, Sums] = {}
    for when, sums in of.week.items():
        key = name(*when)
        found[key] = found.get(key, Sums()) + sums
    return _compared(of, what, found, in_order=True)


def _within(of: Period, what: str, name: Callable[[str, str], str]) -> Compared:
    cells: dict[tuple[str, str], Sums] = {}
    channels: dict[str, Sums] = {}
    for (channel, moment, variant), sums in of.groups.items():
        if channel not in COLLEAGUES:
            key = channel, name(moment, variant)
            cells[key] = cells.get(key, Sums()) + sums
            channels[channel] = channels.get(channel, Sums()) + sums
    found: dict[str, Sums] = {}
    expected: dict[str, float] = {}
    for (channel, into), sums in cells.items():
        average = channels[channel].human / channels[channel].links
        found[into] = found.get(into, Sums()) + sums
        expected[into] = expected.get(into, 0.0) + average * sums.links
    return _compared(of, what, found, expected=expected, cells=list(cells.values()))


def _compared(
    of: Period,
    what: str,
    found: Mapping[str, Sums],
    *,
    in_order: bool = False,
    hidden: bool = False,
    expected: Mapping[str, float] | None = None,
    cells: Sequence[Sums] = (),
) -> Compared:
    """cells: groups within which posts differ by chance alone; those compared, unless told."""
    alike = cells or list(found.values())
    spread = intervals.dispersion(Sample(one.links, one.human, one.squares) for one in alike)
    groups = [
        Group(name, sums, spread, of.measured, expected[name] if expected is not None else None)
        for name, sums in found.items()
    ]
    order = (lambda g: int(g.name)) if in_order else (lambda g: (-(g.value or 0), g.name))
    return Compared(what, tuple(sorted(groups, key=order)), hidden)
