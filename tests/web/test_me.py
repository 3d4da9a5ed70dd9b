"""A colleague's own page, settings and off switch."""

import re
from datetime import timedelta

import pytest

from rolecast import news, outbox
from rolecast.ledger import notices, people
from rolecast.publish import now_utc
from tests.colleagues import BOARD, HOUSE, PEOPLE, Mailbox, browser, enter, person, token
from tests.house import make, site, spec
from tests.people.deeds import AT, DAY, click, house, refer, share, tell

pytestmark = pytest.mark.both_ledgers
BONUS = {"amount": 1500, "currency": "EUR"}


@pytest.fixture
def project(tmp_path):
    made = house(make(tmp_path, HOUSE, pilot=spec(referral_bonus=BONUS)))
    yield made
    made.ledger.close()


def words(page):
    """What a page says, without its tags."""
    text = re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1])
    return " ".join(text.replace("&#39;", "'").split())


def test_an_empty_page_invites_without_pressure(project):
    with browser(project) as web:
        page = words(web.get("/me").text)
    assert "Nothing here yet, and that is fine" in page
    assert "Only you see it" in page


def test_the_page_shows_what_became_of_what_one_did(project):
    kim = person(project, "kim")
    code = share(project, kim)
    click(project, code, 3)
    with browser(project, "kim") as web:
        page = words(web.get("/me").text)
        assert "WhatsApp followed 3 times applications: not measured" in page
        assert "“Not measured” is not zero" in page
        soon = now_utc() + timedelta(days=3)
        refer(project, kim, promise=soon)
        refer(project, kim, promise=now_utc() - DAY, friend="Sam Sail")
        for number, stage in enumerate(("applied", "hired", "started")):
            tell(project, stage, at=AT + number * DAY, ref=code)
        page = words(web.get("/me").text)
    assert "WhatsApp followed 3 times 1 application" in page
    assert "not measured" not in page
    assert f"You will hear by {soon:%A, %B} {soon.day}, {soon.year}." in page
    assert "Sam Sail Harbour Pilot has agreed" in page
    assert "You should have heard by" in page
    assert "Counts for you. They came by your link" in page
    assert "€1,500 Harbour Pilot on its way Due on Tuesday, February 23, 2027" in page
    assert "The person you brought to “Harbour Pilot” has started here." in page


def test_why_it_does_not_count_names_nobody(project):
    kim, lee = person(project, "kim"), person(project, "lee")
    mine, theirs = share(project, kim), share(project, lee)
    links = [{"code": mine, "at": AT - 2 * DAY}, {"code": theirs, "at": AT - DAY}]
    tell(project, application="SECRET-17", links=links)
    with browser(project, "kim") as web:
        for path in ("/me", "/me/credit"):
            page = web.get(path).text
            assert "Does not count for you." in page
            assert "somebody else&#39;s later link" in page
            for word in ("Lee", lee.id, "SECRET-17", theirs):
                assert word not in page, word
    with browser(project, "lee") as web:
        assert "Counts for you." in web.get("/me").text


def test_nobody_sees_anothers_figures(project):
    kim = person(project, "kim")
    click(project, share(project, kim), 3)
    refer(project, kim)
    for who in ("lee", "rita", "ada"):
        with browser(project, who) as web:
            for path in ("/me", "/me/shared", "/me/credit", "/me/news", "/me/data"):
                page = web.get(path).text
                assert "Robin Reef" not in page, (who, path)
                assert "followed 3 times" not in page, (who, path)


def test_lists_are_paged(project):
    kim = person(project, "kim")
    with project.ledger.begin() as conn:
        for number in range(45):
            notices.add(
                conn, kim.id, "question", AT + number * DAY, "pilot", text=f"No. {number} ?"
            )
    with browser(project) as web:
        assert "All news" in web.get("/me").text
        first, last = web.get("/me/news").text, web.get("/me/news?page=3").text
        assert "No. 44 ?" in first
        assert "No. 0 ?" not in first
        assert "No. 0 ?" in last
        assert "Nothing is here yet" in web.get("/me/shared?page=9").text


def test_hostile_words_stay_words(project):
    evil = "<script>alert(1)</script>"
    kim = person(project, "kim")
    refer(project, kim, friend=evil)
    with project.ledger.begin() as conn:
        people.change(conn, kim.id, name=evil, team=evil)
        notices.add(conn, kim.id, "taken", AT, "pilot", name=evil)
    with browser(project) as web:
        for path in ("/me", "/me/news", "/me/settings", "/me/data"):
            assert "<script>alert" not in web.get(path).text, path


