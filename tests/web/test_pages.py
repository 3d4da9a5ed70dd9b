"""Board, desk and go, on a ledger that the engine filled."""

import json
import re

import pytest
from starlette.testclient import TestClient

from rolecast import desk
from rolecast.ledger import attempts, clicks, publications
from rolecast.publish import now_utc
from rolecast.web import app
from rolecast.web.face import Face
from tests.house import (
    BOARD,
    drop,
    gathered,
    make,
    open_project,
    publish,
    site,
    spec,
)

pytestmark = pytest.mark.both_ledgers

CAMPUS = (
    '[channels.campus]\nconnector = "byhand"\nwhere = "Campus"\nroute = { tags = ["campus"] }\n'
)


class House:
    """A folder, its ledger and a browser on its pages."""

    def __init__(self, root):
        self.root = root
        self.project = open_project(root)
        self._open = site(self.project, prefect_ui="http://prefect.example")
        self.web = self._open.__enter__()

    def run(self):
        publish(self.root)
        self.web.face.go.links.refresh()  # as its thread does within a quarter of a second

    def link(self, job="pilot", channel="board") -> str:
        with self.project.ledger.read() as conn:
            return publications.get(conn, (job, channel, "announce")).link

    def clicks(self) -> dict[str, int]:
        """Link → clicks by persons."""
        gathered(self.project)
        with self.project.ledger.read() as conn:
            return clicks.people(conn, [self.link()])

    def close(self):
        self._open.__exit__(None, None, None)
        self.project.ledger.close()

    def token(self) -> str:
        return re.search(r'name="token" value="([^"]+)"', self.web.get("/desk").text)[1]


@pytest.fixture
def house(tmp_path):
    made = House(make(tmp_path, BOARD + CAMPUS, pilot=spec()))
    made.run()
    yield made
    made.close()


def test_the_board_lists_what_is_live_and_finds_it(house):
    drop(house.root, "deck-hand", spec(title="Deck Hand", team="Ropes"))
    house.run()
    page = house.web.get("/").text
    assert "Harbour Pilot" in page
    assert "Deck Hand" in page
    assert "2 jobs" in page
    found = house.web.get("/?q=ropes").text
    assert "Deck Hand" in found
    assert "Harbour Pilot" not in found
    assert "Nothing found" in house.web.get("/?q=zebra").text


def test_an_empty_board_says_what_to_do(tmp_path):
    house = House(make(tmp_path))
    assert "No open jobs" in house.web.get("/").text
    house.close()


def test_a_draft_or_closed_job_is_not_shown(house):
    drop(house.root, "secret", spec(title="Secret", status="draft"))
    drop(house.root, "pilot", spec(status="filled"))
    house.run()
    page = house.web.get("/").text
    assert "Secret" not in page
    assert "Harbour Pilot" not in page
    answer = house.web.get("/jobs/pilot")
    assert answer.status_code == 410
    assert "no longer open" in answer.text


def test_the_public_page_keeps_what_is_for_colleagues(house):
    bonus = {"amount": 1500, "currency": "EUR"}
    drop(house.root, "pilot", spec(referral_bonus=bonus, hiring_manager="Kim Harbour"))
    house.run()
    inside, outside = house.web.get("/jobs/pilot").text, house.web.get("/public/jobs/pilot").text
    assert "€1,500" in inside
    assert "Kim Harbour" in inside
    assert "1,500" not in outside
    assert "Kim Harbour" not in outside


