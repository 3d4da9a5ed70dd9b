"""Every path of the recruiters' pages, clicked through in Chromium: the example specs and 1,000
real listings, published by a run of a real Prefect server. Nothing complains, nothing is fetched
from elsewhere, nothing overflows on a phone, whatever the listings say.

That an employee is refused each of them is tested in test_matrix.py.
"""

import shutil
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import specs
from rolecast.ledger import publications
from rolecast.people import Role
from tests.colleagues import PEOPLE, free_port, move, person, served
from tests.flows.test_syndicate import FLOW, ask, runs
from tests.house import BOARD, drop, make, open_project, spec
from tests.networks.mastodon import Server
from tests.people import deeds
from tests.web.conftest import Eyes

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

EXAMPLES = Path(__file__).parents[2] / "jobspecs"
COUNT = 1_000
PHONE, DESK = {"width": 320, "height": 700}, {"width": 1280, "height": 900}
CHANNELS = """
[channels.chat]
connector = "mastodon"
server = "{api}"
route = {{ tags = ["ambicuity_newgrad"] }}

[channels.campus]
connector = "byhand"
where = "Campus"
route = {{ tags = ["night work"] }}

[channels.gate]
connector = "mastodon"
server = "{api}"
route = {{ tags = ["arbeitsagentur_torgau_de"] }}
policy = {{ approval = "always" }}
"""
EVIL = "<img src=x onerror=alert(1)></textarea><script>alert(2)</script>{{ 7*7 }} %s \"'"
HOSTILE = {
    "evil-markup": {"title": EVIL, "summary": EVIL, "description": EVIL * 3, "team": EVIL},
    "evil-long": {"title": "W" * 150, "team": "M" * 80, "summary": "x" * 200},
    "evil-arabic": {"title": "مشغّل رافعة " * 8, "language": "ar", "summary": "ترى الميناء يستيقظ."},
    "evil-zalgo": {"title": "Z" + "\u0301\u0316" * 60 + " 🚢" * 20, "company": "字" * 80},
}


class Tour:
    """Somebody who clicks through pages, and looks at each on a phone, too."""

    def __init__(self, site, chromium):
        self.eyes = Eyes(site, chromium, "ada", viewport=DESK)
        self.page, self.seen, self.wrong = self.eyes.page, [], []
        self.page.goto("/", wait_until="load")

    def look(self, heading: str) -> None:
        """The page that is open: whether it is that one, and as it has to be."""
        page = self.page
        page.wait_for_load_state("load")
        found = page.locator("h1").first.inner_text()
        found = [] if heading in found else [f"it is called {found!r}, not {heading!r}"]
        page.set_viewport_size(PHONE)
        found += self.eyes.shape()
        page.set_viewport_size(DESK)
        inside = "document.querySelectorAll('main script, main [onerror], main iframe').length"
        found += ["a listing's markup is ours"] if page.evaluate(inside) else []
        found += self.eyes.complaints
        self.eyes.complaints.clear()
        path = page.url.removeprefix(self.eyes.site.address)
        self.seen.append(path)
        self.wrong += [f"{path}: {one}" for one in found]

    def click(self, name: str, heading: str, role: str = "link", within: str = "main", **more):
        """Click on the first of that name, and look at what opens."""
        more = {"exact": True} | more
        with self.page.expect_navigation(wait_until="load"):
            self.page.locator(within).get_by_role(role, name=name, **more).first.click()
        self.look(heading)

    def room(self, name: str, heading: str) -> None:
        """A page that the bar leads to."""
        self.click(name, heading, within="nav.rooms")

    @contextmanager
    def elsewhere(self):
        """What happens at another address is not ours."""
        yield
        self.eyes.complaints.clear()


@pytest.fixture(scope="module")
def site(prefect, shared_data, tmp_path_factory):
    """Served pages of a house in which everybody has been at work. `run` and `summary` are
    what `prefect` has of it."""
    root, port, network = tmp_path_factory.mktemp("every"), free_port(), Server()
    make(root, BOARD + PEOPLE + CHANNELS.format(api=network.url))
    move(root, port)
    shutil.copytree(EXAMPLES, root / "jobspecs", dirs_exist_ok=True)
    specs.fill(root / "jobspecs", COUNT)
    for name, fields in HOSTILE.items():
        drop(root, name, spec(**fields))
    env = {"ROLECAST_CHAT_TOKEN": "token", "ROLECAST_GATE_TOKEN": "token"}
    command = [sys.executable, "-c", FLOW, str(root)]
    subprocess.run(command, env=prefect | env, check=True, timeout=120, capture_output=True)
    project = open_project(root)
    at_work(project)
    ui = prefect["PREFECT_API_URL"].removesuffix("/api")
    more = {
        "prefect_ui": ui, "calendar": project.calendar, "folder": project.folder,
        "draft": project.draft, "previews": project.previews,
    }  # fmt: skip
    with served(project, port, **more) as made:
        made.run = next(one for one in runs(prefect) if one["name"].startswith("Publish what"))
        body = {"artifacts": {"flow_run_id": {"any_": [made.run["id"]]}}}
        found = {one["key"]: one["id"] for one in ask(prefect, "artifacts/filter", body)}
        made.prefect, made.summary = ui, found["syndicate-summary"]
        yield made
    project.ledger.close()
    network.stop()
    assert network.broken == []


def at_work(project) -> None:
    """Colleagues share, name friends and make suggestions; some friends have begun."""
    kim = person(project, "kim")
    person(project, "rita", Role.recruiter)
    deeds.share(project, kim, "night-nurse-cardiology")
    deeds.refer(project, kim, "night-nurse-cardiology", friend=EVIL[:100], promise=deeds.AT)
    deeds.refer(project, kim, "evil-markup", friend="W" * 100, state="rejected")


