"""The desk's first page: the numbers against plain counting, today, and its languages."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from rolecast import numbers
from rolecast.ledger import overview
from rolecast.publish import now_utc
from rolecast.web import desk as page_of_desk
from tests.figures import CAME, Plain, World
from tests.house import BOARD, drop, make, open_project, publish, site, spec
from tests.web.test_pages import desk_of

pytestmark = pytest.mark.both_ledgers
ZONE = ZoneInfo("UTC")


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.figures.NOW", datetime.now(UTC))
    today = datetime.now(UTC).date()
    days = {name: str(today + timedelta(days=n)) for name, n in (("ago", -3), ("soon", 3))}
    project = open_project(
        make(
            tmp_path, BOARD, job_0=spec(), job_1=spec(closes=days["soon"]),
            job_2=spec(closes=days["ago"]), job_3=spec(opens=days["soon"]),
            job_4=spec(status="draft"), job_5=spec(status="filled"), job_6=spec(),
            job_7=spec(closes=str(today), opens=str(today)),
        )
    )  # fmt: skip
    project.plan(wait=0)
    (tmp_path / "jobspecs" / "job-6.yaml").unlink()
    project.plan(wait=0)
    with project.ledger.begin() as conn:
        conn.exec_driver_sql("delete from publications")
        conn.exec_driver_sql("delete from links")
    with site(project) as web:
        web.project, web.world = project, World(project.ledger, 4)
        yield web
    project.ledger.close()


def figures(web, **headers):
    """What the page says: address → (figure, what stands beside it)."""
    html = web.get("/desk", headers=headers).text
    rows = re.findall(r'<dt><a href="([^"]+)">.*?</a></dt><dd>(.*?)</dd>', html, re.S)
    return {
        to: (re.sub("<small>.*</small>|<[^>]+>", "", told, flags=re.S).strip(),
             " ".join(re.findall("<small>(.*?)</small>", told, re.S)))
        for to, told in rows
    }  # fmt: skip


def test_the_numbers_are_those_of_the_first_rows(house):
    world = house.world
    world.busy(6)
    for ago in (30, 200, 400):  # hours: in the last seven days, and in those before
        world.click(world.post("job-9", "beta", 500, f"remind-{ago // 100}"), ago // 10, ago)
    world.catch_up()
    plain, now = Plain(world), datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)

    def clicks(first, last):
        begin, end = (midnight - timedelta(days=n) for n in (first, last))
        return sum(
            row._mapping["class"] == "human"
            and begin <= datetime.fromtimestamp(row.at / 1e6, UTC) < end
            for row in world.rows("clicks")
        )

    since = int((midnight - timedelta(days=30)).timestamp()) // 3600
    lately = {n for n, hour in plain.came.items() if hour >= since}
    shares = [row for row in world.rows("shares") if _utc(row.made) >= midnight - timedelta(30)]
    assert len({row.person_id for row in world.rows("shares")}) >= 3
    with house.project.ledger.read() as conn:
        found = numbers.of(conn, ZONE, now)
    assert found == numbers.Numbers(
        jobs=3,
        posts=sum(row.state == "live" for row in world.rows("publications")),
        clicks=clicks(7, 0),
        before=clicks(14, 7),
        today=clicks(0, -1),
        applied=len(lately),
        interviewed=sum(bool(plain.stages[n] & set(CAME)) for n in lately),
        hired=sum(bool(plain.stages[n] & {"hired", "started"}) for n in lately),
        shares=len(shares),
        referrals=0,
    )
    assert min(found.clicks, found.before, found.applied, found.hired, found.shares) > 0
    told = figures(house)
    assert told["/desk/grid"][0] == "3"
    assert told["/desk/insights"] == (
        f"{found.clicks:,}",
        f"{found.before:,} in the 7 days before, {found.today:,} so far today",
    )
    assert told["/desk/report"] == (
        f"{found.applied:,}",
        f"of them {found.interviewed:,} with an interview, {found.hired:,} with a hire",
    )
    for path in told:
        assert house.get(path.replace("&amp;", "&")).status_code == 200


def _utc(at):
    at = datetime.fromisoformat(at) if isinstance(at, str) else at
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def test_nothing_yet_is_told(house):
    html = house.get("/desk").text
    assert "No post has gone out today, and none will as things stand." in html
    told = figures(house)
    assert told["/desk/grid?state=live"] == ("0", "")
    assert told["/desk/report"][0] == "–"
    assert "not measured" in told["/desk/report"][1]
    order = [html.index(f'id="{name}"') for name in ("needs", "today", "figures", "all")]
    assert order == sorted(order)


def test_two_colleagues_clicks_and_shares_are_not_shown(house):
    world = house.world
    world.click(world.post("job-1", "alpha", 300), 5, 48)
    for who in (1, 2):
        world.click(world.share(who, "job-1", 60), 7, 48)
    world.catch_up()
    told = figures(house)
    assert told["/desk/insights"][0] == "5"
    assert told["/desk/report?by=share"] == ("", "fewer than 3 colleagues")
    world.share(3, "job-1", 40)
    world.catch_up()
    told = figures(house)
    assert told["/desk/insights"][0] == "19"
    assert told["/desk/report?by=share"][0] == "3"


def test_a_ledger_from_before_knows_first_days(house):
    """What the migration fills in is what planning writes."""
    import importlib

    with house.project.ledger.read() as conn:
        before = conn.exec_driver_sql("select job_id, opens from overview order by 1").all()
    assert sum(opens is not None for _, opens in before) == 2
    module = importlib.import_module("rolecast.ledger.migrations.versions.0008_coming")
    with house.project.ledger.begin() as conn:
        conn.exec_driver_sql("update overview set opens = null")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module.op, "get_bind", lambda: conn, raising=False)
            module._first_days()
    with house.project.ledger.read() as conn:
        assert before == conn.exec_driver_sql("select job_id, opens from overview order by 1").all()


def test_today_stands_on_the_page(tmp_path):
    life, web = desk_of(tmp_path, pace="spacing = 1")
    for number in range(15):
        drop(life.root, f"job-{number}", spec(title=f"Job {number}"))
    life.now = now_utc()
    if life.now.hour == 23 and life.now.minute > 30:
        pytest.skip("the day is nearly over")
    life.run()
    html = web.get("/desk").text
    part = html[html.index('id="today"') : html.index('id="figures"')]
    later, out = part.split('id="out"')
    assert later.count("<li>") == 10  # the first ten of 15
    assert "<small>15</small>" in later
    assert out.count("<li>") == 1
    assert 'href="/desk/calendar"' in part
    shown = [one for one in life.project.calendar(life.now) if one.at.date() == life.now.date()]
    times = [f"{one.at:%H:%M}" for one in shown][:10]
    assert re.findall(r">(\d\d:\d\d)</time>", later) == times
    life.project.ledger.close()


def test_many_that_need_somebody_are_left_to_the_grid(tmp_path, monkeypatch):
    monkeypatch.setattr(page_of_desk, "MOST", 2)
    make(tmp_path, BOARD + '[channels.campus]\nconnector = "byhand"\nwhere = "Campus"\n',
         **{f"job_{n}": spec(title=f"Job {n}") for n in range(4)})  # fmt: skip
    publish(tmp_path)
    project = open_project(tmp_path)
    with site(project) as web:
        html = web.get("/desk").text
        assert html.count("Text to post") == 2
        assert 'href="/desk/grid?needs=1"' in html
    project.ledger.close()


def test_the_older_pages_speak_german(house):
    world = house.world
    world.apply(world.post("job-1", "alpha", 50), 20, "interviewed")
    world.catch_up()
    german = {"Accept-Language": "de"}
    expected = {
        "/desk": ("Braucht jetzt jemanden", "Die Zahlen", "Beiträge online"),
        "/desk/report": ("Was wozu geführt hat", "Klicks von Menschen", "Nach Kanal"),
        "/desk/report?by=moment": ("Ankündigung",),
        "/desk/calendar": ("Kalender", "Neue Beiträge der nächsten zwei Wochen"),
        "/desk/applications/a1": ("Wem es angerechnet wird", "Vorstellungsgespräch"),
        "/desk/jobs/job-1": ("veröffentlichen", "erledigt"),
        "/desk/applications/none": ("Es gibt keine Bewerbung none.",),
    }
    for path, words in expected.items():
        html = house.get(path, headers=german).text
        assert [word for word in words if word not in html] == [], path
    form = {"token": re.search(r'name="token" value="([^"]+)"', house.get("/desk/report").text)[1]}
    answer = house.post("/desk/decide", data=form | {"what": "nonsense"}, headers=german)
    assert (answer.status_code, "Wähle einen der Knöpfe." in answer.text) == (422, True)
    with house.project.ledger.read() as conn:
        assert overview.titles(conn, ["job-1"])  # titles come from there
