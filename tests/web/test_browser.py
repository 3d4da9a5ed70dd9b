"""The desk in a real browser: the keyboard suffices. What holds for all pages: test_everywhere."""

import pytest

from tests.colleagues import served
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
    with served(project) as made:
        yield made.address
    project.ledger.close()


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