def test_json_ld_has_what_google_requires(house):
    drop(house.root, "pilot", spec(closes="2027-03-31", employment_types=["part_time"]))
    house.run()
    page = house.web.get("/public/jobs/pilot").text
    data = json.loads(re.search(r'ld\+json">(.*?)</script>', page, re.S)[1])
    assert data["@type"] == "JobPosting"
    assert data["title"] == "Harbour Pilot"
    assert data["hiringOrganization"]["name"] == "Ostrelund Works"
    assert data["jobLocation"][0]["address"]["addressCountry"] == "DE"
    assert data["employmentType"] == ["PART_TIME"]
    assert data["validThrough"].startswith("2027-04-01T00:00")
    assert data["baseSalary"]["value"] == {
        "@type": "QuantitativeValue", "unitText": "YEAR", "minValue": 72000, "maxValue": 88000,
    }  # fmt: skip
    assert "<p>" in data["description"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", data["datePosted"])


def test_remote_jobs_say_where_from(house):
    drop(house.root, "pilot", spec(workplace="remote", locations=None, remote_from=["DE", "AT"]))
    house.run()
    page = house.web.get("/public/jobs/pilot").text
    data = json.loads(re.search(r'ld\+json">(.*?)</script>', page, re.S)[1])
    assert data["jobLocationType"] == "TELECOMMUTE"
    assert [place["name"] for place in data["applicantLocationRequirements"]] == ["DE", "AT"]


EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def test_hostile_words_stay_words(house):
    text = f"{EVIL}\n\n[apply](javascript:alert(1)) and [here](https://ok.example) enough text"
    drop(house.root, "pilot", spec(title=EVIL, summary=EVIL, description=text, team=EVIL))
    house.run()
    for path in ("/", "/jobs/pilot", "/public/jobs/pilot", "/desk"):
        page = house.web.get(path).text
        assert "<script>alert" not in page, path
        assert "<img" not in page, path
        assert not re.search(r"=[\"']?\s*javascript:", page, re.I), path
    assert 'href="https://ok.example"' in house.web.get("/jobs/pilot").text


def test_a_link_leads_to_the_job_and_its_click_is_on_disk_first(house):
    link = house.link()
    headers = {
        "User-Agent": "Mozilla/5.0 (iPhone) Mobile",
        "Accept-Language": "de-AT,de;q=0.9",
        "Referer": "https://sky.example/a?b=c",
    }
    answer = house.web.get(f"/r/{link}", headers=headers)
    assert answer.status_code == 302
    assert answer.headers["location"] == f"https://jobs.example.com/pilot?ref={house.link()}"
    assert answer.headers["cache-control"] == "no-store"
    assert house.clicks() == {link: 1}
    with house.project.ledger.read() as conn:
        row = conn.exec_driver_sql("select * from clicks").one()
    assert (row.device, row.referrer, row.country) == ("phone", "sky.example", "AT")


PERSON = {
    "X-Forwarded-For": "203.0.113.9",
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) RareBrowser/7.7",
    "Referer": "https://sky.example/jane.doe?secret-campaign=1",
    "Cookie": "session=secret-campaign",
}


def test_nothing_of_a_person_is_kept(house):
    house.web.get(f"/r/{house.link()}", headers=PERSON)
    written = everything_kept(house)
    assert written
    kept = [path for path in (house.root / ".rolecast").rglob("*") if path.is_file()]
    raw = b"".join([*(path.read_bytes() for path in kept), *written])
    assert b"203.0.113.9" not in raw
    assert b"RareBrowser" not in raw
    assert b"secret-campaign" not in raw


def everything_kept(house) -> list[bytes]:
    """The clicks as they wait to be gathered: in the ledger on PostgreSQL, else on the disk."""
    with house.project.ledger.read() as conn:
        waiting = [body for _, body in clicks.taken_in(conn)]
    found = (house.root / ".rolecast").rglob("*.clicks")
    return [*waiting, *(text for path in found if (text := path.read_bytes()))]


def test_head_counts_nothing_and_a_plus_shows_where_it_leads(house):
    link = house.link()
    assert house.web.head(f"/r/{link}").status_code == 302
    page = house.web.get(f"/r/{link}+")
    assert page.status_code == 200
    assert "https://jobs.example.com/pilot" in page.text
    assert house.clicks() == {}


@pytest.mark.parametrize(
    "code", ["zzzzzzzz", "x", "..%2f..%2fetc", "https:%2f%2fevil.example", "%00"]
)
def test_unknown_codes_get_a_helpful_page(house, code):
    answer = house.web.get(f"/r/{code}")
    assert answer.status_code == 404
    assert "location" not in answer.headers
    assert "Not found" in answer.text


