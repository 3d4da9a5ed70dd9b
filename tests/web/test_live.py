"""Open pages follow the ledger: what is told when, to whom, and what it costs; and in a browser
nothing that somebody is doing is lost."""

import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
import requests

from rolecast import bulk
from rolecast.ledger import approvals, events, progress, publications, pulse
from rolecast.ledger.events import Event
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.web import live
from tests.colleagues import HOUSE, enter, person
from tests.fakes import Town
from tests.house import drop, make, open_project, site, spec
from tests.web.serving import served

CHANNELS = """
[channels.net]
connector = "fake"
[channels.strict]
connector = "fake"
policy = { approval = "always" }
"""


class House:
    def __init__(self, root, jobs=3):
        self.town = Town()
        self.root = make(root, CHANNELS)
        for number in range(jobs):
            drop(self.root, f"job-{number}", spec(title=f"Job {number}"))
        self.project = self.town.project(self.root)
        self.ledger = self.project.ledger
        self.run()

    def run(self):
        changes = self.project.plan(wait=0).plan.changes
        self.project.publish([c for c in changes if not c.needs_approval], lambda channel: None)

    def change(self, job="job-0"):
        """A publication changes, as when a run sends it."""
        bulk.decide(self.ledger, "withdraw", [(job, "net")], "kim", now_utc())


@pytest.fixture
def house(tmp_path):
    made = House(tmp_path)
    yield made
    made.ledger.close()


class Stream:
    """What a page hears."""

    def __init__(self, url, since="", **more):
        self.answer = requests.get(
            f"{url}/desk/events?since={since}", stream=True, timeout=30, **more
        )
        self.events = []
        if self.answer.status_code == 200:
            self.thread = threading.Thread(target=self._read, daemon=True)
            self.thread.start()

    def _read(self):
        told = {}
        try:
            for line in self.answer.iter_lines(chunk_size=1, decode_unicode=True):
                name, _, value = line.partition(": ")
                if line:
                    told[name] = value
                elif "event" in told:
                    self.events.append((told["event"], told.get("data", "")))
                    told = {}
        except (requests.exceptions.RequestException, AttributeError, ValueError):
            return  # it was closed, by us or by the server

    def topics(self):
        found = [data for kind, data in self.events if kind == "changed"]
        return {topic for data in found for topic in data.split()}

    def wait(self, *topics, seconds=5.0):
        deadline = time.monotonic() + seconds
        while not set(topics) <= self.topics():
            assert time.monotonic() < deadline, (topics, self.events)
            time.sleep(0.02)


@pytest.mark.both_ledgers
def test_a_change_is_told_within_a_second_and_nothing_else(house):
    with served(house.project) as server:
        mark = server.app.state.live.mark() if hasattr(server.app.state, "live") else ""
        heard = Stream(server.url, mark)
        assert heard.answer.headers["content-type"].startswith("text/event-stream")
        assert heard.answer.headers["x-accel-buffering"] == "no"
        time.sleep(1)
        heard.events.clear()
        began = time.monotonic()
        house.change()
        heard.wait("posts")
        assert time.monotonic() - began < 2
        assert heard.topics() == {"posts"}
        with house.ledger.begin() as conn:
            events.add(conn, [Event("job-1", now_utc(), "kim", "looked")])
        heard.wait("jobs")


@pytest.mark.both_ledgers
@pytest.mark.parametrize("what", ["posts", "jobs", "runs", "channels"])
def test_every_subject_has_its_mark(house, what):
    from rolecast.ledger import health

    with house.ledger.read() as conn:
        before = pulse.marks(conn)
    now = now_utc()
    with house.ledger.begin() as conn:
        if what == "posts":
            one = publications.get(conn, ("job-0", "net", "announce"))
            publications.set_state(conn, one, one.state, now, rendered_for=None)
        elif what == "jobs":
            events.add(conn, [Event("job-1", now, "kim", "looked")])
        elif what == "runs":
            progress.begin(conn, "abc", 120, now)
        else:
            health.checked(conn, "net", now, named="kim", trouble=None)
    with house.ledger.read() as conn:
        after = pulse.marks(conn)
    assert {name for name in after if after[name] != before[name]} == {what}


def test_a_page_that_comes_late_is_told_what_it_missed(house):
    with served(house.project) as server:
        with house.ledger.read() as conn:
            mark = live._named(pulse.marks(conn))
        same = Stream(server.url, mark)
        time.sleep(1)
        assert same.topics() == set()
        house.change()
        late = Stream(server.url, mark)
        late.wait("all")
        back = Stream(server.url, "anything", headers={"Last-Event-ID": "other"})
        back.wait("all")


