"""What came of one job: its funnel, by channel, moment, wording and share, and in time.

Colleagues' shares and referrals are sums of at least FEW colleagues. Those of fewer are left out
everywhere, from the sum of all clicks too: else the difference would tell them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from rolecast.insights import FEW, Group
from rolecast.ledger import Connection, jobsums, reports
from rolecast.ledger.changes import COLLEAGUES
from rolecast.ledger.insights import Sums
from rolecast.ledger.jobsums import Line
from rolecast.outcomes import FORWARD, Stage

HOURLY = timedelta(days=3)  # up to then, a step of the time line is an hour
DAILY = timedelta(days=120)  # up to then a day; beyond, a week
SMOOTH = 1.0  # spread: a job's groups are compared by their rates alone


@dataclass(frozen=True)
class Funnel:
    """From being shown to being hired. shown None: no network counts it; counted, of: posts whose
    impressions are known, and all. The last three are of all applications to the job, whoever is
    credited; None: not measured."""

    shown: int | None
    counted: int
    of: int
    clicks: int
    applied: int | None
    interviewed: int | None
    hired: int | None


@dataclass(frozen=True)
class Step:
    """One step of the time line. start: its first moment; posts: (channel, moment) that went out
    in it."""

    start: datetime
    clicks: int
    posts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Figures:
    """Everything of one job. hidden: colleagues' sums that are left out, of fewer than FEW."""

    funnel: Funnel
    channels: tuple[Group, ...]
    moments: tuple[Group, ...]
    wordings: tuple[Group, ...]
    shares: tuple[Group, ...]  # by place
    steps: tuple[Step, ...]
    size: str  # of a step: hour, day or week
    hidden: bool


def of_job(conn: Connection, job: str, now: datetime, zone: ZoneInfo) -> Figures:
    """The figures of a job up to now; days are those of the company's zone."""
    people = jobsums.people(conn, job)
    lines, hidden = _shown(jobsums.lines(conn, job), people)
    measured = reports.measured(conn)
    posts = [line for line in lines if line.channel not in COLLEAGUES]
    size, steps = _steps(lines, jobsums.by_hour(conn, [one.link for one in lines]), now, zone)
    shares = [line for line in lines if line.channel == "share"]
    apart = all(len(people.get(line.moment, ())) >= FEW for line in shares)
    return Figures(
        _funnel(conn, job, lines, posts, measured),
        _groups(lines, lambda one: one.channel, measured),
        _groups(posts, lambda one: one.moment.split("-")[0], measured),
        _groups(posts, lambda one: one.variant, measured),
        _groups(shares, lambda one: one.moment if apart else "share", measured),
        tuple(steps),
        size,
        hidden,
    )


def _shown(lines: list[Line], people: dict[str, set[str]]) -> tuple[list[Line], bool]:
    """The lines that may be summed, and whether some may not."""
    sharers = {one for place, some in people.items() if place for one in some}
    behind = {"share": sharers, "referral": people.get("", set())}
    few = {channel for channel in COLLEAGUES if len(behind[channel]) < FEW}
    kept = [line for line in lines if line.channel not in few]
    return kept, len(kept) < len(lines)


def _groups(
    lines: Iterable[Line], name: Callable[[Line], str], measured: bool
) -> tuple[Group, ...]:
    found: dict[str, Sums] = {}
    for line in lines:
        found[name(line)] = found.get(name(line), Sums()) + line.sums
    groups = [Group(key, sums, SMOOTH, measured) for key, sums in found.items()]
    return tuple(sorted(groups, key=lambda one: (-one.clicks, one.name)))


def _funnel(
    conn: Connection, job: str, lines: list[Line], posts: list[Line], measured: bool
) -> Funnel:
    shown = [line.shown for line in posts if line.shown is not None]
    stages = jobsums.stages(conn, job)

    def came(stage: Stage) -> int | None:
        if not measured:
            return None
        return sum(stages.get(one, 0) for one in FORWARD[FORWARD.index(stage) :])

    return Funnel(
        sum(shown) if shown else None,
        len(shown),
        len(posts),
        sum(line.human for line in lines),
        sum(stages.values()) if measured else None,
        came(Stage.interviewed),
        came(Stage.hired),
    )


def _steps(
    lines: list[Line], clicks: dict[int, int], now: datetime, zone: ZoneInfo
) -> tuple[str, list[Step]]:
    """The time line from the first post to the last click or post, and the size of its steps."""
    if not lines:
        return "day", []
    hours = [line.hour for line in lines] + [hour for hour, count in clicks.items() if count]
    first, last = _local(min(hours), zone), _local(max(hours), zone)
    long = last - first
    size = "hour" if long <= HOURLY else "day" if long <= DAILY else "week"
    place = _placed(size, first)
    count = place(last) + 1
    sums, posts = [0] * count, [[] for _ in range(count)]
    for hour, some in clicks.items():
        sums[place(_local(hour, zone))] += some
    for line in lines:
        if line.channel not in COLLEAGUES:
            posts[place(_local(line.hour, zone))].append((line.channel, line.moment))
    return size, [
        Step(_start(size, first, number), sums[number], tuple(posts[number]))
        for number in range(count)
    ]


def _local(hour: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(hour * 3600, zone)


def _placed(size: str, first: datetime) -> Callable[[datetime], int]:
    """Which step a moment is in."""
    if size == "hour":  # by the clock of the world: there are 25 hours on one day of the year
        return lambda at: int((at.astimezone(UTC) - first.astimezone(UTC)).total_seconds()) // 3600
    days = 1 if size == "day" else 7
    return lambda at: (at.date() - first.date()).days // days


def _start(size: str, first: datetime, number: int) -> datetime:
    if size == "hour":
        at = first.astimezone(UTC) + timedelta(hours=number)
        return at.astimezone(first.tzinfo)
    day: date = first.date() + timedelta(days=number * (1 if size == "day" else 7))
    return datetime(day.year, day.month, day.day, tzinfo=first.tzinfo)
