"""A friend is named and says yes in Chromium: forms as browsers send them, and nothing that
somebody has typed is ever executed."""

import pytest

from rolecast.ledger import referrals as store
from tests.colleagues import HOUSE, make, person, served
from tests.house import open_project, publish, spec
from tests.people.naming import at, deliver, refer, rows, secret_in

EVIL = "\"'><script>window.hurt=1</script><img src=x onerror='window.hurt=1'>"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    root = make(tmp_path_factory.mktemp("refer"), HOUSE, pilot=spec(), hand=spec(title="Deck Hand"))
    publish(root)
    project = open_project(root)
    with served(project) as made:
        yield made
    project.ledger.close()


def link(town):
    """Of the mail that goes out now."""
    (mail,) = deliver(town.project).mails
    return f"{town.address}/friend/{secret_in(mail.get_content())}"


@pytest.fixture
def other(chromium):
    """The friend's browser."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def test_named_and_agreed_by_keyboard(town, page, other):
    town.sign_in(page.context, "kim")
    page.goto(f"{town.address}/jobs/pilot")
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
    other.goto(link(town))
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
    friends = link(town)
    visits = [(other, friends)]
    for who in ("kim", "rita"):
        town.sign_in(page.context, who)
        paths = ["/desk", "/desk/referrals"] if who == "rita" else [
            "/jobs/hand", "/me/referrals", "/jobs/hand/refer",
        ]  # fmt: skip
        visits += [(page, f"{town.address}{path}") for path in paths]
        for tab, address in visits:
            for width in (320, 1280):
                tab.set_viewport_size({"width": width, "height": 800})
                tab.goto(address, wait_until="networkidle")
                assert tab.evaluate("window.hurt") is None, address
                assert tab.evaluate("document.documentElement.scrollWidth") <= width, address
                assert tab.evaluate("document.querySelectorAll('h1').length") == 1, address
                assert tab.evaluate("document.querySelectorAll('main img').length") == 0, address
        visits = [(other, friends)]
        if who == "kim":
            other.get_by_label("How we can reach you").fill(EVIL)
            other.get_by_role("button", name="Yes, pass this on").click()
            other.wait_for_url("**?said=friend_agreed")
            with town.project.ledger.begin() as conn:
                store.change(conn, one.id, promise=at(2), word=EVIL)
    assert "promise broken" in page.inner_text("main")
