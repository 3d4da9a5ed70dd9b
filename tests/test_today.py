"""Today's calendar: what pages read from the ledger is what planning everything would say, after
partial plans, for jobs that end, and on both ledgers."""

import random
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from rolecast import desk, today
from rolecast.publish import carry_out, now_utc
from tests.fakes import Town
from tests.house import drop, make, open_project, publish, spec
from tests.lives import START

pytestmark = pytest.mark.both_ledgers
SETTINGS = """
[channels.free]
connector = "fake"
[channels.free.policy]
remind = { every = 2, times = 3 }
closing = 2
[channels.slow]
connector = "fake"
[channels.slow.pace]
spacing = 37
hours = ["9:00-18:30"]
[channels.slow.policy]
remind = { every = 1, times = 2 }
[channels.few]
connector = "fake"
[channels.few.pace]
per_day = 3
timezone = "America/New_York"
[channels.few.policy]
remind = { every = 3, times = 2 }
closing = 1
"""


class Street:
    """Some jobs and three channels: one without turns, two with."""

    def __init__(self, tmp_path, settings=SETTINGS):
        self.root, self.now, self.town = make(tmp_path, settings), START, Town()
        self.project = self.town.project(self.root)

    def drop(self, number, **fields):
        drop(self.root, f"job-{number}", spec(title=f"Job {number}", **fields))

    def plan(self):
        return self.project.plan(now=self.now, wait=0, allow_removals=True).plan

    def run(self):
        for _ in range(2):
            changes = [one for one in self.plan().changes if not one.needs_approval]
            carry_out(self.project.ledger, self.project.channels, changes, lambda channel: None,
                      clock=lambda: self.now)  # fmt: skip

    def still(self):
        """As the page tells it."""
        with self.project.ledger.read() as conn:
            return _slots(today.still(conn, self.project.channels, "UTC", self.now, self.ends))

    def foreseen(self):
        """As planning everything tells it."""
        return _slots(
            one for one in self.project.calendar(self.now, days=1)
            if one.at <= self.ends and not one.asks
        )  # fmt: skip

    @property
    def ends(self):
        day = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        return day + timedelta(days=1) - timedelta(microseconds=1)

    def kept(self):
        with self.project.ledger.read() as conn:
            return {row[0] for row in conn.exec_driver_sql("select job_id from coming")}


def _slots(found):
    return sorted((one.at, one.slot, one.priority, one.first_look) for one in found)


@pytest.fixture
def street(tmp_path):
    made = []

    def begin(*args):
        made.append(Street(tmp_path, *args))
        return made[-1]

    yield begin
    for one in made:
        one.project.ledger.close()


def test_a_week_of_partial_plans_says_what_planning_everything_would(street):
    street, chance, seen = street(), random.Random(5), 0
    for hour in range(0, 7 * 24, 5):
        street.now = START + timedelta(hours=hour, minutes=chance.randrange(60))
        day = street.now.date()
        for _ in range(chance.randrange(4)):
            number = chance.randrange(25)
            fields = chance.choice([
                {}, {"priority": "high"}, {"first_look": 1}, {"status": "filled"},
                {"closes": str(day + timedelta(days=chance.randrange(9)))},
                {"opens": str(day + timedelta(days=1))},
            ])  # fmt: skip
            street.drop(number, **fields)
        if hour % 35 == 0:
            (street.root / "jobspecs" / f"job-{chance.randrange(25)}.yaml").unlink(missing_ok=True)
        street.run()
        assert street.still() == street.foreseen(), street.now
        street.now += timedelta(hours=1)  # and nobody has planned again
        assert street.still() == street.foreseen(), street.now
        seen += len(street.still())
    assert seen > 100


def test_a_job_that_has_long_been_quiet_is_there_on_its_day(street):
    street = street('[channels.free]\nconnector = "fake"\n[channels.free.policy]\n'
                    "remind = { every = 9, times = 2 }\n")  # fmt: skip
    street.drop(1)
    street.run()
    street.now = START + timedelta(days=8, hours=13)
    assert street.plan().scheduled == ()
    assert [(slot, at - START) for at, slot, *_ in street.still()] == [
        (("job-1", "free", "remind-1"), timedelta(days=9))
    ]
    assert street.still() == street.foreseen()


