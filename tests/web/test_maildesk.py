"""Mails in trouble come to the desk, and say no more than a recruiter may know."""

from datetime import timedelta

import pytest

from rolecast import outbox
from rolecast.ledger import mails
from rolecast.publish import now_utc
from tests.colleagues import HOUSE, Mailbox, browser, make, person, token
from tests.house import open_project, publish, spec

pytestmark = pytest.mark.both_ledgers


class Broken(Mailbox):
    """Takes nothing, and names the address in saying so."""

    def send(self, mail):
        raise outbox.Rejected(f"<{mail['To']}>: no such mailbox")


class Vague(Mailbox):
    """Goes away while it takes a mail."""

    def send(self, mail):
        raise outbox.Unclear("the mail server went away while it took the mail")


@pytest.fixture
def house(tmp_path):
    publish(make(tmp_path, HOUSE, pilot=spec()))
    project = open_project(tmp_path)
    with browser(project, "rita") as web:
        web.project, web.token = project, token(web)
        yield web
    project.ledger.close()


def waiting(project, kind, address, sender):
    with project.ledger.begin() as conn:
        mails.add(
            conn, id=f"mail-{kind}", person_id=None, referral_id=None, kind=kind,
            address=address, subject="S", body="B\n", made=now_utc(),
            next=now_utc() - timedelta(seconds=1),
        )  # fmt: skip
    outbox.deliver(project.ledger, sender, project.settings.mail, now_utc())




def states(project):
    with project.ledger.read() as conn:
        return mails.counts(conn)


def test_a_mail_that_was_refused_is_tried_again_or_given_up(house):
    kim = person(house.project, "kim")
    waiting(house.project, "news", kim.email, Broken())
    html = house.get("/desk").text
    assert "News for a colleague" in html
    assert "no such mailbox" in html
    form = {"token": house.token, "what": "again"}
    answer = house.post("/desk/mails/mail-news", data=form)
    assert answer.headers["location"] == "/desk?said=mail_again"
    assert states(house.project) == {"waiting": 1}
    assert "no such mailbox" not in house.get("/desk").text
    outbox.deliver(house.project.ledger, Broken(), house.project.settings.mail, now_utc())
    house.post("/desk/mails/mail-news", data={"token": house.token, "what": "drop"})
    assert states(house.project) == {"dropped": 1}
    again = house.post("/desk/mails/mail-news", data=form)
    assert again.headers["location"] == "/desk?said=mail_gone"


def test_whom_somebody_named_stays_unknown_to_the_desk(house):
    waiting(house.project, "friend", "robin@elsewhere.example", Broken())
    html = house.get("/desk").text
    assert "A mail to a friend who was named" in html
    assert "robin@elsewhere.example" not in html


def test_one_that_may_have_arrived_says_so(house):
    waiting(house.project, "digest", "kim@ostrelund.example", Vague())
    html = house.get("/desk").text
    assert "perhaps sent" in html
    assert "may send it twice" in html
    assert house.post("/desk/mails/none", data={"token": house.token}).status_code == 404
