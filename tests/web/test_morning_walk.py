"""The morning walk of a recruiter, with nothing but real parts: `rolecast up` with its Prefect
server, a Bluesky server that was down all night, a blog on which somebody has written, a mail
server, and Chromium. Each matter that waits on the desk is settled with at most two clicks, and
settled means: the page says so without a reload, and the server at the other end shows it.

ROLECAST_TRANSCRIPT names a file for what was seen, clicked and shown; else `pytest -s` prints it.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from rolecast import friends, passing
from rolecast.credit import load
from rolecast.ledger import publications
from rolecast.ledger.states import State
from rolecast.promises import promised
from rolecast.publish import carry_out, now_utc
from rolecast.verify import verify
from tests.colleagues import free_port, person, session
from tests.flows.test_syndicate import ask, runs
from tests.house import http, open_project
from tests.people.naming import refer, rows, secret_of
from tests.processes import until, wait_for

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]

MOST = 2  # clicks for one matter
EXAMPLES = Path(__file__).parents[2] / "jobspecs"
DRIFTS, ASKED, NAMED_FOR = "data-engineer-grid", "night-nurse-cardiology", "warehouse-shift-lead"
PRIZE = "You have won a prize. Write to prize@example.test."
SETTINGS = """
[company]
name = "Ostrelund Works"
timezone = "Europe/Berlin"
url = "http://127.0.0.1:{port}"

[people]
domains = ["example.test", "ostrelund.example"]
recruiters = ["{rita}"]

[mail]
host = "127.0.0.1"
port = {mail}
security = "none"
sender = "jobs@example.test"

[channels.board]
connector = "board"

[channels.bluesky]
connector = "bluesky"
service = "{pds}"
handle = "{handle}"

[channels.blog]
connector = "wordpress"
url = "{blog}"
user = "{writer}"

