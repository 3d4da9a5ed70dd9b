"""One referral from naming to the first day at work, with a real mail server in between."""

import base64
import hashlib
import hmac
import json
import re
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from rolecast import hooks, outbox, referrals
from rolecast.publish import now_utc
from tests.colleagues import HOUSE, enter, make, token
from tests.house import open_project, publish, site, spec
from tests.people.naming import FORM, rows, secret_in, told

pytestmark = pytest.mark.both_ledgers
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, no less").decode()


class Town:
    """The company's Rolecast, its mail server, and everybody's browsers."""

    def __init__(self, root, postfix):
        server = f'host = "{postfix.host}"\nport = {postfix.port}\n'
        settings = HOUSE.replace('host = "127.0.0.1"\n', server)
        settings = settings.replace("jobs@ostrelund.example", "jobs@example.test")
        make(root, settings, pilot=spec())
        publish(root)
        self.postfix, self.project = postfix, open_project(root)
        self.sender = outbox.Smtp(self.project.settings.mail)

    def browser(self):
        systems = {"ats": hooks.Rolecast(SECRET)}
        return site(self.project, systems=systems, sender=self.sender)

    def tell(self, web, key, stage, **fields):
        """The applicant system does, signed."""
        told = {"application": "A-1", "stage": stage, "at": datetime.now(UTC).isoformat()} | fields
        body, at = json.dumps(told).encode(), str(int(time.time()))
        signed = f"{key}.{at}.".encode() + body
        right = hmac.new(base64.b64decode(SECRET[6:]), signed, hashlib.sha256).digest()
        headers = {
            "webhook-id": key,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(right).decode()}",
        }
        return web.post("/api/outcomes", content=body, headers=headers)

    def mails(self, to):
        """Waits for the postman, then for the server."""
        deadline = time.monotonic() + 20
        while not (found := self.postfix.mails(to)) and time.monotonic() < deadline:
            time.sleep(0.1)
        return found


@pytest.fixture
def town(tmp_path, postfix):
    made = Town(tmp_path, postfix)
    yield made
    made.project.ledger.close()


def form_of(page) -> str:
    return re.search(r'name="token" value="([^"]+)"', page.text)[1]


def kept(town):
    """What the ledger has of the mails."""
    with town.project.ledger.read() as conn:
        rows = conn.exec_driver_sql("select state, address, body from mails").all()
    return [tuple(row) for row in rows]


def test_from_naming_to_the_first_day(town):
    robin = f"robin-{uuid.uuid4().hex[:8]}@example.test"
    with town.browser() as kims, town.browser() as robins, town.browser() as ritas:
        kim = enter(kims, town.project, "kim")
        enter(ritas, town.project, "rita")

        # Kim names Robin.
        form = FORM | {"token": token(kims), "contact": robin}
        answer = kims.post("/jobs/pilot/refer", data=form)
        assert "Robin Reef" in kims.get(answer.headers["location"]).text
        assert "Robin" not in ritas.get("/desk/referrals").text

        # One mail arrives.
        (mail,) = town.mails(robin)
        text = mail.get_content()
        assert mail["Subject"] == "Kim thinks of you for a job at Ostrelund Works: Harbour Pilot"
        assert str(mail["From"]) == "jobs@example.test"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert "> This boat would suit you." in text
        assert "newspaper" not in text  # what is for the recruiters stands on the page
        # The server has it a moment before the ledger knows.
        deadline = time.monotonic() + 20
        while kept(town) != [("sent", None, None)] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert kept(town) == [("sent", None, None)]

        # Robin reads what would be passed on, and agrees, in a browser that nobody has signed in.
        link = f"/friend/{secret_in(text)}"
        page = robins.get(link)
        assert "reads the tide like a newspaper" in page.text
        yes = {"token": form_of(page), "what": "agree", "friend": "Robin Reef", "contact": robin}
        answer = robins.post(link, data=yes)
        code = re.search(r"/r/(\w{8})", robins.get(answer.headers["location"]).text)[1]
        assert told(town.project, kim) == ["agreed"]
        assert "You will hear by" in kims.get("/me/referrals").text

        # Rita takes it up.
        (one,) = rows(town.project)
        page = ritas.get("/desk/referrals")
        assert robin in page.text
        ritas.post(
            f"/desk/referrals/{one.id}",
            data={"token": form_of(page), "what": "set", "state": "passed_on"},
        )

        # Robin applies by the link; the applicant system tells the rest.
        robins.face.go.links.refresh()
        target = robins.get(f"/r/{code}").headers["location"]
        assert target == f"https://jobs.example.com/pilot?ref={code}"
        assert town.tell(ritas, "k1", "applied", ref=code).json() == {"taken": 1}
        assert "They have applied." in kims.get("/me/referrals").text
        for key, stage in (("k2", "interviewed"), ("k3", "hired"), ("k4", "started")):
            assert town.tell(ritas, key, stage).json() == {"taken": 1}
        assert town.tell(ritas, "k4", "started").json() == {"taken": 0}
        assert told(town.project, kim) == [
            "agreed", "passed_on", "applied", "interviewed", "hired", "started",
        ]  # fmt: skip
        assert "They have started. Welcome them!" in kims.get("/me/referrals").text
        assert len(town.postfix.mails(robin)) == 1  # all the while

        # A month later nothing of Robin is left here.
        assert referrals.tidy(town.project.ledger, now_utc() + timedelta(days=31)) == 1
        assert robins.get(link).status_code == 410
        page = kims.get("/me/referrals").text
        assert "Robin" not in page
        assert "They have started. Welcome them!" in page


def test_an_address_that_is_none_is_told_to_the_colleague(town):
    with town.browser() as kims:
        kim = enter(kims, town.project, "kim")
        form = FORM | {"token": token(kims), "contact": "bounce@example.test"}
        kims.post("/jobs/pilot/refer", data=form)
        deadline = time.monotonic() + 20
        while not referrals.undelivered(town.project.ledger, now_utc()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert told(town.project, kim) == ["undelivered"]
        page = kims.get("/me/referrals").text
        assert "The mail could not be delivered. Check the address" in page
        assert "You will hear by" not in page
