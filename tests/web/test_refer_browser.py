"""A friend is named and says yes in Chromium: forms as browsers send them, and nothing that
somebody has typed is ever executed."""

import threading
import time

import pytest
import uvicorn

from rolecast import signin
from rolecast.ledger import referrals as store
from rolecast.publish import now_utc
from rolecast.web import app
from rolecast.web.face import Face
from rolecast.web.fastlane import protocol
from tests.colleagues import HOUSE, make, person
from tests.house import open_project, publish, spec
from tests.people.naming import at, deliver, refer, rows, secret_in

EVIL = "\"'><script>window.hurt=1</script><img src=x onerror='window.hurt=1'>"


class Running:
    """The pages, served; and browsers in which somebody has signed in."""

    def __init__(self, root):
        publish(make(root, HOUSE, pilot=spec(), hand=spec(title="Deck Hand")))
        self.project = open_project(root)
        face = Face(self.project.ledger, self.project.settings, root / ".rolecast", gathers=False)
        made = app.create(
            self.project.ledger, self.project.settings, self.project.channels, face=face
        )
        config = uvicorn.Config(made, port=0, log_level="error", http=protocol(face))
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 20
        while not self.server.started:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    def enter(self, page, who):
        found = person(self.project, who)
        with self.project.ledger.begin() as conn:
            secret = signin.start(conn, self.project.settings, found, "Chromium", now_utc())
        page.context.add_cookies([{"name": "rolecast", "value": secret, "url": self.url}])
        return found

    def link(self):
        (mail,) = deliver(self.project).mails
        return f"{self.url}/friend/{secret_in(mail.get_content())}"

    def close(self):
        self.server.should_exit = True
        self.thread.join(10)
        self.project.ledger.close()


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    made = Running(tmp_path_factory.mktemp("refer"))
    yield made
    made.close()


@pytest.fixture
def other(chromium):
    """The friend's browser."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def test_named_and_agreed_by_keyboard(town, page, other):
    town.enter(page, "kim")
    page.goto(f"{town.url}/jobs/pilot")
    page.get_by_role("link", name="Name a friend").click()
    page.get_by_label("Your friend's name").focus()
    page.keyboard.type("Robin Reef")
    page.keyboard.press("Tab")
    page.keyboard.type("robin@reef.example")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_label("What should the recruiters know?").fill("Calm in fog.")
    page.get_by_role("checkbox").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/me/referrals?said=named")
    other.goto(town.link())
    assert "Calm in fog." in other.inner_text("main")
    other.get_by_label("Your name").fill("Robin R. Reef")
    other.get_by_role("button", name="Yes, pass this on").click()
    other.wait_for_url("**?said=friend_agreed")
    assert "Robin R. Reef" in other.inner_text("main")
    sent = []
    other.on("request", lambda request: sent.append(request.headers.get("referer", "")))
    other.get_by_role("link", name="Read the whole advert").click()
    other.wait_for_url("**/public/jobs/pilot")
    assert not any("/friend/" in referer for referer in sent)
    other.go_back()
    other.get_by_role("button", name="Withdraw and delete").click()
    assert "It is deleted" in other.inner_text("h1")
    assert rows(town.project)[0].state == "withdrawn"


def test_nothing_that_was_typed_is_executed_or_overflows(town, page, other):
    kim = person(town.project, "kim")
    evil = dict.fromkeys(("friend", "more", "note", "words"), EVIL)
    evil["friend"] = EVIL[:90]
    one = refer(town.project, kim, job_id="hand", contact="evil@reef.example", **evil)
    link = town.link()
    visits = [(other, link)]
    for who in ("kim", "rita"):
        town.enter(page, who)
        paths = ["/desk", "/desk/referrals"] if who == "rita" else [
            "/jobs/hand", "/me/referrals", "/jobs/hand/refer",
        ]  # fmt: skip
        visits += [(page, f"{town.url}{path}") for path in paths]
        for tab, address in visits:
            for width in (320, 1280):
                tab.set_viewport_size({"width": width, "height": 800})
                tab.goto(address, wait_until="networkidle")
                assert tab.evaluate("window.hurt") is None, address
                assert tab.evaluate("document.documentElement.scrollWidth") <= width, address
                assert tab.evaluate("document.querySelectorAll('h1').length") == 1, address
                assert tab.evaluate("document.querySelectorAll('main img').length") == 0, address
        visits = [(other, link)]
        if who == "kim":
            other.get_by_label("How we can reach you").fill(EVIL)
            other.get_by_role("button", name="Yes, pass this on").click()
            other.wait_for_url("**?said=friend_agreed")
            with town.project.ledger.begin() as conn:
                store.change(conn, one.id, promise=at(2), word=EVIL)
    assert "promise broken" in page.inner_text("main")