def test_nobody_listens_nobody_watches(house):
    watching = live.Live(house.ledger)
    assert watching._thread is None
    with served(house.project) as server:
        threads = {one.name for one in threading.enumerate()}
        assert "live" not in threads
        heard = Stream(server.url)
        heard.wait("all")
        assert "live" in {one.name for one in threading.enumerate()}
        heard.answer.close()
        deadline = time.monotonic() + 20
        while "live" in {one.name for one in threading.enumerate()}:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_the_server_ends_at_once_although_pages_are_open(house):
    server = served(house.project)
    running = server.__enter__()
    heard = [Stream(running.url) for _ in range(3)]
    for one in heard:
        one.wait("all")
    assert running.stop() < 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_ends_at_once_although_pages_are_open(house, number):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (house.root / "rolecast.toml").write_text('[channels.board]\nconnector = "board"\n')
    command = [sys.executable, "-m", "rolecast", "--root", str(house.root), "web"]
    process = subprocess.Popen([*command, "--port", str(port)], stderr=subprocess.PIPE)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while True:
        assert time.monotonic() < deadline
        try:
            if requests.get(f"{url}/livez", timeout=2).ok:
                break
        except requests.exceptions.ConnectionError:
            time.sleep(0.1)
    heard = Stream(url)
    heard.wait("all", seconds=20)
    began = time.monotonic()
    process.send_signal(number)
    error = process.communicate(timeout=20)[1]
    assert time.monotonic() - began < 4.5  # uvicorn's patience is 5 seconds
    assert b"Traceback" not in error, error.decode()


def test_one_person_cannot_take_all_connections(house, monkeypatch):
    monkeypatch.setattr(live, "EACH", 2)
    with served(house.project) as server:
        open_ = [Stream(server.url) for _ in range(2)]
        for one in open_:
            one.wait("all")
        refused = Stream(server.url)
        assert refused.answer.status_code == 503
        assert refused.answer.headers["retry-after"]
        assert requests.get(f"{server.url}/desk", timeout=10).status_code == 200


def test_a_connection_ends_after_a_while_and_is_asked_for_again(house, monkeypatch):
    """Who was let in once is not let in for ever."""
    monkeypatch.setattr(live, "LIFE", 0.5)
    monkeypatch.setattr(live, "BEAT", 0.2)
    with served(house.project) as server:
        heard = Stream(server.url)
        heard.thread.join(10)
        assert not heard.thread.is_alive()


def test_many_clicks_are_told_now_and_then(house, monkeypatch):
    told = live.Live(house.ledger)
    seen = []

    class Heard:
        who = "x"
        tell = seen.append

    told._listeners.add(Heard())
    marks = {"clicks": "1", "posts": "1"}
    last, when, owed = dict(marks), {"clicks": 0.0}, set()
    for number in range(2, 6):
        now = marks | {"clicks": str(number)}
        last = told._tell(last, now, when, owed)
    assert len(seen) == 1
    assert owed == {"clicks"}
    told._tell(last, last | {"posts": "2"}, when, owed)
    assert "data: posts" in seen[-1]


def test_events_are_for_recruiters(tmp_path):
    project = open_project(make(tmp_path, HOUSE, pilot=spec()))
    with site(project) as web:
        assert web.get("/desk/events").status_code == 303
        enter(web, project, "kim")
        assert web.get("/desk/events").status_code == 403
    assert person(project, "rita").role is Role.recruiter
    project.ledger.close()


@pytest.mark.both_ledgers
def test_how_far_a_run_is_stands_on_the_pages(house):
    now = now_utc()
    with house.ledger.begin() as conn:
        progress.begin(conn, "abc", 120, now)
        progress.add(conn, "abc", 37, 2, now)
    with site(house.project) as web:
        for path in ("/desk", "/desk/grid"):
            html = web.get(path).text
            assert "37 of 120 posts sent" in html
            assert "2 not taken" in html
        with house.ledger.begin() as conn:
            progress.add(conn, "abc", 83, 0, now)
        assert "posts sent" not in web.get("/desk/grid").text


def test_a_meter_counts_what_was_done_and_what_needed_nothing(house, monkeypatch):
    from rolecast.meter import metered

    drop(house.root, "late", spec(title="Late"))
    plan = house.project.plan(wait=0).plan
    changes = [c for c in plan.changes if not c.needs_approval]
    with house.ledger.begin() as conn:
        progress.begin(conn, plan.digest, len(changes) + 1, now_utc())
    with metered(house.ledger, plan.digest, len(changes) + 1) as meter:
        house.project.publish(changes, lambda channel: None, meter)
        assert meter.all == len(changes)
    with house.ledger.read() as conn:
        assert progress.running(conn, now_utc()) == []


# In a browser


@pytest.fixture
def open_house(house):
    with served(house.project) as server:
        yield server


def test_the_open_page_shows_a_change_and_keeps_a_half_typed_note(house, open_house, page):
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{open_house.url}/desk/grid/job-0/strict", wait_until="load")
    page.get_by_label("Note").click()
    page.keyboard.type("half a no")
    page.evaluate("window.same = true")
    with house.ledger.begin() as conn:
        one = publications.get(conn, ("job-0", "strict", "announce"))
        publications.set_state(conn, one, publications.State.held, now_utc(), reason="look here")
    page.get_by_text("look here").wait_for(timeout=2000)
    assert page.evaluate("window.same") is True  # the page was not loaded anew
    assert page.evaluate("document.activeElement.name") == "note"
    page.keyboard.type("te")
    assert page.get_by_label("Note").input_value() == "half a note"
    assert complaints == []


