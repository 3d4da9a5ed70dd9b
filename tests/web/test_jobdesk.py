"""A job on the desk, and insights: figures on the pages against plain Python, charts' data against
tables, previews as readers see them, and who may see any of it."""

import csv
import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest

from rolecast import comparing, drawing, insights, insightwords, jobfigures, jobtelling, previews
from rolecast.charts import Bars, Curve, Intervals, Line, png, svg
from rolecast.connector import Counts
from rolecast.counting import count
from rolecast.insights import Period
from rolecast.ledger import counts, publications
from rolecast.sections import Tell
from rolecast.web import insights as page_of_insights
from tests.colleagues import PEOPLE, browser
from tests.fakes import Fake, Town
from tests.figures import Plain, World
from tests.house import BOARD, drop, make, open_project, publish, site, spec

CHANNELS = (
    BOARD
    + """
[channels.alpha]
connector = "bluesky"
handle = "careers.example.com"
[channels.beta]
connector = "linkedin"
author = "urn:li:organization:2414183"
[channels.beta.cost]
per_month = 60
[channels.gamma]
connector = "x"
handle = "ostrelund"
[channels.forum]
connector = "discourse"
url = "https://forum.example.com"
user = "careers"
category = 5
[channels.blog]
connector = "wordpress"
url = "https://blog.example.com"
user = "rolecast"
[channels.chat]
connector = "slack"
channel = "C0123456789"
"""
)
ZONE = ZoneInfo("UTC")
LONG = "\n\n".join(f"Paragraph {n} of an advert that says a lot." for n in range(9))


