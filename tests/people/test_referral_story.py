"""One referral from naming to the bonus that is paid, with a real mail server in between."""

import base64
import hashlib
import hmac
import json
import re
import time
import uuid

import pytest

from rolecast import hooks, outbox, referrals, rounds
from rolecast.ledger import people
from rolecast.publish import now_utc
from tests.colleagues import HOUSE, enter, make, session, token
from tests.house import open_project, publish, site, spec
from tests.people.diary import Clock, Diary
from tests.people.naming import FORM, rows, secret_in, told
from tests.processes import until

pytestmark = pytest.mark.both_ledgers
BONUS = {"amount": 1500, "currency": "EUR"}
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes, no less").decode()


class Town:
    """The company's Rolecast, its mail server, and everybody's browsers."""

    def __init__(self, root, postfix, clock):
        server = f'host = "{postfix.host}"\nport = {postfix.port}\n'
        settings = HOUSE.replace('host = "127.0.0.1"\n', server)
        settings = settings.replace("jobs@ostrelund.example", "jobs@example.test")
        make(root, settings, pilot=spec(referral_bonus=BONUS))
        publish(root)
        self.clock, self.seen = clock, set()
        self.postfix, self.project = postfix, open_project(root)
        self.sender = outbox.Smtp(self.project.settings.mail)

    def browser(self):
        systems = {"ats": hooks.Rolecast(SECRET)}
        return site(self.project, systems=systems, sender=self.sender)

    def tell(self, web, key, stage, **fields):
        """The applicant system does, signed."""
        told = {"application": "A-1", "stage": stage, "at": now_utc().isoformat()} | fields
        body, at = json.dumps(told).encode(), str(int(time.time()))
        signed = f"{key}.{at}.".encode() + body
        right = hmac.new(base64.b64decode(SECRET[6:]), signed, hashlib.sha256).digest()
        headers = {
            "webhook-id": key,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{base64.b64encode(right).decode()}",
        }
        return web.post("/api/outcomes", content=body, headers=headers)

    def mail(self, to):
        """The one that has arrived since; waits for the postman, then for the server."""

        def new():
            return [one for one in self.postfix.mails(to) if one["Message-ID"] not in self.seen]

        (one,) = until(new, 20)
        self.seen.add(one["Message-ID"])
        return one

    def rounds(self):
        """What is done every few minutes, and the postman's next turn."""
        rounds.run(self.project.ledger, self.project.settings, now_utc())
        outbox.deliver(self.project.ledger, self.sender, self.project.settings.mail, now_utc())


@pytest.fixture
def town(tmp_path, postfix, monkeypatch):
    clock = Clock()
    monkeypatch.setattr("rolecast.publish.datetime", clock)
    made = Town(tmp_path, postfix, clock)
    yield made
    made.project.ledger.close()


def form_of(page) -> str:
    return re.search(r'name="token" value="([^"]+)"', page.text)[1]


def kept(town):
    """What the ledger has of the mails."""
    with town.project.ledger.read() as conn:
        rows = conn.exec_driver_sql("select state, address, body from mails").all()
    return [tuple(row) for row in rows]