[channels.newsroom]
connector = "wordpress"
url = "{blog}"
user = "{editor}"
route = {{ tags = ["night work"] }}
policy = {{ approval = "always" }}
"""


class House:
    """A folder with the example specs, whose posts went out last evening, as far as they did."""

    def __init__(self, root, pds, blog, postfix):
        self.root, self.pds, self.blog, self.postfix = root, pds, blog, postfix
        self.port, self.prefect_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.rita = f"rita-{uuid.uuid4().hex[:8]}@example.test"
        self.account = pds.new_account()
        self.writer, self.editor = blog.new_author(), blog.new_author()
        self.env = {
            "ROLECAST_BLUESKY_PASSWORD": self.account.password,
            "ROLECAST_BLOG_PASSWORD": self.writer.app_password,
            "ROLECAST_NEWSROOM_PASSWORD": self.editor.app_password,
        }
        shutil.copytree(EXAMPLES, root / "jobspecs")
        settings = SETTINGS.format(
            port=self.port, rita=self.rita, mail=postfix.port, pds=pds.url, blog=blog.url,
            handle=self.account.handle, writer=self.writer.user, editor=self.editor.user,
        )  # fmt: skip
        (root / "rolecast.toml").write_text(settings, "utf-8")
        self.project = open_project(root, self.env)

    def publish(self, at: datetime) -> None:
        """What a run did at that time."""
        changes = self.project.plan(now=at, wait=0).plan.changes
        todo = [one for one in changes if not one.needs_approval]
        carry_out(self.project.ledger, self.project.channels, todo, http, clock=lambda: at)

    def night(self) -> None:
        """Bluesky does not answer from evening on, however often it is tried; the blog is fine."""
        self.pds.stop_cold()
        evening = now_utc() - timedelta(hours=10)
        for tried in range(0, 9 * 60, 90):
            self.publish(evening + timedelta(minutes=tried))
        self.publish(now_utc())
        verify(self.project.ledger, self.project.channels, http, names=["blog"])
        article = self.article()
        self.blog.rest("POST", f"posts/{article['id']}", {"content": PRIZE})

    def friends(self) -> None:
        """Kim has named two: nobody took up the first, and the day of the second is near."""
        kim = person(self.project, "kim")
        desk = passing.Desk(self.project.ledger, self.project.settings, load("v1"), self.rita)
        now, working_days = now_utc(), self.project.settings.people.promise_days
        near = next(  # the longest ago whose day has not passed, on a Sunday as on a Monday
            days for days in range(21, 0, -1)
            if promised(now - timedelta(days=days), working_days) > now
        )  # fmt: skip
        for name, days in (("Robin Reef", 21), ("Sam Sound", near)):
            then = now - timedelta(days=days)
            contact = f"{name.split()[0].lower()}@reef.example"
            one = refer(self.project, kim, then, NAMED_FOR, friend=name, contact=contact)
            secret = secret_of(self.project, then)
            said = {"friend": name, "contact": contact}
            friends.agree(self.project.ledger, self.project.settings, secret, said, then)
            if name == "Sam Sound":
                desk.set(one.id, "passed_on", then)

    def article(self) -> dict:
        """What readers of the blog see of the job that drifts."""
        found = self.blog.posts(author=self.writer.id)
        return next(
            one for one in found if one["title"]["raw"] == "Data Engineer, Grid Forecasting"
        )

    def waiting(self, channel: str) -> int:
        """How many posts wait on a channel."""
        with self.project.ledger.read() as conn:
            found = publications.everything(conn, [State.waiting])
        return sum(one.channel == channel for one in found)

    @contextlib.contextmanager
    def up(self):
        """`rolecast up`; gives the environment of its Prefect server."""
        command = [sys.executable, "-m", "rolecast", "--root", str(self.root), "up"]
        command += ["--port", str(self.port), "--prefect-port", str(self.prefect_port)]
        with (self.root / "up.log").open("wb") as log:
            process = subprocess.Popen(
                command, env=os.environ | self.env, stdout=log, stderr=log, start_new_session=True
            )
        try:
            prefect = f"http://127.0.0.1:{self.prefect_port}/api"
            for address in (f"{self.url}/livez", f"{prefect}/health"):
                wait_for(address, process, 90)
            yield {"PREFECT_API_URL": prefect}
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(90)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()


class Walk:
    """A recruiter with a mouse and a keyboard, and somebody who writes down what happens."""

    def __init__(self, context, url):
        self.page, self.lines, self.clicks, self.taken = context.new_page(), [], 0, {}
        self.wall = context.new_page()  # a second window, which nobody touches
        self.url = url

    def note(self, who: str, text: str) -> None:
        """One line of the transcript."""
        for line in filter(None, map(str.strip, text.splitlines())):
            self.lines.append(f"{datetime.now():%H:%M:%S}  {who:<8} {line}")
            print(self.lines[-1])

    def click(self, locator, what: str = "") -> None:
        """One click."""
        self.clicks += 1
        self.note("Rita", f"click {self.clicks}: {what or locator.inner_text()}")
        locator.click()

    def type(self, text: str) -> None:
        """Into what was clicked on."""
        self.note("Rita", f"types “{text}”")
        self.page.keyboard.type(text)

    def reads(self, locator) -> str:
        """What stands there."""
        text = re.sub(r"[ \t]*\n\s*", " | ", locator.inner_text().strip())
        self.note("page", text)
        return text

    def open(self) -> None:
        """The desk, in both windows, where it is noted that they are not loaded anew."""
        for one in (self.wall, self.page):
            one.goto(f"{self.url}/desk", wait_until="load")
        self.wall.evaluate("window.same = true")

    @contextlib.contextmanager
    def matter(self, name: str, seen: str):
        """Something that waits on the desk. seen: how it is found there; afterwards it is gone from
        the window that nobody touches, too."""
        self.lines.append("")
        self.note("", f"—— {name} ——")
        self.clicks = 0
        one = self.page.locator(seen)
        one.wait_for(timeout=20_000)
        yield one
        self.wall.locator(seen).wait_for(state="detached", timeout=60_000)
        assert self.wall.evaluate("window.same") is True
        self.note("page", "the other window does not show it any more; it was not loaded anew")
        self.taken[name] = self.clicks
        assert self.clicks <= MOST, f"{name} took {self.clicks} clicks"

    def live(self, job: str, channel: str) -> None:
        """The table says that it is live; the page is not loaded for that."""
        self.page.evaluate("window.same = true")
        row = self.page.locator("#where tbody tr", has_text=job).filter(
            has=self.page.get_by_role("cell", name=channel, exact=True)
        )
        row.locator(".state.live").wait_for(timeout=60_000)
        assert self.page.evaluate("window.same") is True
        self.note("page", f"{job} on {channel}: {row.locator('.state').inner_text()}, by itself")

    def told(self, sentence: str) -> None:
        """What the page answers to the form that was sent."""
        said = self.page.locator("p.said")
        said.wait_for()
        assert sentence in self.reads(said)


@pytest.fixture
def house(own_pds, wordpress, postfix, tmp_path):
    made = House(tmp_path, own_pds, wordpress, postfix)
    made.night()
    made.friends()
    yield made
    made.project.ledger.close()


@pytest.fixture
def walk(chromium, house):
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    made = Walk(context, house.url)
    yield made
    context.close()
    if path := os.environ.get("ROLECAST_TRANSCRIPT"):
        Path(path).write_text("\n".join(made.lines) + "\n", "utf-8")


def collecting(prefect) -> str | None:
    """The number of the deployment that looks."""
    flows = {one["name"]: one["id"] for one in ask(prefect, "flows/filter", {})}
    found = {one["flow_id"]: one["id"] for one in ask(prefect, "deployments/filter", {})}
    return found.get(flows.get("collect"))


def look(prefect) -> str:
    """The hourly look at the world, now: what Prefect says of the run."""
    run = ask(prefect, f"deployments/{until(lambda: collecting(prefect))}/create_flow_run", {})
    only = {"flow_runs": {"id": {"any_": [run["id"]]}}}
    ended = until(lambda: [r for r in runs(prefect, **only) if r["state_type"] == "COMPLETED"])
    return f"{ended[0]['name']}: {ended[0]['state_name']}, {ended[0]['state']['message']}"


def sign_in(walk, house) -> None:
    """By the link in a mail."""
    page = walk.page
    page.goto(f"{house.url}/desk")
    page.get_by_label("Your mail address at work").fill(house.rita)
    page.keyboard.press("Enter")
    (mail,) = until(lambda: house.postfix.mails(house.rita), 20)
    walk.note("mail", mail["Subject"])
    page.goto(re.search(r"http\S+/signin/\S+", mail.get_content())[0])
    page.get_by_role("button", name=f"Sign in as {house.rita}").click()
    page.get_by_role("heading", name="Desk", level=1).wait_for()


def kim_reads(house, friend: str) -> str:
    """What the colleague's own page says of a friend."""
    import requests

    cookies = {"rolecast": session(house.project, person(house.project, "kim"))}
    text = requests.get(f"{house.url}/me/referrals", cookies=cookies, timeout=10).text
    said = BeautifulSoup(text, "html.parser").find("main").get_text(" ", strip=True)
    return re.search(rf"{friend}.*?(?=Robin Reef|Sam Sound|$)", said)[0][:300]