@pytest.fixture
def tour(site, chromium):
    made = Tour(site, chromium)
    yield made
    made.eyes.close()


def test_what_the_run_did(site):
    """Everything is out: the run says so, and 1,000 listings are many pages."""
    assert site.run["state_type"] == "COMPLETED"
    with site.project.ledger.read() as conn:
        states = Counter((one.channel, str(one.state)) for one in publications.everything(conn))
    jobs = COUNT + len(HOSTILE)  # and those of the examples that are open
    assert states.pop(("board", "live")) > jobs
    assert states.pop(("chat", "live")) > 50
    assert states.pop(("gate", "planned")) > 50
    assert [state for _, state in states] == ["held"]  # a person posts those on the campus


def test_every_path(site, tour):
    tour.look("Open jobs")
    tour.click("Desk", "Desk", within="header")
    tour.click("Older →", "Desk")
    tour.click("← Newer", "Desk")
    tour.click("I take care of it", "Desk", "button")
    grid(tour)
    job(site, tour)
    insights(tour)
    tour.room("Report", "What led to what")
    tour.room("Calendar", "Calendar")
    tour.room("Channels", "Channels")
    for name in ("board", "chat", "campus", "gate"):
        tour.room("Channels", "Channels")
        tour.click(name, name)
    tour.room("Referrals", "Referrals")
    tour.click("Ended", "Referrals")
    tour.room("Suggestions", "Suggestions")
    tour.room("Bonuses", "Bonuses")
    write(tour)
    tour.room("People", "People")
    tour.room("Audit", "Who did what")
    assert tour.wrong == [], "\n".join(tour.wrong)


def grid(tour) -> None:
    """Page by page, searched, sorted, filtered; texts approved, and that undone."""
    page = tour.page
    filters = page.locator("form.filter")
    tour.room("Grid", "What is where")
    tour.click("Older →", "What is where")
    tour.click("← Newer", "What is where")
    filters.get_by_label("Order").select_option("title")
    tour.click("Show", "What is where", "button")
    for name, fields in HOSTILE.items():
        filters.get_by_label("Search").fill(fields["title"][-40:])
        tour.click("Show", "What is where", "button")
        assert page.locator(f"#r-{name}").count() == 1, name
    page.goto("/desk/grid")
    filters.get_by_label("Channel").select_option("gate")
    filters.get_by_label("State").select_option("asked")
    tour.click("Show", "What is where", "button")
    waiting = page.locator("tbody tr").count()
    assert waiting > 2
    for box in page.locator("td[data-name=gate] input").all()[:2]:
        box.check()
    tour.click("Approve", "What is where", "button", within=".bulk")
    assert "2 texts are approved" in page.locator(".decision").inner_text()
    assert page.locator("tbody tr").count() == min(50, waiting)
    tour.click("Undo", "What is where", "button")
    assert "Undone: 2 posts" in page.locator(".decision").inner_text()
    page.get_by_label("Everything that this view shows").check()
    tour.click("Approve", "What is where", "button", within=".bulk")
    tour.click("Undo", "What is where", "button")
    with page.expect_navigation():
        page.locator("td[data-name=gate] a").first.click()
    tour.look("gate")
    tour.click("This channel", "gate")


def job(site, tour) -> None:
    """A job's page, its previews, its run at Prefect, and back; and what listings may do there."""
    page = tour.page
    page.goto("/desk/grid?sort=title&q=night+nurse")
    tour.click("Night Nurse, Cardiology", "Night Nurse")
    tour.click("What it looks like", "Night Nurse", within=".periods")
    for name in page.locator("nav[aria-label=Moment] a").all_inner_texts():
        tour.click(name, "Night Nurse", within="nav[aria-label=Moment]")
    run = f"/runs/flow-run/{site.run['id']}"
    with tour.elsewhere():
        page.locator(f".history a[href$='{run}']").first.click()
        page.get_by_text(site.run["name"]).first.wait_for(timeout=20_000)
        page.goto(f"{site.prefect}/artifacts/artifact/{site.summary}")
        back = page.get_by_role("link", name="To the desk").first.get_attribute("href")
        page.goto(back)  # Prefect's page would open another window
    tour.look("Desk")
    for name in HOSTILE:
        page.goto(f"/desk/jobs/{name}")
        tour.look(" ".join(HOSTILE[name]["title"].split())[:30])
        tour.click("Its page", " ".join(HOSTILE[name]["title"].split())[:30])
    page.goto("/desk")


def insights(tour) -> None:
    """Every period, and the charts in them."""
    tour.room("Insights", "What works")
    for name in tour.page.locator(".periods a").all_inner_texts():
        tour.click(name, "What works", within=".periods")
        broken = "[...document.images].filter((one) => one.complete && !one.naturalWidth).length"
        assert tour.page.evaluate(broken) == 0


def write(tour) -> None:
    """A spec is pasted, looked at and saved; then it is begun anew from a listing."""
    page = tour.page
    tour.room("Write a job", "Write a job")
    page.get_by_label("Job spec (YAML)").fill(spec(title="Quay Walker", summary=EVIL))
    page.locator("#found section.preview").first.wait_for()
    tour.look("Write a job")
    tour.click("Save into the folder", "Desk", "button")
    assert "run" in page.locator("p.said").inner_text()
    page.goto("/desk/jobs/job-00007")
    tour.click("Edit", "Edit job-00007")
    page.go_back()
    tour.click("Begin another from this one", "Write a job")
