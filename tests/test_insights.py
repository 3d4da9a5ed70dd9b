"""What works: every figure against one that is counted in plain Python from the ledger's rows."""

import math
import random
import statistics
import subprocess
import sys
from collections import defaultdict
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from rolecast import insights, intervals, origins
from rolecast.gather import catch_up
from rolecast.insights import Period
from rolecast.intervals import Sample
from rolecast.ledger import clicks as kept
from rolecast.ledger import outcomes, results
from tests.figures import NOW, Plain, World
from tests.house import make, open_project

ZONE = ZoneInfo("Europe/Berlin")
DERIVED = ("results", "results_daily", "results_hourly", "awaited", "applications")


@pytest.fixture
def world(tmp_path):
    project = open_project(make(tmp_path))
    yield World(project.ledger)
    project.ledger.close()


def derived(world):
    """Everything that is made from other tables; sums of nothing are no sums."""
    found = {table: sorted(map(tuple, world.rows(table))) for table in DERIVED}
    for table in ("results_daily", "results_hourly"):
        found[table] = [row for row in found[table] if any(row[-8:])]
    return found


def lines(world):
    return {row.link: row for row in world.rows("results")}


@pytest.mark.both_ledgers
def test_sums_by_link_are_what_the_first_rows_say(world):
    world.busy()
    plain = Plain(world)
    found = lines(world)
    assert set(found) == set(plain.out)
    for link, row in found.items():
        assert (row.human, row.applied, row.interviewed, row.hired) == plain.line(link), link
        assert row.hour == plain.out[link]
        assert (row.channel, row.moment) == (plain.place[link].channel, plain.place[link].moment)
        assert row.variant == plain.form.get(link, "")
    days = defaultdict(lambda: [0, 0, 0])
    for row in found.values():
        into = days[row.hour // 24, row.channel, row.moment, row.variant]
        for place, figure in enumerate((1, row.human, row.human**2)):
            into[place] += figure
    kept_days = {tuple(r)[:4]: [r.links, r.human, r.squares] for r in world.rows("results_daily")}
    assert {key: sums for key, sums in kept_days.items() if any(sums)} == days


@pytest.mark.both_ledgers
def test_sums_are_the_same_in_whatever_order_things_come_to_pass(world):
    """Caught up with in one go, after every step, and made again."""
    chance, links = random.Random(5), []
    for step in range(60):
        what = chance.choice(["post", "post", "share", "click", "click", "apply", "forget"])
        if what == "post":
            links.append(world.post(f"job-{step}", "alpha", 900 - step * 10))
        elif what == "share":
            links.append(world.share(chance.randrange(3), f"job-{step}", 900 - step * 10))
        elif what == "click" and links:
            world.click(chance.choice(links), chance.randrange(1, 30))
        elif what == "apply" and links:
            world.apply(chance.choice(links), chance.uniform(1, 9), *["interviewed"][step % 2 :])
        elif what == "forget" and world.applications:
            with world.ledger.begin() as conn:
                outcomes.forget(conn, "ats", f"a{chance.randrange(world.applications) + 1}")
        if chance.random() < 0.5:
            world.catch_up()
    world.withdraw(world.rows("publications")[0].job_id, "alpha", 1)
    world.catch_up()
    before = derived(world)
    assert sum(row[-5] for row in before["results"]) > 0  # persons clicked
    with world.ledger.begin(alone="clicks") as conn:
        results.recount(conn)
    assert derived(world) == before
    with world.ledger.begin(alone="clicks") as conn:
        kept.recount(conn)
    assert derived(world) == before
    assert not catch_up(world.ledger), "nothing is new, and nothing is written"


@pytest.mark.both_ledgers
def test_clicks_before_a_post_is_known_to_be_out_are_not_lost(world):
    link = world.post("pilot", "alpha", 5)
    world.click(link, 7)
    assert lines(world) == {}
    world.catch_up()
    world.click(link, 4)
    assert lines(world)[link].human == 11
    assert results.hour_of(NOW - timedelta(hours=5)) == lines(world)[link].hour


def counted(plain, name, start, posts_only=True):
    """name(link) → links, clicks, applications of what was out since `start`."""
    found = defaultdict(lambda: [0, 0, 0])
    for link, hour in plain.out.items():
        colleague = plain.place[link].channel in ("share", "referral")
        if hour >= start and not (posts_only and colleague):
            into = found[name(link)]
            into[0] += 1
            into[1] += plain.clicks[link]
            into[2] += plain.applied(link)
    return dict(found)


def shown(compared):
    return {
        group.name: [group.sums.links, group.clicks, group.applied] for group in compared.groups
    }


@pytest.mark.parametrize("days", [30, 90, 0])
def test_comparisons_are_of_what_went_out_in_the_period(world, days):
    world.busy(8)
    plain = Plain(world)
    start = insights.since(days, NOW)
    with world.ledger.read() as conn:
        of = Period(conn, days, NOW, ZONE)
        found = {
            "channel": shown(insights.channels(of)),
            "moment": shown(insights.moments(of)),
            "form": shown(insights.wordings(of)),
            "weekday": shown(insights.weekdays(of)),
            "part": shown(insights.dayparts(of)),
        }

    def local(link):
        from datetime import datetime

        return datetime.fromtimestamp(plain.out[link] * 3600, ZONE)

    assert found["channel"] == counted(plain, lambda one: plain.place[one].channel, start, False)
    assert found["moment"] == counted(
        plain, lambda one: plain.place[one].moment.split("-")[0], start
    )
    assert found["form"] == counted(plain, plain.form.get, start)
    assert found["weekday"] == counted(plain, lambda one: str(local(one).weekday()), start)
    assert found["part"] == counted(plain, lambda one: str(local(one).hour // 3), start)


def test_a_good_channel_makes_no_wording_look_good(world):
    """alpha brings ten times as much as beta, whatever the form; `long` goes to alpha mostly."""
    for number in range(40):
        channel = "alpha" if number % 2 else "beta"
        form = "long" if (number % 2) == (number % 10 > 1) else "short"
        link = world.post(f"job-{number}", channel, 50 + number, variant=form)
        world.click(link, 100 if channel == "alpha" else 10)
    world.catch_up()
    with world.ledger.read() as conn:
        compared = insights.wordings(Period(conn, 90, NOW, ZONE))
        by_name = {group.name: group for group in compared.groups}
        naive = {name: group.per_post for name, group in by_name.items()}
        assert naive["long"] > 2 * naive["short"], "what an average alone would say"
        assert all(group.value == pytest.approx(1) for group in by_name.values())
        assert compared.leader is None


def test_the_one_in_front_is_named_only_when_it_is_certain(world):
    for number in range(30):
        for channel, clicks in (("alpha", 30), ("beta", 3)):
            world.click(world.post(f"job-{number}", channel, 50 + number), clicks)
    world.catch_up()
    with world.ledger.read() as conn:
        assert insights.channels(Period(conn, 90, NOW, ZONE)).leader.name == "alpha"
    for number in range(30):  # as good on average, and very uneven
        world.click(world.post(f"job-{number}", "gamma", 50), 0 if number else 800)
    world.catch_up()
    with world.ledger.read() as conn:
        compared = insights.channels(Period(conn, 90, NOW, ZONE))
        assert compared.leader is None
        low, high = next(g for g in compared.groups if g.name == "gamma").interval
        assert low < 6 < 70 < high


# Colleagues


def test_sums_of_fewer_than_three_colleagues_are_not_shown(world):
    world.click(world.post("pilot", "alpha", 50), 30)
    for who in (1, 2):
        link = world.share(who, "pilot", 40)
        world.click(link, 5)
        world.apply(link, 3)
    world.apply(None, 3, job="pilot")
    world.catch_up()
    with world.ledger.read() as conn:
        of = Period(conn, 90, NOW, ZONE)
        compared, parts = insights.channels(of), origins.parts(of)
    assert [group.name for group in compared.groups] == ["alpha"]
    assert compared.hidden
    assert [(one.name, one.applied) for one in parts.rows] == [("nobody", 3)]
    assert parts.hidden
    link = world.share(3, "pilot", 30)
    world.click(link, 1)
    world.apply(link, 2, "interviewed", "hired")
    world.catch_up()
    with world.ledger.read() as conn:
        of = Period(conn, 90, NOW, ZONE)
        compared, parts = insights.channels(of), origins.parts(of)
    assert [group.name for group in compared.groups] == ["alpha", "share"]
    assert not compared.hidden
    assert [(p.name, p.applied, p.hired) for p in parts.rows] == [("share", 3, 1), ("nobody", 1, 0)]


def test_where_applications_came_from(world):
    world.busy(10)
    plain = Plain(world)
    start = insights.since(90, NOW)
    with world.ledger.read() as conn:
        found = origins.parts(Period(conn, 90, NOW, ZONE))
    expected = defaultdict(lambda: [0, 0])
    for number, hour in plain.came.items():
        link = plain.credit[number]
        party = "nobody" if link is None else plain.place[link].channel
        party = party if party in ("share", "nobody") else "channel"
        if hour >= start:
            expected[party][0] += 1
            expected[party][1] += bool(plain.stages[number] & {"hired", "started"})
    assert {one.name: [one.applied, one.hired] for one in found.rows} == dict(expected)
    assert found.total == sum(count for count, _ in expected.values())
    assert sum(one.share for one in found.rows) == pytest.approx(1)


# Times


def test_time_until_somebody_applies_counts_those_who_still_wait(world):
    for number, days in enumerate([1, 2, 3, 4]):
        world.post(f"fast-{number}", "alpha", 24 * 20)
        world.apply(None, 24 * 20 - 24 * days, job=f"fast-{number}")
    for number in range(3):
        world.post(f"open-{number}", "alpha", 24 * 10)
    world.post("closed", "alpha", 24 * 20)
    world.withdraw("closed", "alpha", 24 * 18)
    world.apply(None, 24 * 30, job="known")  # before its first post
    world.post("known", "alpha", 24 * 20)
    world.catch_up()
    with world.ledger.read() as conn:
        wait = origins.wait(Period(conn, 90, NOW, ZONE))
    assert (wait.times.happened, wait.times.open, wait.earlier, wait.jobs) == (4, 4, 1, 8)
    # By hand: 7/8 at day 1; one is lost at day 2, counted as there; 6/7, 4/5, 3/4 of what is left.
    steps = [(round(t), s) for t, s in wait.times.steps]
    left = [7 / 8, 7 / 8 * 6 / 7, 7 / 8 * 6 / 7 * 4 / 5, 7 / 8 * 6 / 7 * 4 / 5 * 3 / 4]
    assert [t for t, _ in steps] == [1, 2, 3, 4]
    assert [1 - s for _, s in steps] == pytest.approx(left)
    assert round(wait.times.by(0.5)) == 4
    naive = statistics.median([1, 2, 3, 4])
    assert wait.times.by(0.5) > naive, "leaving out those who wait makes it look fast"
    assert wait.times.by(0.9) is None, "nobody knows yet"


# Intervals


def test_byars_interval_is_close_to_the_exact_one():
    """Garwood's exact limits (Biometrika 28, 1936), from tables."""
    exact = {1: (0.025, 5.572), 5: (1.623, 11.668), 10: (4.795, 18.390), 100: (81.364, 121.627)}
    assert intervals.poisson(0)[0] == 0
    assert intervals.poisson(0)[1] == pytest.approx(3.689, abs=0.03)
    for count, (low, high) in exact.items():
        found = intervals.poisson(count)
        assert found == pytest.approx((low, high), abs=0.02, rel=0.01)


def test_intervals_hold_the_truth_although_posts_differ():
    """Negative binomial clicks, ten times as uneven as chance: 95 of 100 intervals hold the mean;
    those that take clicks for Poisson hold it far less often."""
    chance, held, naive = random.Random(3), 0, 0
    for _ in range(400):
        posts = [_uneven(chance, 20.0) for _ in range(25)]
        sample = Sample(len(posts), sum(posts), sum(n * n for n in posts))
        low, high = intervals.per_member(sample, intervals.dispersion([sample]))
        held += low <= 20 <= high
        low, high = intervals.per_member(sample, 1.0)
        naive += low <= 20 <= high
    assert held / 400 > 0.9
    assert naive / 400 < 0.7


def _uneven(chance, mean):
    """Poisson with a mean that varies from post to post: variance about ten times the mean."""
    rate = chance.gammavariate(2, mean / 2)
    count, left = 0, math.exp(-rate)
    product = chance.random()
    while product > left:
        count += 1
        product *= chance.random()
    return count


def test_dispersion_is_never_below_chance_and_needs_no_groups():
    assert intervals.dispersion([]) == 1
    assert intervals.dispersion([Sample(1, 5, 25)]) == 1
    assert intervals.dispersion([Sample(3, 15, 75)]) == 1
    assert intervals.dispersion([Sample(2, 20, 400)]) == pytest.approx(20)
    assert intervals.per_member(Sample(0, 0, 0), 1) is None


def test_charts_are_loaded_by_who_draws_one_alone():
    """`rolecast --help`, `rolecast go` and the pages' start know nothing of them."""
    code = (
        "import sys\nimport rolecast.cli, rolecast.cli.web, rolecast.web.app\n"
        "from rolecast.web import workers, serve, face\n"
        "assert not {'lets_plot', 'typst', 'PIL'} & set(sys.modules), sys.modules.keys()\n"
        "from rolecast import charts\n"
        "charts.svg(charts.Bars((charts.Bar('a', 1, '1'),)))\n"
        "assert 'lets_plot' in sys.modules and 'typst' not in sys.modules"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)