def test_every_matter_of_a_morning_takes_at_most_two_clicks(house, walk):
    with house.up() as prefect:
        walk.note("Prefect", look(prefect))
        sign_in(walk, house)
        walk.open()
        headings = walk.page.locator("#needed > ul > li h3").all_inner_texts()
        for one in headings:
            walk.note("page", f"needs somebody now: {one}")
        failed_channel(walk, house)
        text_to_approve(walk, house)
        drift(walk, house)
        broken_promise(walk, house)
        promise_that_is_due(walk, house)
        walk.lines.append("")
        walk.page.get_by_text("Nothing. Everything is where it should be.").wait_for()
        walk.reads(walk.page.locator("#needed .empty"))
        for run in reversed(runs(prefect)):
            walk.note("Prefect", f"{run['name']}: {run['state_name']}. {run['state']['message']}")
    walk.note("", f"clicks: {walk.taken}")
    assert len(walk.taken) == 5


def failed_channel(walk, house) -> None:
    jobs = house.waiting("bluesky")
    assert jobs > 5
    with walk.matter("a channel that failed", "li.waiting:has-text('bluesky')") as one:
        assert f"{jobs} posts wait" in walk.reads(one.locator("h3"))
        assert "cannot be reached" in walk.reads(one.locator("p").first)
        house.pds.start_again()
        assert house.pds.records(house.account.did) == []
        walk.note("Bluesky", "is there again; it has none of our posts")
        walk.click(one.get_by_role("button", name="Try all of them again"))
        walk.told("They are tried again with the next run.")
        for title in ("Night Nurse, Cardiology", "Data Engineer, Grid Forecasting"):
            walk.live(title, "bluesky")
        posts = until(lambda: len(found := house.pds.records(house.account.did)) == jobs and found)
        walk.note("Bluesky", f"{len(posts)} posts; one says: {posts[0]['value']['text']}")