@pytest.fixture
def house(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.figures.NOW", datetime.now(UTC))
    names = {f"job_{n}": spec(title=f"Pilot {n}") for n in range(6)}
    project = open_project(make(tmp_path, CHANNELS, **names))
    project.plan(wait=0)  # so that the jobs are known; what it would publish is not wanted
    with project.ledger.begin() as conn:
        conn.exec_driver_sql("delete from publications")
        conn.exec_driver_sql("delete from links")
    world = World(project.ledger, 2)
    with site(project, previews=project.previews) as web:
        web.project, web.world = project, world
        yield web
    project.ledger.close()


def busy(web):
    web.world.busy(6)
    return Plain(web.world)


class Tables(HTMLParser):
    """The tables of a page by the id of the heading they stand under: rows of texts."""

    def __init__(self, html):
        super().__init__()
        self.found, self._part, self._cell = {}, "", None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag in ("h2", "h3"):
            self._part = attrs.get("id", "")
        elif tag == "tr":
            self.found.setdefault(self._part, []).append([])
        elif tag in ("td", "th"):
            self._cell = []

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.found[self._part][-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data):
        if self._cell is not None:
            self._cell.append(data)


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.both_ledgers
def test_the_jobs_figures_are_those_of_the_first_rows(house):
    plain = busy(house)
    page = house.get("/desk/jobs/job-1")
    assert page.status_code == 200
    tables = Tables(page.text).found
    mine = {link: row for link, row in plain.place.items() if row.job_id == "job-1"}
    sharers = {row.person_id for row in house.world.rows("shares") if row.job_id == "job-1"}
    seen = {c for c in mine if mine[c].channel != "share" or len(sharers) >= 3}
    expected = {}
    for link in seen:
        name = mine[link].channel
        name = "Colleagues’ shares" if name == "share" else name
        into = expected.setdefault(name, [0, 0, 0, 0, 0])
        for place, figure in enumerate((1, *plain.line(link))):
            into[place] += figure
    got = {row[0]: [int(row[n]) for n in (1, 3, 4, 5, 6)] for row in tables["channels"][1:]}
    assert got == expected
    funnel = dict(tables["funnel"][1:])
    assert funnel["Shown"] == "not measured"
    assert int(funnel["Clicks by persons"]) == sum(plain.clicks[link] for link in seen)
    applied = [n for n, job in plain.job.items() if job == "job-1"]
    assert int(funnel["Applications"]) == len(applied)
    came = sum(bool(plain.stages[n] & {"interviewed", "hired", "started"}) for n in applied)
    assert int(funnel["Interviews"]) == came
    assert sum(int(row[1]) for row in tables["timeline"][1:]) == sum(
        plain.clicks[link] for link in seen
    )
    exported = rows_of(house.get("/desk/jobs/job-1/channels.csv").text)
    assert {row["name"]: int(row["clicks"]) for row in exported} == {
        "share" if name.startswith("Coll") else name: sums[1] for name, sums in expected.items()
    }


@pytest.mark.both_ledgers
def test_the_figures_of_insights_are_those_of_the_first_rows(house):
    plain = busy(house)
    page = house.get("/desk/insights?days=0").text
    got = {row[0]: row for row in Tables(page).found["channels"][1:]}
    for name in ("alpha", "beta", "gamma"):
        links = [c for c, row in plain.place.items() if row.channel == name and c in plain.out]
        sums = [sum(figures) for figures in zip(*(plain.line(c) for c in links), strict=True)]
        assert [int(got[name][n]) for n in (1, 3, 5, 6, 7)] == [len(links), *sums], name
        value = float(got[name][4].split()[0])
        assert value == pytest.approx(sums[0] / len(links), rel=0.03)
    exported = rows_of(house.get("/desk/insights/channels.csv?days=0").text)
    assert {row["name"]: row["clicks"] for row in exported}["alpha"] == got["alpha"][3]


def test_charts_show_what_the_tables_say(house):
    busy(house)
    tell = Tell("de")
    with house.project.ledger.read() as conn:
        of = Period(conn, 0, datetime.now(UTC), ZONE)
        for make_section in (insights.channels, insights.wordings, insights.weekdays):
            compared = make_section(of)
            chart = comparing.section(compared, tell).pictures[0].chart
            shown = {row.name: (row.value, row.low, row.high) for row in chart.rows}
            section = comparing.section(compared, tell)
            at = [section.fields.index(f"value{end}") for end in ("", "_low", "_high")]
            assert shown == {row[0].text: tuple(row[n].value for n in at) for row in section.rows}
        found = jobfigures.of_job(conn, "job-1", datetime.now(UTC), ZONE)
    section = jobtelling.timeline(found, tell)
    chart = section.pictures[0].chart
    assert list(chart.values) == [row[1].value for row in section.rows]
    marks = [
        n for n, row in enumerate(section.rows) for _ in filter(None, row[2].value.split(", "))
    ]
    assert sorted(int(mark.at) for mark in chart.marks) == marks
    bars = jobtelling.funnel(found, tell).pictures[0].chart
    assert [bar.value for bar in bars.rows] == [
        row[1].value for row in jobtelling.funnel(found, tell).rows
    ]


def test_every_picture_and_table_of_the_pages_is_there(house):
    busy(house)
    for path in ("/desk/insights?days=0", "/desk/jobs/job-1"):
        page = house.get(path).text
        files = set(re.findall(r'(?:src|srcset|href)="(/desk/[^"]+\.(?:svg|png|csv)[^"]*)"', page))
        assert len(files) > 10
        for file in files:
            answer = house.get(file.replace("&amp;", "&"))
            assert answer.status_code == 200, file
            if ".svg" in file:
                assert answer.headers["content-type"] == "image/svg+xml"
                assert "sandbox" in answer.headers["content-security-policy"]
                assert "<script" not in answer.text
                tag = {"If-None-Match": answer.headers["etag"]}
                assert house.get(file.replace("&amp;", "&"), headers=tag).status_code == 304
            if ".png" in file:
                assert answer.content.startswith(b"\x89PNG")
        for picture in re.findall(r"<picture>.*?</picture>", page, re.S):
            assert picture.count("<source") == 3
            assert re.search(r'alt="[^"]{20,}"', picture)
        summaries = re.findall(r'<section class="insight drawn".*?<h2.*?</h2>\s*<p>(.*?)</p>', page,
                               re.S)  # fmt: skip
        assert len(summaries) == page.count('class="insight drawn"')


@pytest.mark.parametrize(
    "path",
    [
        "/desk/charts/nothing.svg", "/desk/charts/channels.gif", "/desk/charts/prices-.svg",
        "/desk/insights/nothing.csv", "/desk/jobs/none", "/desk/jobs/none/funnel.svg",
        "/desk/jobs/job-1/nothing.csv", "/desk/jobs/job-1/funnel.gif",
        "/desk/charts/..%2f..%2f.svg",
    ],
)  # fmt: skip
def test_what_is_not_there_is_not_found(house, path):
    assert house.get(path).status_code == 404


@pytest.mark.parametrize("days", ["", "7", "-1", "nine", "90;drop", "9" * 400])
def test_a_period_that_is_none_is_90_days(house, days):
    answer = house.get("/desk/insights", params={"days": days})
    assert answer.status_code == 200
    assert re.search(r'days=90" aria-current="page"', answer.text)


def test_nothing_yet_is_told_and_not_drawn(house):
    page = house.get("/desk/insights").text
    assert "Nothing was posted in this time." in page
    assert "Not measured: no applicant system tells what becomes of applications." in page
    assert "Nothing was posted in this time where a cost is entered." in page
    assert "<picture" not in page
    house.world.click(house.world.post("job-9", "alpha", 3), 3)
    house.world.catch_up()
    page = house.get("/desk/insights").text
    assert "Not enough yet: 3 of 20 clicks by persons." in page
    assert "<picture" not in page
    job = house.get("/desk/jobs/job-1").text
    assert "It has not been posted yet." in job


def test_with_so_few_the_share_may_be_anywhere(house):
    link = house.world.post("job-9", "alpha", 30)
    house.world.click(link, 41)
    for _ in range(3):
        house.world.apply(link, 2)
    house.world.catch_up()
    page = house.get("/desk/insights").text
    low, high = 0.0252, 0.1943  # Wilson, 3 of 41: newcombe.pdf's example of the method by hand
    assert "alpha brought 41 clicks by persons and 3 applications" in page
    found = re.search(r"anywhere between ([\d.]+)% and ([\d.]+)%", page)
    assert float(found[1]) / 100 == pytest.approx(low, abs=0.001)
    assert float(found[2]) / 100 == pytest.approx(high, abs=0.006)


@pytest.mark.both_ledgers
def test_colleagues_figures_cannot_be_found_by_taking_away(house):
    """Two colleagues have shared: their clicks stand nowhere on the page, in no sum either."""
    house.world.click(house.world.post("job-1", "alpha", 40), 10)
    for who in (1, 2):
        house.world.click(house.world.share(who, "job-1", 30), 7)
    house.world.catch_up()
    page = house.get("/desk/jobs/job-1").text
    tables = Tables(page).found
    assert dict(tables["funnel"][1:])["Clicks by persons"] == "10"
    assert [row[0] for row in tables["channels"][1:]] == ["alpha"]
    assert sum(int(row[1]) for row in tables["timeline"][1:]) == 10
    assert "Shares of fewer than three colleagues are left out" in page
    house.world.click(house.world.share(3, "job-1", 20, "mail"), 1)
    house.world.catch_up()
    tables = Tables(house.get("/desk/jobs/job-1").text).found
    assert dict(tables["funnel"][1:])["Clicks by persons"] == "25"
    # One of them alone shared by mail: places are not told apart.
    assert [row[:1] + row[3:4] for row in tables["shares"][1:]] == [["All places together", "15"]]


def test_colleagues_may_not_look(tmp_path):
    project = open_project(make(tmp_path, CHANNELS + PEOPLE, job_1=spec()))
    publish(tmp_path)
    paths = ["/desk/insights", "/desk/insights/channels.csv", "/desk/charts/channels.svg",
             "/desk/jobs/job-1", "/desk/jobs/job-1/funnel.svg"]  # fmt: skip
    with browser(project, "kim", previews=project.previews) as web:
        assert {web.get(path).status_code for path in paths} == {403}
    with browser(project, "rita", previews=project.previews) as web:
        assert web.get("/desk/insights").status_code == 200
        assert web.get("/desk/jobs/job-1").status_code == 200
    project.ledger.close()


# What networks count


class Counting(Fake):
    """Counts what a test says."""

    name: ClassVar[str] = "counting"
    told: ClassVar[dict] = {}

    def count(self, http, receipts):
        return {one.id: self.told[one.id] for one in receipts if one.id in self.told}


@pytest.mark.both_ledgers
def test_what_networks_count_is_kept_by_day_and_unknown_is_not_zero(tmp_path):
    from rolecast.project import Project
    from tests.house import LEDGER

    town = Town()
    kind = type("Counting", (Counting,), {"town": town, "__module__": __name__})
    root = make(tmp_path, '[channels.town]\nconnector = "counting"\n', one=spec(), two=spec())
    project = Project.open(root, {"counting": kind}, dict(LEDGER))
    project.publish(project.plan(wait=0).plan.changes, lambda channel: None)
    world = World(project.ledger)
    world.catch_up()
    days = [datetime(2026, 11, 23, hour, tzinfo=UTC) for hour in (9, 15)]
    days.append(datetime(2026, 11, 24, 9, tzinfo=UTC))

    def ask(at, **told):
        Counting.told = told
        return count(project.ledger, project.channels, lambda channel: None, clock=lambda: at)

    (first,) = ask(days[0], **{"1": Counts(impressions=10, likes=0), "2": Counts()})
    assert (first.of, first.told, first.trouble) == (2, 1, None)
    ask(days[1], **{"1": Counts(impressions=15, likes=2)})
    ask(days[2], **{"1": Counts(impressions=None, likes=3), "2": Counts(impressions=7)})
    stored = {(r.publication_id, r.day): r.impressions for r in world.rows("counts")}
    assert sorted(stored.values(), key=str) == [15, 7, None]
    with project.ledger.read() as conn:
        found = publications.everything(conn)
        latest = counts.latest(conn, [one.id for one in found])
    by_receipt = {one.received().id: latest[one.id][1] for one in found}
    assert by_receipt == {"1": Counts(likes=3), "2": Counts(impressions=7)}
    shown = {row.job_id: row.shown for row in world.rows("results")}
    assert sorted(shown.values(), key=str) == [7, None]
    with site(project, previews=project.previews) as web:
        seen = {job: dict(Tables(web.get(f"/desk/jobs/{job}").text).found["funnel"][1:])["Shown"]
                for job in shown}  # fmt: skip
    assert seen == {job: "not measured" if n is None else "7" for job, n in shown.items()}
    project.ledger.close()


def test_a_network_that_fails_while_counting_is_told_and_nothing_is_lost(tmp_path):
    from rolecast.connector import Unavailable
    from rolecast.project import Project
    from tests.house import LEDGER

    class Failing(Counting):
        def count(self, http, receipts):
            raise Unavailable("it asks to wait", 60)

    kind = type("Failing", (Failing,), {"town": Town(), "__module__": __name__})
    root = make(tmp_path, '[channels.town]\nconnector = "counting"\n', one=spec())
    project = Project.open(root, {"counting": kind}, dict(LEDGER))
    project.publish(project.plan(wait=0).plan.changes, lambda channel: None)
    (found,) = count(project.ledger, project.channels, lambda channel: None)
    assert (found.told, found.trouble) == (0, "it asks to wait")
    assert World(project.ledger).rows("counts") == []
    project.ledger.close()


# Previews


def test_previews_are_what_the_next_run_would_send(house):
    drop(house.project.root, "job_1", spec(title="Pilot 1", description=LONG))
    found = {one.channel: one for one in house.project.previews(house.project.specs()["job-1"])}
    assert set(found) == {"alpha", "beta", "gamma", "forum", "blog", "chat"}
    families = {name: one.family for name, one in found.items()}
    assert families == {
        "alpha": "microblog", "beta": "network", "gamma": "microblog", "forum": "page",
        "blog": "page", "chat": "chat",
    }  # fmt: skip
    sent = house.project.preview(house.project.specs()["job-1"], house.project.channels["alpha"],
                                 "announce")  # fmt: skip
    assert re.sub(r"/r/\w+", "", found["alpha"].post.text) == re.sub(r"/r/\w+", "", sent.text)
    assert found["alpha"].length == len(sent.text)
    assert found["alpha"].limit == 300
    assert found["beta"].folded
    assert found["beta"].seen + found["beta"].folded in re.sub(
        r"\n+", "", found["beta"].post.text
    ) or (found["beta"].post.text.startswith(found["beta"].seen))
    assert found["gamma"].cost.startswith("$")


def test_looking_at_previews_writes_nothing_and_counts_no_click(house):
    before = len(house.world.rows("publications"))
    page = house.get("/desk/jobs/job-1").text
    looks = re.findall(r'<article class="look (\w+)"', page)
    assert sorted(looks) == ["chat", "microblog", "microblog", "network", "page", "page"]
    assert len(house.world.rows("publications")) == before
    articles = "".join(re.findall(r"<article.*?</article>", page, re.S))
    assert "<a " not in articles, "nobody follows a link by looking at a post"
    assert '<meter min="0" max="300"' in page


EVIL = '</div><script>alert(1)</script><img src=x onerror=alert(1)>"><b>'


def test_hostile_words_stay_words_in_every_look(house):
    drop(house.project.root, "job_1", spec(title=EVIL, summary=EVIL, description=EVIL + LONG))
    house.project.plan(wait=0)
    page = house.get("/desk/jobs/job-1").text
    assert "<script>alert" not in page
    assert "onerror=alert(1)>" not in page.replace("&gt;", "")
    assert "<img src=x" not in page


@pytest.mark.parametrize(
    ("text", "lines", "seen"),
    [
        ("short", 3, "short"),
        ("one\ntwo\nthree\nfour", 3, "one\ntwo\nthree"),
        ("x" * 300, 3, "x" * 216),
        ("a\n\n\n\nb", 3, "a"),
        ("软件测试" * 40, 2, "软件测试" * 36),
        ("all of it\n" * 9, None, "all of it\n" * 9),
    ],
)
def test_where_a_text_is_folded(text, lines, seen):
    first, rest = previews.fold(text, lines)
    assert first == seen
    assert bool(rest) == (len(text.rstrip()) > len(seen))
    assert "".join((first + rest).split()) == "".join(text.split()), "nothing is lost"


# Charts


def charts_of(tell):
    """One of each kind, with nothing, with one, and with hostile names in it."""
    from rolecast.charts import Bar, Interval, Mark

    names = ["alpha", EVIL, "Rindfleischetikettierungsüberwachungsaufgabe", "软件测试 上海", ""]
    rows = tuple(Interval(n, k, k / 2, k * 2, f"{k}", k > 2) for k, n in enumerate(names, 1))
    ticks = ((0, "0"), (5, "5"), (10, "10"))
    yield Intervals("axis", rows, ticks)
    yield Intervals("axis", rows[:1], ((0, "0"), (1, "1")))
    yield Bars(tuple(Bar(n, k * 50, str(k)) for k, n in enumerate(names)))
    yield Bars((Bar("none", None, "not measured"), Bar("zero", 0, "0")))
    yield Bars((Bar("many", 90000, "90,000"), Bar("few", 3, "3")))
    marks = (Mark(0.5, "alpha", "announce"), Mark(2.5, EVIL, "closing"))
    kinds = (("announce", "Announced"), ("closing", "Last call"))
    yield Line("clicks", (1, 0, 5), marks, ticks, ((0, "a"), (2, "b")), kinds)
    yield Line("clicks", (3,), (), ticks, ((0, "a"),))
    yield Curve("days", ((1, 0.3), (4, 0.8)), ((2, 0.3),), ((0, "0"), (1, "1")),
                ((0, "0"), (5, "5")), (4, 0.5, "half"))  # fmt: skip


@pytest.mark.parametrize("number", range(8))
def test_every_chart_is_drawn_in_every_way(number):
    chart = list(charts_of(Tell("en")))[number]
    for dark in (False, True):
        for phone in (False, True):
            drawn = svg(chart, dark, phone).decode()
            assert drawn.startswith("<svg")
            assert "<script" not in drawn
            assert "<img" not in drawn
            assert "http" not in drawn.replace("http://www.w3.org", ""), "nothing is fetched"
    assert png(chart, "A chart").startswith(b"\x89PNG")
    assert png(chart, EVIL).startswith(b"\x89PNG")


def test_colours_are_never_all_there_is():
    """What is uncertain has another mark, moments have shapes, and names stand in the picture."""
    intervals, *_, curve = charts_of(Tell("en"))
    drawn = svg(intervals).decode()
    assert "alpha" in drawn
    assert len(set(re.findall(r'fill="(rgb[^"]+|#\w+)"', drawn))) >= 2
    assert "half" in svg(curve).decode()


def test_the_drawing_process_may_die_and_nobody_sees_it():
    (chart, *_), drawer = charts_of(Tell("en")), drawing.Drawer()
    first = drawer.draw("svg", chart, False, False)
    assert b"alpha" in first
    drawer._process.kill()
    assert b"alpha" in drawer.draw("svg", chart, True, True)
    before = drawer._process.pid
    drawer._left = 0
    drawer.draw("svg", chart, False, False)
    assert drawer._process.pid != before, "begun anew"
    with pytest.raises(drawing.NotDrawn, match="KeyError"):
        drawer.draw("gif", chart)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda n: drawer.draw("svg", chart, n % 2 == 1, False), range(30)))
    assert all(b"alpha" in one for one in answers)
    process = drawer._process
    drawer.close()
    assert process.returncode == 0, "it ends by itself when its pipe does"


