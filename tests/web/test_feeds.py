"""Feeds hold the open jobs, whatever their words, and nothing else."""

from datetime import datetime
from xml.etree import ElementTree as ET

import pytest

from tests.house import drop, make, open_project, publish, site, spec

pytestmark = pytest.mark.both_ledgers
ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
FEEDS = ("jobs.atom", "jobs.json", "sitemap.xml")


@pytest.fixture
def house(tmp_path):
    make(tmp_path, pilot=spec(tags=["harbour"]), hand=spec(title="Deck <Hand> & Co ]]>"))
    publish(tmp_path)
    project = open_project(tmp_path)
    with site(project, alone=True) as web:
        web.root = tmp_path
        yield web
    project.ledger.close()


def titles(web):
    """What each of the three feeds holds."""
    atom = ET.fromstring(web.get("/jobs.atom").text)
    names = [entry.findtext(f"{ATOM}title") for entry in atom.iter(f"{ATOM}entry")]
    items = web.get("/jobs.json").json()["items"]
    pages = ET.fromstring(web.get("/sitemap.xml").text).findall(f"{MAP}url/{MAP}loc")
    return sorted(names), sorted(i["title"] for i in items), sorted(p.text for p in pages)


def test_the_open_jobs_stand_in_every_feed_until_they_close(house):
    both = ["Deck <Hand> & Co ]]>", "Harbour Pilot"]
    addresses = ["http://127.0.0.1:8080/jobs/hand", "http://127.0.0.1:8080/jobs/pilot"]
    assert titles(house) == (both, both, addresses)
    drop(house.root, "hand", spec(status="filled"))
    publish(house.root)
    assert titles(house) == (both[1:], both[1:], addresses[1:])


def test_an_atom_entry_has_what_rfc_4287_requires(house):
    feed = ET.fromstring(house.get("/jobs.atom").text)
    assert feed.findtext(f"{ATOM}id")
    assert feed.findtext(f"{ATOM}title")
    for one in (feed, *feed.iter(f"{ATOM}entry")):
        assert datetime.fromisoformat(one.findtext(f"{ATOM}updated")).tzinfo
    for entry in feed.iter(f"{ATOM}entry"):
        assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Ostrelund Works"
        assert entry.find(f"{ATOM}link").get("href").startswith("http://127.0.0.1:8080/jobs/")


def test_the_json_feed_carries_the_job_posting_and_goes_on(house, monkeypatch):
    monkeypatch.setattr("rolecast.feeds.MOST", 1)
    first = house.get("/jobs.json").json()
    assert first["version"] == "https://jsonfeed.org/version/1.1"
    assert first["next_url"] == "http://127.0.0.1:8080/jobs.json?page=2"
    second = house.get("/jobs.json?page=2").json()
    assert "next_url" not in second
    assert {first["items"][0]["id"], second["items"][0]["id"]} == {"pilot", "hand"}
    assert first["items"][0]["_jobposting"]["@type"] == "JobPosting"


def test_what_only_colleagues_see_yet_is_in_no_feed(house):
    drop(house.root, "hand", spec(title="Deck <Hand> & Co ]]>", first_look=7))
    publish(house.root)
    assert titles(house)[0] == titles(house)[1] == ["Harbour Pilot"]
    assert titles(house)[2] == ["http://127.0.0.1:8080/jobs/pilot"]


@pytest.mark.parametrize("name", FEEDS)
def test_who_has_it_already_gets_only_that(house, name):
    answer = house.get(f"/{name}")
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = house.get(f"/{name}", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_with_the_board_they_stand_below_public(house, tmp_path):
    project = open_project(tmp_path)
    with site(project) as web:
        assert web.get("/public/jobs.json").json()["items"][0]["url"].startswith(
            "http://127.0.0.1:8080/public/jobs/"
        )
        assert 'href="/public/jobs.atom"' in web.get("/public/jobs/pilot").text
        assert "atom" not in web.get("/jobs/pilot").text
    project.ledger.close()