def text_to_approve(walk, house) -> None:
    with walk.matter("a text to approve", "li.asked:has-text('newsroom')") as one:
        walk.reads(one.locator("h3"))
        walk.reads(one.locator("p").first)
        assert house.blog.posts(author=house.editor.id) == []
        walk.note("blog", "the newsroom has published nothing")
        walk.click(one.get_by_role("button", name="Approve"))
        walk.told("Approved. The next run takes it from here.")
        walk.live("Night Nurse, Cardiology", "newsroom")
        (article,) = house.blog.posts(author=house.editor.id)
        assert article["status"] == "publish"
        walk.note("blog", f"{article['status']}: {article['title']['raw']} {article['link']}")


def drift(walk, house) -> None:
    with walk.matter("a post that somebody changed", "li.drift") as one:
        walk.reads(one.locator("h3"))
        walk.reads(one.locator("p").first)
        assert PRIZE in walk.reads(one.locator(".two > div").last)
        assert house.article()["content"]["raw"] == PRIZE
        walk.note("blog", f"says: {PRIZE}")
        walk.click(one.get_by_role("button", name="Put back"))
        walk.told("Noted. The next run takes it from here.")
        says = until(lambda: PRIZE not in (text := house.article()["content"]["raw"]) and text)
        assert "Forty wind farms" in says
        walk.note("blog", f"says: {BeautifulSoup(says, 'html.parser').get_text(' ')[:160]} …")
        walk.live("Data Engineer, Grid Forecasting", "blog")


def broken_promise(walk, house) -> None:
    with walk.matter("a promise that is broken", "li:has-text('Robin Reef')") as one:
        assert "promise broken" in walk.reads(one.locator("p"))
        assert "The recruiters have it now" in kim_reads(house, "Robin Reef")
        walk.click(one.get_by_role("button", name="I take care of it"))
        walk.told("Noted, and told to the colleague.")
        said = kim_reads(house, "Robin Reef")
        assert "The recruiters are on it" in said
        assert "You will hear by" in said
        walk.note("Kim", f"reads: {said}")


def promise_that_is_due(walk, house) -> None:
    before = {row.friend: row.promise for row in rows(house.project)}
    with walk.matter("a promise that is due", "li:has-text('Sam Sound')") as one:
        assert "promise due" in walk.reads(one.locator("p"))
        walk.click(one.get_by_label("A word to the colleague"), "the field for a word")
        walk.type("The team decides next week; Sam is well placed.")
        walk.click(one.get_by_role("button", name="Promise this day"))
        walk.told("Promised for that day, and told to the colleague with your words.")
        said = kim_reads(house, "Sam Sound")
        assert "The team decides next week" in said
        walk.note("Kim", f"reads: {said}")
    after = {row.friend: row.promise for row in rows(house.project)}
    assert after["Sam Sound"] > before["Sam Sound"]