# Settings

FORM = {"name": "Kim Harbour", "team": "Ropes", "language": "en", "mails": "1", "tells": "mail"}


def test_settings_are_kept(project):
    with browser(project) as web:
        data = FORM | {"token": token(web), "ranked": "1"}
        answer = web.post("/me/settings", data=data)
        assert answer.headers["location"] == "/me/settings?said=settings_kept"
        found = person(project, "kim")
        assert (found.name, found.team, found.language, found.mails) == (
            "Kim Harbour", "Ropes", "en", 1,
        )  # fmt: skip
        assert found.ranked == 0  # the company has no list
        data = {"token": token(web), "name": "Kim", "team": "", "language": ""}
        web.post("/me/settings", data=data)
        found = person(project, "kim")
        assert (found.team, found.language, found.mails) == (None, None, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " \t"), ("name", "x" * 81), ("team", "y" * 81), ("language", "xx"),
     ("tells", "slack"), ("tells", "pigeon")],
)  # fmt: skip
def test_settings_that_cannot_be_kept_lose_nothing(project, field, value):
    with browser(project) as web:
        typed = FORM | {"name": "Somebody Else", field: value}
        answer = web.post("/me/settings", data=typed | {"token": token(web)})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert f'value="{typed["team"]}"' in answer.text
        assert person(project, "kim").name == "Kim"


def test_the_ways_are_those_that_the_company_has(tmp_path):
    chat = '[channels.our-slack]\nconnector = "slack"\nchannel = "C1"\n'
    project = house(make(tmp_path, HOUSE + chat, pilot=spec()))
    with browser(project) as web:
        page = web.get("/me/settings").text
        assert "Slack" in page
        assert "Teams" not in page
        web.post("/me/settings", data=FORM | {"tells": "slack", "token": token(web)})
        assert person(project, "kim").tells == "slack"
    project.ledger.close()


def test_devices_are_signed_out_by_their_owner_only(project):
    with browser(project, "kim") as web, site(project) as phone:
        enter(phone, project, "kim")
        page = web.get("/me/settings").text
        (device,) = re.findall(r'name="device" value="([0-9a-f]{64})"', page)
        with site(project) as other:
            enter(other, project, "lee")
            other.post("/me/settings/signout", data={"token": token(other), "device": device})
        assert phone.get("/me").status_code == 200
        data = {"token": token(web), "device": device}
        assert web.post("/me/settings/signout", data=data).status_code == 303
        assert phone.get("/me").status_code == 303
        assert web.get("/me").status_code == 200


def test_the_list_is_joined_in_the_settings(tmp_path):
    settings = PEOPLE.replace("[people]\n", "[people]\nleaderboard = true\n")
    project = house(make(tmp_path, BOARD + settings, pilot=spec()))
    with browser(project) as web:
        web.post("/me/settings", data=FORM | {"token": token(web), "ranked": "1"})
        assert person(project, "kim").ranked == 1
        web.post("/me/settings", data=FORM | {"token": token(web)})
        assert person(project, "kim").ranked == 0
    project.ledger.close()


# The off switch in mails


def off_address(project, who):
    with project.ledger.begin() as conn:
        notices.add(conn, who.id, "question", AT, "pilot", text="?")
    news.mail(project.ledger, project.settings, AT + DAY)
    box = Mailbox()
    outbox.deliver(project.ledger, box, project.settings.mail, AT + DAY)
    return box.mails[0]["List-Unsubscribe"].strip("<>").removeprefix("http://127.0.0.1:8080")


def test_the_off_switch_works_without_signing_in_and_not_by_looking(project):
    kim = person(project, "kim")
    address = off_address(project, kim)
    with site(project) as web:
        page = web.get(address)
        assert "Switch mails off" in page.text
        assert kim.email not in page.text
        assert person(project, "kim").mails == 1  # scanners only look
        headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example"}
        body = {"List-Unsubscribe": "One-Click"}  # RFC 8058, 3.2
        for _ in range(2):
            answer = web.post(address, data=body, headers=headers)
            assert answer.status_code == 200
            assert "Mails are off" in answer.text
        assert person(project, "kim").mails == 0
        assert web.get("/me").status_code == 303  # nobody is signed in by that
        assert web.get("/me/off/guessed").status_code == 404
        assert web.post("/me/off/guessed").status_code == 404
        assert web.post("/me/off/%00").status_code == 404