def test_a_note_for_a_text_that_somebody_else_decided_is_not_thrown_away(house, open_house, page):
    page.goto(f"{open_house.url}/desk", wait_until="load")
    first = page.locator("li.asked").first
    first.get_by_label("Note").fill("I would rather not")
    before = page.locator("li.asked").count()
    with house.ledger.read() as conn:
        asked = approvals.waiting(conn)[0]
    bulk.decide(house.ledger, "approve", [(asked.job_id, "strict")], "ada", now_utc())
    bulk.decide(house.ledger, "approve", [("job-1", "strict")], "ada", now_utc())
    page.locator("li.stale").wait_for(timeout=3000)
    assert page.locator("li.asked").count() == before - 1
    assert "changed meanwhile" in page.locator("li.stale").inner_text()
    kept = page.locator("li.stale").get_by_label("Note")
    assert kept.input_value() == "I would rather not"


def test_ticked_boxes_and_open_details_stay(house, open_house, page):
    page.goto(f"{open_house.url}/desk/grid?sort=title", wait_until="load")
    page.get_by_role("checkbox", name="Job 1 net").check()
    page.get_by_label("Search").fill("half a wo")
    house.change("job-0")
    page.locator("#r-job-0 .leaving").wait_for(timeout=2000)
    assert page.get_by_role("checkbox", name="Job 1 net").is_checked()
    assert page.get_by_label("Search").input_value() == "half a wo"
    assert page.locator("output").inner_text() == "1 ticked"
    house.run()
    page.locator("#r-job-0 .withdrawn").wait_for(timeout=2000)


def test_a_run_s_progress_moves_without_a_reload(house, open_house, page):
    with house.ledger.begin() as conn:
        progress.begin(conn, "abc", 120, now_utc())
    page.goto(f"{open_house.url}/desk/grid", wait_until="load")
    assert "0 of 120 posts sent" in page.locator("#running").inner_text()
    with house.ledger.begin() as conn:
        progress.add(conn, "abc", 37, 0, now_utc())
    page.get_by_text("37 of 120 posts sent").wait_for(timeout=2000)
    assert page.locator("progress").get_attribute("value") == "37"


def test_texts_are_approved_and_it_is_undone_by_keyboard_alone(house, open_house, page):
    page.goto(f"{open_house.url}/desk/grid?sort=title", wait_until="load")
    page.get_by_label("Search").focus()
    for name in ("Job 0 strict", "Job 1 strict"):
        reach(page, name)
        page.keyboard.press("Space")
    assert page.locator("output").inner_text() == "2 ticked"
    reach(page, "Approve", back=True)
    page.keyboard.press("Enter")
    page.get_by_text("2 texts are approved and go out with the next run.").wait_for()
    with house.ledger.read() as conn:
        assert len(approvals.waiting(conn)) == 1
    # The answer has the focus: the next stop is Undo.
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Undo"
    page.keyboard.press("Enter")
    page.get_by_text("Undone: 2 posts are as they were.").wait_for()
    with house.ledger.read() as conn:
        assert len(approvals.waiting(conn)) == 3
    house.run()
    assert not [p for p in house.town.posts.values() if p.channel == "strict"]


def reach(page, name, back=False):
    """Press Tab until something of that name has the focus."""
    said = """() => { const one = document.activeElement; const ids = one.getAttribute(
      "aria-labelledby"); return ids ? ids.split(" ").map((id) =>
      document.getElementById(id).textContent).join(" ") : one.textContent; }"""
    for _ in range(80):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate(said).strip() == name:
            return
    raise AssertionError(f"{name} is not reached")


def test_without_script_the_pages_are_whole(house, open_house, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{open_house.url}/desk/grid?sort=title")
    page.get_by_role("checkbox", name="Job 0 net").check()
    page.get_by_role("button", name="Take down").click()
    assert "1 post will be taken down" in page.locator(".decision").inner_text()
    page.get_by_role("button", name="Undo").click()
    assert "Undone: 1 post is as it was." in page.locator(".decision").inner_text()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize(
    "path", ["grid", "grid?state=live&q=job", "grid/job-0/net", "channels", "channels/net", "audit"]
)
def test_nothing_overflows(open_house, chromium, path, width, scheme):
    context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text))
    page.goto(f"{open_house.url}/desk/{path}", wait_until="load")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelectorAll('h1').length") == 1
    small = page.evaluate(
        """[...document.querySelectorAll("input:not([type=hidden]), button, select")].filter(
        (one) => one.getBoundingClientRect().height < 24).map((one) => one.outerHTML)"""
    )
    assert small == []
    assert complaints == []
    context.close()