def test_from_naming_to_the_bonus(town):
    robin, kims_mail = (f"{who}-{uuid.uuid4().hex[:8]}@example.test" for who in ("robin", "kim"))
    clock, diary = town.clock, Diary("One referral, from naming to paid", town.clock)
    with town.browser() as kims, town.browser() as robins, town.browser() as ritas:
        kim = enter(kims, town.project, "kim")
        enter(ritas, town.project, "rita")
        with town.project.ledger.begin() as conn:  # an address that the mail server knows
            people.change(conn, kim.id, email=kims_mail)

        # Kim names Robin.
        diary.read("Kim", kims.get("/jobs/pilot"), ".referring p")
        diary.read("Kim", kims.get("/jobs/pilot/refer"), "main p:not(.actions)", ".fields .actions")
        form = FORM | {"token": token(kims), "contact": robin}
        answer = kims.post("/jobs/pilot/refer", data=form)
        diary.did("Kim names Robin.")
        page = kims.get(answer.headers["location"])
        assert "Robin Reef" in diary.read("Kim", page, "[role=status]", ".named h2, .named p")
        assert "Robin" not in ritas.get("/desk/referrals").text

        # One mail arrives.
        mail = town.mail(robin)
        text = diary.mailed(mail)
        assert mail["Subject"] == "Kim thinks of you for a job at Ostrelund Works: Harbour Pilot"
        assert str(mail["From"]) == "Ostrelund Works <jobs@example.test>"
        assert mail["Auto-Submitted"] == "auto-generated"
        assert "> This boat would suit you." in text
        assert "newspaper" not in text  # what is for the recruiters stands on the page
        # The server has it a moment before the ledger knows.
        until(lambda: kept(town) == [("sent", None, None)], 20)

        # Robin reads what would be passed on, and agrees, in a browser that nobody has signed in.
        clock.hours(10)
        link = f"/friend/{secret_in(text)}"
        page = robins.get(link)
        said = diary.read("Robin", page, "h1", "#asked, #asked ~ p, .passed dt, .passed dd", "li")
        assert "reads the tide like a newspaper" in said
        yes = {"token": form_of(page), "what": "agree", "friend": "Robin Reef", "contact": robin}
        answer = robins.post(link, data=yes)
        diary.did("Robin says yes.")
        page = robins.get(answer.headers["location"])
        diary.read("Robin", page, "[role=status]", "h1", ".actions", ".actions + p", "#over ~ p")
        code = re.search(r"/r/(\w{8})", page.text)[1]
        assert told(town.project, kim) == ["agreed"]
        assert "You will hear by" in kims.get("/me/referrals").text

        # Rita takes it up; Kim gets a mail of both in the end.
        clock.morning()
        (one,) = rows(town.project)
        page = ritas.get("/desk/referrals")
        assert robin in diary.read("Rita", page, ".referred h2, .referred h2 + p, dt, dd")
        ritas.post(
            f"/desk/referrals/{one.id}",
            data={"token": form_of(page), "what": "set", "state": "passed_on"},
        )
        diary.did("Rita takes care of it.")
        clock.hours(2)
        news(town, diary, kims_mail, "has agreed", "is taking care")

        # Robin applies by the link; the applicant system tells the rest.
        clock.morning(2)
        robins.face.go.links.refresh()
        target = robins.get(f"/r/{code}").headers["location"]
        assert target == f"https://jobs.example.com/pilot?ref={code}"
        assert town.tell(ritas, "k1", "applied", ref=code).json() == {"taken": 1}
        diary.did(f"Robin applies at {target}; the applicant system tells it.")
        assert "They have applied." in kim_reads(kims, diary)
        clock.hours(2)
        news(town, diary, kims_mail, "has applied")
        for key, days, stage in (("k2", 6, "interviewed"), ("k3", 8, "hired")):
            clock.morning(days)
            assert town.tell(ritas, key, stage).json() == {"taken": 1}
            diary.did(f"The applicant system tells: {stage}.")
            clock.hours(2)
            news(town, diary, kims_mail, stage[:5])
        bonus = "aside li"
        assert "Its date is known once their first day is." in my_page(town, kims, diary, bonus)
        clock.morning(40)
        again(kims, town.project, kim)
        assert town.tell(ritas, "k4", "started").json() == {"taken": 1}
        assert town.tell(ritas, "k4", "started").json() == {"taken": 0}
        diary.did("The applicant system tells: started.")
        assert told(town.project, kim) == [
            "agreed", "passed_on", "applied", "interviewed", "hired", "started",
        ]  # fmt: skip
        assert "They have started. Welcome them!" in kim_reads(kims, diary)
        assert "if they stay until then" in my_page(town, kims, diary, bonus)
        clock.hours(2)
        news(town, diary, kims_mail, "has started here")
        assert len(town.postfix.mails(robin)) == 1  # all the while

        # A month later nothing of Robin is left here.
        clock.morning(31)
        assert referrals.tidy(town.project.ledger, now_utc()) == 1
        diary.did("A month after the first day, Robin's data is deleted.")
        page = robins.get(link)
        assert page.status_code == 410
        again(kims, town.project, kim)
        diary.read("Robin", page, "main h1, main p")
        page = kim_reads(kims, diary)
        assert "Robin" not in page
        assert "They have started. Welcome them!" in page

        # Ninety days after the first day the bonus is due, payroll gets a file, and pays.
        clock.morning(59)
        clock.hours(1)  # the first day was told a moment after nine
        enter(ritas, town.project, "rita")
        town.rounds()
        diary.did("The bonus is due.")
        clock.hours(2)
        news(town, diary, kims_mail, "is due")
        page = ritas.get("/desk/bonuses?state=eligible")
        assert "€1,500" in diary.read("Rita", page, "h1", "main > p:not(.kicker)", "tbody tr")
        file = ritas.get("/desk/bonuses?state=eligible&format=csv")
        diary.file("Payroll gets rolecast-bonuses-eligible.csv", file.text)
        assert f"Kim,{kims_mail},,1500,EUR,pilot,A-1,ats,eligible" in file.text
        clock.morning(5)
        (row,) = re.findall(r'name="(one-\w+)"', page.text)[:1]
        answer = ritas.post("/desk/bonuses/paid", data={"token": form_of(page), row: "1"})
        diary.did("Payroll has paid; Rita notes it.")
        diary.read("Rita", ritas.get(answer.headers["location"]), "[role=status]", "tbody tr")
        again(kims, town.project, kim)
        assert "paid on" in my_page(town, kims, diary, bonus)
        clock.hours(2)
        news(town, diary, kims_mail, "was paid")
    diary.close()


def again(web, project, person):
    """Sign in again: sessions end."""
    web.cookies.set("rolecast", session(project, person))


def news(town, diary, address, *sentences):
    """Kim gets one mail of what is new, which says so."""
    town.rounds()
    text = diary.mailed(town.mail(address))
    assert all(one in text for one in sentences), text


def kim_reads(kims, diary):
    """Where Kim's referral stands."""
    return diary.read("Kim", kims.get("/me/referrals"), ".named h2, .named p")


def my_page(town, kims, diary, *where):
    """Kim's own page."""
    return diary.read("Kim", kims.get("/me"), "#named ~ ul > li", *where)


def test_an_address_that_is_none_is_told_to_the_colleague(town):
    with town.browser() as kims:
        kim = enter(kims, town.project, "kim")
        form = FORM | {"token": token(kims), "contact": "bounce@example.test"}
        kims.post("/jobs/pilot/refer", data=form)
        until(lambda: referrals.undelivered(town.project.ledger, now_utc()), 20)
        assert told(town.project, kim) == ["undelivered"]
        page = kims.get("/me/referrals").text
        assert "The mail could not be delivered. Check the address" in page
        assert "You will hear by" not in page
