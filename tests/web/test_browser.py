"""The pages in a real browser: nothing overflows, nothing complains, the keyboard suffices."""

import threading
import time

import pytest
import uvicorn

from rolecast.web import app
from rolecast.web.face import Face
from rolecast.web.fastlane import protocol
from tests.house import BOARD, drop, make, open_project, publish, spec

CAMPUS = '[channels.campus]\nconnector = "byhand"\nwhere = "Campus"\n'
LONG = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz-Sachbearbeitung (m/w/d)"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of a running board with a long German title and something for the desk."""
    root = make(tmp_path_factory.mktemp("browser"), BOARD + CAMPUS, pilot=spec())
    drop(root, "law", spec(title=LONG, language="de"))
    publish(root)
    project = open_project(root)
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
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)
    project.ledger.close()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?q=nothing",
        "/jobs/law",
        "/desk",
        "/jobs/none",
        "/desk/calendar",
        "/desk/jobs/law",
        "/desk/report",
        "/desk/report?by=channel",
        "/desk/report?by=share",
        "/desk/bonuses",
        "/me",
        "/me/settings",
        "/me/data",
    ],
)
def test_no_page_overflows_or_complains(site, page, path, width):
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    page.on("request", lambda r: r.url.startswith(site) or complaints.append(r.url))
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(site + path, wait_until="networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelectorAll('h1').length") == 1
    assert complaints == []


def test_a_recruiter_pastes_the_address_back_by_keyboard(site, page):
    page.goto(f"{site}/desk")
    first = page.locator(".needs li").first
    job = first.locator("h3").inner_text()
    first.get_by_label("Address").fill("https://campus.example/adverts/7")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk?said=*")
    assert "Noted" in page.get_by_role("status").inner_text()
    title = job.split(" on ")[0].strip()
    row = page.locator("tbody tr", has_text=title).filter(has_text="campus").first
    assert "live" in row.inner_text()
    assert row.get_by_role("link", name="see it").get_attribute("href").endswith("/adverts/7")