def test_what_was_drawn_is_not_drawn_again():
    (chart, *_) = charts_of(Tell("en"))
    assert drawing.svg(chart) is drawing.svg(chart)
    assert drawing.svg(chart, True) != drawing.svg(chart)


def test_german_figures_are_german():
    house_tell = Tell("de")
    assert house_tell.percent(0.025) == "2,5\xa0%"
    assert house_tell.number(1234) == "1.234"
    assert house_tell.name("weekdays", "0") == "Montag"


def test_costs_are_by_click_and_application(house):
    for job in range(4):
        for channel in ("beta", "gamma"):
            link = house.world.post(f"job-{job}", channel, 24 * 15)
            house.world.click(link, 20 if channel == "beta" else 5)
            house.world.apply(link, 2)
    house.world.catch_up()
    rows = {row["channel"]: row for row in
            rows_of(house.get("/desk/insights/prices.csv?days=0").text)}  # fmt: skip
    beta, gamma = rows["beta"], rows["gamma"]
    months = 15 / (365.25 / 12)
    assert float(beta["cost"]) == pytest.approx(60 * months, rel=0.01)
    assert float(beta["per_click"]) == pytest.approx(60 * months / 80, rel=0.01)
    assert float(beta["per_application"]) == pytest.approx(60 * months / 4, rel=0.01)
    assert float(beta["per_click_low"]) < float(beta["per_click"]) < float(beta["per_click_high"])
    assert gamma["currency"] == "USD"
    assert beta["currency"] == "EUR"
    assert set(page_of_insights.MAKERS) == {
        "channels", "parts", "wait", "wordings", "moments", "weekdays", "dayparts", "prices",
    }  # fmt: skip
    assert insightwords.prices([], False, Tell("en")).says[0].startswith("No cost is entered")