@pytest.mark.parametrize("few", [0, 500])  # what one question may name
def test_a_plan_of_one_job_leaves_the_others_where_they_were(street, few, monkeypatch):
    monkeypatch.setattr("rolecast.ledger.coming.FEW", few)
    street = street('[channels.free]\nconnector = "fake"\n[channels.free.policy]\n'
                    "remind = { every = 1, times = 2 }\n")  # fmt: skip
    for number in range(6):
        street.drop(number)
    street.run()
    street.now += timedelta(hours=13)
    before = street.still()
    assert len(before) == 6
    street.drop(7, priority="high")
    street.run()
    assert street.kept() == {f"job-{n}" for n in (*range(6), 7)}
    assert street.still() == street.foreseen() == before


@pytest.mark.parametrize("how", ["removed", "filled", "closes", "broken"])
def test_what_a_job_had_coming_goes_with_it(street, how):
    street = street()
    for number in range(5):
        street.drop(number)
    street.run()
    assert "job-3" in street.kept()
    path = street.root / "jobspecs" / "job-3.yaml"
    if how == "removed":
        path.unlink()
    elif how == "broken":
        path.write_text("title: [", "utf-8")
    else:
        street.drop(3, **({"status": "filled"} if how == "filled" else {"closes": "2026-11-20"}))
    street.now += timedelta(minutes=1)
    street.run()
    assert "job-3" not in street.kept()
    assert "job-4" in street.kept()


def test_what_has_gone_out_since_the_plan_is_not_still_to_come(street):
    street = street()
    street.drop(1)
    street.plan()
    assert [slot[1] for _, slot, *_ in street.still()] == ["few", "slow"]
    for change in street.plan().changes:
        carry_out(street.project.ledger, street.project.channels, [change], lambda channel: None,
                  clock=lambda: street.now)  # fmt: skip
    assert street.still() == []


def test_what_waits_for_somebody_has_no_turn(street):
    street = street(SETTINGS + 'approval = "always"\n')
    for number in range(3):
        street.drop(number)
    street.run()
    street.now += timedelta(minutes=1)
    assert {slot[1] for _, slot, *_ in street.still()} == {"slow"}


def test_nothing_is_written_where_nothing_has_changed(street):
    street = street()
    for number in range(5):
        street.drop(number)
    street.run()
    with street.project.ledger.begin() as conn:
        where = "job_id = 'job-4' and channel = 'slow'"
        conn.exec_driver_sql(f"update coming set priority = 'low' where {where}")
        before = conn.exec_driver_sql("select * from coming order by 1, 2, 3").all()
    street.plan()
    with street.project.ledger.read() as conn:
        after = conn.exec_driver_sql("select * from coming order by 1, 2, 3").all()
    assert len(set(before) ^ set(after)) == 2  # that row alone: as it was, and as it is


def test_what_went_out_today_is_told_last_first(street):
    street = street()
    for number in range(4):
        street.drop(number)
    street.now += timedelta(hours=-2)
    street.run()
    street.now += timedelta(hours=2, minutes=11)
    street.run()
    zone = ZoneInfo("Europe/Berlin")
    with street.project.ledger.read() as conn:
        found = today.of(conn, street.project.channels, zone.key, street.now)
        posted = conn.exec_driver_sql("select count(*) from attempts").scalar()
    assert found.out == posted == len(street.town.posts)
    assert found.sent[0].at == max(one.at for one in found.sent) == street.now
    assert len(found.sent) == min(found.out, today.FIRST)
    street.drop(1, summary="Other words.")
    street.run()  # edits, which are no new posts
    street.now += timedelta(days=1)
    with street.project.ledger.read() as conn:
        assert today.of(conn, street.project.channels, zone.key, street.now).out == 0


def test_what_a_person_has_posted_went_out_and_what_they_edited_did_not(tmp_path):
    make(tmp_path, '[channels.campus]\nconnector = "byhand"\nwhere = "Campus"\n', pilot=spec())
    slot = ("pilot", "campus", "announce")
    for text in ("Once.", "Twice."):
        drop(tmp_path, "pilot", spec(summary=text))
        publish(tmp_path)
        project = open_project(tmp_path)
        desk.it_is_there(project.ledger, slot, "https://campus.example/1", "kim", now_utc())
        with project.ledger.read() as conn:
            found = today.of(conn, project.channels, "UTC", now_utc())
        assert [(one.job_id, one.channel, one.moment) for one in found.sent] == [slot]
        assert found.sent[0].state == "live"
        project.ledger.close()
