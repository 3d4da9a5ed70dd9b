"""The days that are promised, the table of a referral's states, and texts tidied."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecast import naming
from rolecast.ledger.referral_states import ENDED, ERASED, FORWARD, TRANSITIONS, State
from rolecast.outcomes import Stage
from rolecast.promises import promised
from tests.people.naming import at

DAY = timedelta(days=1)


def test_the_table_never_leads_back():
    for state, following in TRANSITIONS.items():
        if state in FORWARD:
            ahead = FORWARD[FORWARD.index(state) + 1 :]
            assert following <= {*ahead, State.rejected, State.withdrawn}
        assert state not in following
    assert set(TRANSITIONS) == set(State) == {State.asked, *FORWARD, *ENDED, *ERASED}
    assert all(naming.STATES[state] for state in State)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)), st.integers(0, 90))
def test_a_promise_is_the_end_of_a_working_day(now, days):
    now = now.replace(tzinfo=UTC)
    until = promised(now, days)
    assert until.weekday() < 5
    assert until >= now.replace(microsecond=0)
    counted, day = 0, now.date()
    while day < until.date():
        day += DAY
        counted += day.weekday() < 5
    assert counted == days or (days == 0 and now.weekday() >= 5)
    assert promised(now, days + 1) > until or (days == 0 and now.weekday() >= 5)


@pytest.mark.parametrize(
    ("now", "days", "day"),
    [
        (at(20), 10, (12, 4)),
        (at(21), 1, (11, 23)),
        (at(22), 0, (11, 23)),
        (at(27, 23), 1, (11, 30)),
    ],
)
def test_promises_by_example(now, days, day):
    until = promised(now, days)
    assert (until.month, until.day, until.hour) == (*day, 23)


def test_every_stage_of_an_application_is_a_state():
    assert {State(stage.value) for stage in Stage} <= set(State)


def test_line_breaks_of_browsers_count_once():
    assert naming.text({"note": "a\r\nb\x00\u202e  \r\n"}, "note") == "a\nb"
    assert naming.text({"note": "x\r\n" * 500}, "note").count("\n") == 499
    assert naming.line({"friend": "علی\u200cرضا  \tB\u2028C"}, "friend") == "علی\u200cرضا B C"
