"""When posts go out: windows, spacing, daily caps, turns; days on which the clock leaps."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rolecast.pace import Candidate, timetable
from rolecast.settings import DAYS, Pace, minutes

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
BERLIN = ZoneInfo("Europe/Berlin")
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")


def jobs(count, **more):
    return [
        Candidate((f"job-{n:02}", "x", "announce"), NOW, NOW + timedelta(seconds=n), **more)
        for n in range(count)
    ]


def at(found, name="job-00"):
    return found.at[name, "x", "announce"]


def test_without_a_pace_everything_goes_out_at_once():
    found = timetable(jobs(50), [], Pace(), BERLIN, NOW)
    assert set(found.at.values()) == {NOW}


def test_fifty_at_once_become_a_stream():
    pace = Pace(days=WORKDAYS, hours=("9:00-12:00", "13:00-17:00"), spacing=45, per_day=6)
    found = timetable(jobs(50), [], pace, BERLIN, NOW)
    times = [at.astimezone(BERLIN) for at in found.at.values()]
    assert len(times) == 50
    assert times[0] == NOW  # 13:00 in Berlin
    assert all(later - one >= timedelta(minutes=45) for one, later in pairwise(times))
    assert all(one.weekday() < 5 for one in times)
    assert all(9 <= one.hour < 12 or 13 <= one.hour < 17 for one in times)
    a_day = Counter(one.date() for one in times)
    assert max(a_day.values()) == 6
    assert len(a_day) == 9  # 6 a day: 50 take nine working days
    assert [slot[0] for slot in found.at] == [f"job-{n:02}" for n in range(50)]


def test_priority_then_turns_then_age():
    high = Candidate(("high", "x", "announce"), NOW, NOW + timedelta(days=1), priority="high")
    low = Candidate(("low", "x", "announce"), NOW, NOW - timedelta(days=9), priority="low")
    again = Candidate(("again", "x", "remind-1"), NOW, NOW - timedelta(days=9), before=1)
    old = Candidate(("old", "x", "announce"), NOW, NOW - timedelta(days=2))
    new = Candidate(("new", "x", "announce"), NOW, NOW)
    found = timetable([low, new, again, old, high], [], Pace(spacing=10), BERLIN, NOW)
    assert [slot[0] for slot in found.at] == ["high", "old", "new", "again", "low"]


def test_what_was_sent_counts():
    sent = [NOW - timedelta(minutes=10), NOW - timedelta(hours=1)]
    assert at(timetable(jobs(1), sent, Pace(spacing=30), BERLIN, NOW)) == NOW + timedelta(
        minutes=20
    )
    tomorrow = datetime(2026, 11, 24, tzinfo=BERLIN)
    assert at(timetable(jobs(1), sent, Pace(per_day=2), BERLIN, NOW)) == tomorrow


def test_a_post_for_which_there_is_no_time_is_told():
    closes = NOW + timedelta(minutes=50)
    found = timetable(jobs(4, until=closes), [], Pace(spacing=30), BERLIN, NOW)
    assert [slot[0] for slot in found.at] == ["job-00", "job-01"]
    assert [slot[0] for slot in found.missed] == ["job-02", "job-03"]


def test_one_that_is_not_ready_lets_others_pass():
    late = Candidate(("late", "x", "closing"), NOW + timedelta(days=3), NOW, priority="high")
    found = timetable([late, *jobs(2)], [], Pace(spacing=60), BERLIN, NOW)
    assert list(found.at.values()) == [NOW, NOW + timedelta(hours=1), NOW + timedelta(days=3)]


@pytest.mark.parametrize(
    ("now", "hours", "expected"),
    [
        # 29 March 2026: at 2:00 the clocks in Berlin leap to 3:00.
        ("2026-03-29T00:30+00:00", "2:15-4:00", "2026-03-29T01:00+00:00"),
        ("2026-03-29T00:30+00:00", "2:15-2:45", "2026-03-30T00:15+00:00"),
        ("2026-03-28T12:00+00:00", "9:00-10:00", "2026-03-29T07:00+00:00"),
        # 25 October 2026: at 3:00 they go back to 2:00.
        ("2026-10-24T23:00+00:00", "2:30-4:00", "2026-10-25T00:30+00:00"),
        ("2026-10-24T12:00+00:00", "9:00-10:00", "2026-10-25T08:00+00:00"),
        ("2026-10-25T01:30+00:00", "2:00-2:45", "2026-10-26T01:00+00:00"),
    ],
)
def test_when_the_clocks_change(now, hours, expected):
    now = datetime.fromisoformat(now)
    one = Candidate(("job-00", "x", "announce"), now, now)
    found = timetable([one], [], Pace(hours=(hours,)), BERLIN, now)
    assert at(found) == datetime.fromisoformat(expected)


def test_a_day_is_the_channels_own():
    auckland = ZoneInfo("Pacific/Auckland")
    found = timetable(jobs(2), [], Pace(per_day=1), auckland, NOW)  # 1:00 on Tuesday there
    first, second = (one.astimezone(auckland) for one in found.at.values())
    assert (first.day, second.day, second.hour) == (24, 25, 0)


@st.composite
def paces(draw):
    starts = draw(st.lists(st.integers(0, 22), max_size=2, unique=True))
    hours = tuple(f"{one}:{draw(st.sampled_from(('00', '30')))}-{one + 1}:45" for one in starts)
    return Pace(
        days=tuple(draw(st.sets(st.sampled_from(DAYS), min_size=1))),
        hours=hours,
        spacing=draw(st.sampled_from((0, 1, 45, 1500))),
        per_day=draw(st.none() | st.integers(1, 4)),
    )


@given(
    pace=paces(),
    zone=st.sampled_from(("Europe/Berlin", "America/St_Johns", "Pacific/Apia", "UTC")),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    ready=st.lists(st.integers(0, 10_000), min_size=1, max_size=12),
    sent=st.lists(st.integers(0, 2_000), max_size=3),
)
def test_every_time_is_allowed(pace, zone, start, ready, sent):
    zone = ZoneInfo(zone)
    candidates = [
        Candidate((f"j{n}", "x", "announce"), start + timedelta(minutes=wait), start)
        for n, wait in enumerate(ready)
    ]
    before = [start - timedelta(minutes=ago) for ago in sent]
    found = timetable(candidates, before, pace, zone, start)
    assert found.missed == []
    times = sorted(found.at.values())
    for slot, when in found.at.items():
        assert when >= start + timedelta(minutes=ready[int(slot[0][1:])])
        local = when.astimezone(zone)
        assert DAYS[local.weekday()] in pace.days
        minute = local.hour * 60 + local.minute
        assert not pace.hours or any(a <= minute < b for a, b in map(minutes, pace.hours))
    spacing = timedelta(minutes=pace.spacing)
    assert all(
        b - a >= spacing for a, b in pairwise(sorted([*times, max(before)] if before else times))
    )
    days = Counter(one.astimezone(zone).date() for one in [*times, *before])
    new = {one.astimezone(zone).date() for one in times}
    assert pace.per_day is None or all(
        days[day] <= max(pace.per_day, sum(b.astimezone(zone).date() == day for b in before))
        for day in new
    )


@pytest.mark.parametrize("hours", ["17:00-9:00", "9:00", "25:00-26:00", "9-24:30", "nine-five"])
def test_hours_that_make_no_sense_are_told(hours):
    with pytest.raises(ValidationError):
        Pace(hours=(hours,))


def test_a_zone_that_does_not_exist_is_told():
    with pytest.raises(ValidationError, match="Europe/Berlin"):
        Pace(timezone="Berlin")
