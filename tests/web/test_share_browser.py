"""Sharing in a real browser: with script it is livelier, without it nothing is missing."""

import re
import threading
import time

import pytest
import uvicorn

from rolecast import sharing, signin
from rolecast.publish import now_utc
from rolecast.sharing import PLACES
from rolecast.web import app
from rolecast.web.face import Face
from rolecast.web.fastlane import protocol
from tests.colleagues import HOUSE, person
from tests.connectors.test_lengths import FAMILY
from tests.house import drop, make, open_project, publish, spec
from tests.people.test_sharing import STORM

LONG = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz-Sachbearbeitung (m/w/d)"
TEXTS = (
    "", "Ahoi", STORM, f"{FAMILY} の 한국 e\u0301 🇩🇪 1️⃣ ☺ …—“”",
    "see https://a.example/b?c#d. and more (https://ships.de/a)!", "a\n\n\n\nb  c", "x" * 300,
    "hi @kim@chaos.social, look at example.com or www.ships.de/pilot.",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """(address, session): of a running board on which kim has signed in and lee lends words."""
    root = make(tmp_path_factory.mktemp("share"), HOUSE, pilot=spec())
    drop(root, "law", spec(title=LONG, language="de", responsibilities=[LONG, "Ämter beraten"]))
    publish(root)
    project = open_project(root)
    kim, lee = person(project, "kim"), person(project, "lee")
    for job in ("pilot", "law"):
        made = sharing.share(project.ledger, lee.id, job, "linkedin", now_utc())
        sharing.lend(project.ledger, made, STORM)
    with project.ledger.begin() as conn:
        secret = signin.start(conn, project.settings, kim, "Chrome, computer", now_utc())
    face = Face(project.ledger, project.settings, root / ".rolecast")
    made = app.create(project.ledger, project.settings, project.channels, face=face)
    config = uvicorn.Config(made, port=0, log_level="error", http=protocol(face))
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", secret
    server.should_exit = True
    thread.join(10)
    project.ledger.close()


@pytest.fixture
def enter(site, chromium):
    """``enter(path, **context)``: a page in a browser of kim's, which must not complain."""
    contexts, complaints = [], []

    def open_page(path, permissions=(), **options):
        context = chromium.new_context(**options)
        contexts.append(context)
        address, secret = site
        context.add_cookies([{"name": "rolecast", "value": secret, "url": address}])
        context.grant_permissions(list(permissions), origin=address)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda r: r.url.startswith(address) or complaints.append(r.url))
        page.on("console", lambda m: m.type == "error" and complaints.append(m.text))
        page.goto(address + path, wait_until="networkidle")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def show(page):
    page.get_by_role("button", name=re.compile("Show")).click()
    page.get_by_role("heading", name="Ready to go").wait_for()


@pytest.mark.parametrize("place", ["x", "bluesky", "mastodon", "linkedin"])
def test_the_live_length_is_the_servers(enter, place):
    page = enter(f"/jobs/pilot/share/{place}")
    link = "http://127.0.0.1:8080/r/xxxxxxxx"
    told = sharing.disclosure("de", "Ostrelund Works")
    page.get_by_label("in", exact=True).select_option("de")
    for text in TEXTS:
        page.get_by_label("Your words").fill(text)
        length = PLACES[place].measure(sharing.composed(sharing.tidy(text), told, link))
        said = page.locator("#live").inner_text()
        assert said.startswith(f"{length} of {PLACES[place].limit} "), (text, length)
        over = "over" in (page.locator("#counted").get_attribute("class") or "")
        assert over == (length > PLACES[place].limit)
    page.get_by_text("“I work there”").click()
    page.get_by_label("Your words").fill("")
    assert page.locator("#live").inner_text().startswith(f"{PLACES[place].measure(link)} of")
    assert not page.locator("#says").is_visible()