def test_no_request_can_name_a_target(house):
    answer = house.web.get(f"/r/{house.link()}?url=https://evil.example&next=//evil.example")
    assert answer.headers["location"] == f"https://jobs.example.com/pilot?ref={house.link()}"


def test_a_link_of_a_closed_job_says_so_and_offers_others(house):
    drop(house.root, "night-pilot", spec(title="Night Pilot"))
    drop(house.root, "pilot", spec(status="filled"))
    house.run()
    answer = house.web.get(f"/r/{house.link()}")
    assert answer.status_code == 410
    assert "Night Pilot" in answer.text


def test_a_mail_only_job_leads_to_its_page(house):
    drop(house.root, "pilot", spec(apply="jobs@example.com"))
    house.run()
    assert house.web.get(f"/r/{house.link()}").headers["location"] == (
        f"/public/jobs/pilot?ref={house.link()}"
    )


def by_hand(house):
    drop(house.root, "pilot", spec(tags=["campus"]))
    house.run()
    return {"job": "pilot", "channel": "campus", "moment": "announce", "token": house.token()}


def test_the_desk_shows_what_to_paste_and_takes_the_address(house):
    form = by_hand(house)
    page = house.web.get("/desk").text
    assert "to be posted by hand" in page
    assert "You board ships at sea" in page
    wrong = house.web.post("/desk/decide", data=form | {"what": "there", "address": "nowhere"})
    assert (wrong.status_code, "is no address" in wrong.text) == (422, True)
    house.web.post(
        "/desk/decide", data=form | {"what": "there", "address": "https://campus.example/7"}
    )
    assert "https://campus.example/7" in house.web.get("/desk").text
    assert "Nothing. Everything is where it should be." in house.web.get("/desk").text


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}],
    ids=["origin", "fetch-site", "token"],
)
def test_nobody_elses_page_can_decide(house, headers):
    form = by_hand(house) | {"what": "there", "address": "https://campus.example/7"}
    if not headers:
        form["token"] = "guessed"
    answer = house.web.post("/desk/decide", data=form, headers=headers)
    assert answer.status_code == 403
    with house.project.ledger.read() as conn:
        assert publications.get(conn, ("pilot", "campus", "announce")).state == "held"