def test_the_text_is_copied_and_the_app_opened(enter):
    page = enter("/jobs/pilot/share/signal", ["clipboard-read", "clipboard-write"])
    page.get_by_label("Your words").fill("Ahoi, Jörg ⚓")
    show(page)
    page.get_by_role("button", name="Copy the text").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#final").input_value()
    assert copied.startswith(
        "Ahoi, Jörg ⚓\n\nI work at Ostrelund Works.\nhttp://127.0.0.1:8080/r/"
    )


def test_linkedin_opens_with_the_text_in_the_clipboard(enter):
    page = enter("/jobs/pilot/share/linkedin", ["clipboard-read", "clipboard-write"])
    page.get_by_label("Your words").fill("Ahoi")
    show(page)
    opens = page.get_by_role("link", name="Copy the text and open LinkedIn")
    page.evaluate(  # stay here: there is no LinkedIn in this test
        "document.getElementById('open').addEventListener('click', e => e.preventDefault())"
    )
    opens.click()
    page.wait_for_function("navigator.clipboard.readText().then(t => t.startsWith('Ahoi'))")


def test_the_devices_own_share_sheet_gets_the_text(enter):
    page = enter("/jobs/pilot/share/copy")
    page.context.add_init_script(
        "Navigator.prototype.share = (what) => { window.shared = what; return Promise.resolve(); }"
    )
    page.get_by_label("Your words").fill("Ahoi")
    show(page)
    page.get_by_role("button", name="Share with an app of this device").click()
    assert page.evaluate("window.shared.text") == page.locator("#final").input_value()


def test_the_mastodon_server_is_remembered_in_this_browser_only(enter):
    page = enter("/jobs/pilot/share/mastodon")
    page.get_by_label("Your Mastodon server").fill("chaos.social")
    show(page)
    page.goto(page.url.split("?")[0])
    assert page.get_by_label("Your Mastodon server").input_value() == "chaos.social"
    other = enter("/jobs/pilot/share/mastodon")
    assert other.get_by_label("Your Mastodon server").input_value() == ""


def test_everything_works_without_javascript(enter):
    page = enter("/jobs/pilot", java_script_enabled=False)
    page.get_by_role("link", name="Share with somebody").click()
    page.get_by_role("link", name=re.compile("^Mastodon")).click()
    page.get_by_role("button", name="Take up the words of Lee").click()
    assert page.get_by_label("Your words").input_value() == STORM
    page.get_by_label("Your Mastodon server").fill("chaos.social")
    page.get_by_label("in", exact=True).select_option("de")
    show(page)
    text = page.locator("#final").input_value()
    assert "Ich arbeite bei Ostrelund Works." in text
    assert f"{PLACES['mastodon'].measure(text)} of 500 characters" in page.content()
    opens = page.get_by_role("link", name="Open Mastodon").get_attribute("href")
    assert opens.startswith("https://chaos.social/share?text=")
    assert not page.get_by_role("button", name="Copy the text").is_visible()  # it needs script
    assert not page.get_by_role("button", name="Share with an app").is_visible()


def test_the_composer_is_used_by_keyboard_alone(enter):
    page = enter("/jobs/pilot/share/x")
    page.get_by_label("Your words").focus()
    page.keyboard.type("Ahoi")
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "Show what I would post"
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Ready to go").wait_for()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize(
    "path",
    ["/jobs/law/share", "/jobs/law/share/copy", "/jobs/law/share/mastodon", "/jobs/law/share/qr",
     "/jobs/law/share/poster", "/me/words", "/jobs/law"],
)  # fmt: skip
def test_no_page_overflows(enter, path, width):
    page = enter(path, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("h1").count() == 1
    small = page.evaluate(
        "[...document.querySelectorAll('main button, main input:not([type=hidden]), main select')]"
        ".filter(e => e.offsetParent && e.getBoundingClientRect().height < 24).length"
    )
    assert small == 0
    if page.locator("#composer").count():
        page.get_by_label("Your words").fill(f"{LONG} https://a.example/{'b' * 200}")
        if page.locator("#server").count():
            page.get_by_label("Your Mastodon server").fill("chaos.social")
        show(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    pictures = "[...document.images].every(i => i.complete && i.naturalWidth > 0)"
    assert page.evaluate(pictures)