def test_other_names_for_our_machine_are_refused(house):
    assert house.web.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_headers_keep_the_pages_to_themselves(house):
    answer = house.web.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = house.web.get("/", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_go_alone_has_no_desk_and_no_board(house):
    with site(house.project, alone=True) as web:
        assert web.get(f"/r/{house.link()}").status_code == 302
        assert web.get("/jobs/pilot").status_code == 200
        assert web.get("/desk").status_code == 404
        assert web.get("/").status_code == 404


def test_decisions_are_kept_with_who_and_when(house):
    by_hand(house)
    slot = ("pilot", "campus", "announce")
    desk.drop(house.project.ledger, slot, "kim", now_utc())
    house.run()
    with house.project.ledger.read() as conn:
        found = publications.get(conn, slot)
        last = attempts.history(conn, found.id)[-1]
    assert (found.state, found.reason) == ("dropped", "left out by kim")
    assert last.owner == "kim"


def desk_of(tmp_path, policy="", pace=""):
    """A house whose channel is a network in memory."""
    from tests.lives import Life

    life = Life(tmp_path, policy=policy, pace=pace)
    project = life.project
    face = Face(project.ledger, project.settings, project.root / ".rolecast", gathers=False)
    made = app.create(
        project.ledger,
        project.settings,
        project.channels,
        calendar=project.calendar,
        face=face,
    )
    return life, TestClient(made, follow_redirects=False)  # no links are followed here


def token(web) -> str:
    return re.search(r'name="token" value="([^"]+)"', web.get("/desk").text)[1]


def test_a_text_is_approved_or_refused_on_the_desk(tmp_path):
    life, web = desk_of(tmp_path, policy='approval = "always"')
    drop(life.root, "deck-hand", spec(title="Deck Hand"))
    life.run()
    html = web.get("/desk").text
    assert html.count("to be approved") == 2
    assert "You bring the big ships in" in html
    numbers = re.findall(r'name="asked" value="(\d+)"', html)
    form = {"token": token(web), "asked": numbers[0], "what": "approve", "note": "good"}
    assert "said=desk_approved" in web.post("/desk/approve", data=form).headers["location"]
    form |= {"asked": numbers[1], "what": "refuse", "note": "too loud"}
    assert "said=desk_refused" in web.post("/desk/approve", data=form).headers["location"]
    assert web.post("/desk/approve", data=form).status_code == 422  # decided already
    assert len(life.run()) == 1
    with life.project.ledger.read() as conn:
        job = next(p.job_id for p in publications.everything(conn) if p.state == "live")
    history = web.get(f"/desk/jobs/{job}").text
    assert "approved: post" in history
    assert "good" in history
    assert web.get("/desk/jobs/nobody").status_code == 404
    life.project.ledger.close()


def test_drift_is_shown_with_both_texts_and_three_ways_out(tmp_path):
    from rolecast.verify import verify

    life, web = desk_of(tmp_path)
    life.run()
    project = life.project
    verify(project.ledger, project.channels, lambda c: None)
    slot = {"job": "pilot", "channel": "net", "moment": "announce"}
    for what, after in (("put-back", "You bring"), ("accept", "Win a prize"), ("forget", "Win")):
        life.town.posts["1"].text = f"Win a prize {what}"
        verify(project.ledger, project.channels, lambda c: None)
        html = web.get("/desk").text
        assert "What it says now" in html
        assert f"Win a prize {what}" in html
        done = web.post("/desk/decide", data=slot | {"token": token(web), "what": what})
        assert "said=desk_noted" in done.headers["location"]
        life.run()
        assert after in life.town.posts["1"].text
        assert "What it says now" not in web.get("/desk").text
    life.project.ledger.close()


def test_one_expired_account_is_told_once_and_tried_again_at_once(tmp_path):
    life, web = desk_of(tmp_path)
    for number in range(6):
        drop(life.root, f"job-{number}", spec(title=f"Job {number}"))
    life.town.faults = ["unauthorised"] * 9
    life.run()
    html = web.get("/desk").text
    assert html.count("the token has expired: renew it") == 2  # the sentence, and the form's field
    assert "7 posts wait" in html
    form = {"token": token(web), "channel": "net", "reason": "the token has expired: renew it"}
    life.town.faults = []
    assert "said=desk_again" in web.post("/desk/retry", data=form).headers["location"]
    assert len(life.run()) == 7
    life.project.ledger.close()


def test_the_calendar_shows_who_waits_for_what(tmp_path):
    life, web = desk_of(tmp_path, pace="spacing = 60")
    assert "Nothing waits for its time" in web.get("/desk/calendar").text
    for number in range(3):
        drop(life.root, f"job-{number}", spec(title=f"Job {number}"))
    life.now = now_utc()
    life.run()
    html = web.get("/desk/calendar").text
    assert html.count("/desk/jobs/") == 3
    life.project.ledger.close()


def test_a_place_to_apply_that_does_not_work_is_on_the_desk(house):
    from rolecast.ledger import jobs

    with house.project.ledger.begin() as conn:
        jobs.applied(conn, [("pilot", "the page does not exist any more")], now_utc())
    html = house.web.get("/desk").text
    assert "the page does not exist any more" in html
    assert "pilot.yaml" in html


@pytest.mark.parametrize("how", [{"closes": "2020-01-01"}, {"status": "filled"}, "removed"])
def test_a_link_says_that_the_job_is_over_however_it_ended(house, how):
    drop(house.root, "other", spec(title="Another Pilot"))
    house.run()
    code = house.link()
    if how == "removed":
        (house.root / "jobspecs/pilot.yaml").unlink()
    else:
        drop(house.root, "pilot", spec(**how))
    house.run()
    answer = house.web.get(f"/r/{code}")
    assert answer.status_code == 410
    assert "no longer open" in answer.text
    assert "Another Pilot" in answer.text
