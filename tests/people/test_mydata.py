"""What is kept of a person is shown and given to them, and goes with them: all of it."""

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import String, insert, select, update

from rolecast import mydata, outbox, signin
from rolecast.cli import main
from rolecast.ledger import (
    approvals,
    bonuses,
    decisions,
    events,
    mails,
    notices,
    people,
    rehearsals,
)
from rolecast.ledger.approvals import Approval
from rolecast.ledger.events import Event
from rolecast.ledger.schema import publications
from rolecast.ledger.schema_people import (
    metadata,
    questions,
    searches,
    shares,
    suggestions,
    volunteers,
)
from rolecast.people import Role, new_id
from rolecast.publish import now_utc
from tests import house as houses
from tests.colleagues import HOUSE, browser, enter, person, token
from tests.house import make, site, spec
from tests.people.deeds import AT, DAY, click, house, log, refer, share, tell

pytestmark = pytest.mark.both_ledgers
NAME = 'Kim "Kit" O\'Harbour-Ås'


class Life:
    """A project in which Kim has done everything that one can do."""

    def __init__(self, root):
        bonus = {"amount": 1500, "currency": "EUR"}
        self.project = house(make(root, HOUSE, pilot=spec(referral_bonus=bonus)))
        self.kim, self.lee = person(self.project, "kim"), person(self.project, "lee")
        with self.project.ledger.begin() as conn:
            people.change(conn, self.kim.id, name=NAME, team="Ropes", subject="https://idp kim-17")
            self.kim = people.get(conn, self.kim.id)
        self.code = share(self.project, self.kim)
        self.named = refer(self.project, self.kim)
        click(self.project, self.code, 4)
        links = [{"code": self.code, "at": AT - DAY}]
        other = {"code": share(self.project, self.lee), "at": AT - 2 * DAY}
        for number, stage in enumerate(("applied", "hired", "started")):
            tell(self.project, stage, at=AT + number * DAY, links=[*links, other])
        tell(
            self.project, "applied", "A-2", links=[*links, {"code": refer(self.project, self.lee)}]
        )
        with self.project.ledger.begin() as conn:
            self._rows(conn)

    def _rows(self, conn):
        kim, settings = self.kim, self.project.settings
        signin.start(conn, settings, kim, "Firefox, phone", now_utc())
        people.begin_signin(
            conn, id="s", browser="b", email=kim.email, goes_to="/", made=AT, ends=AT + 900 * DAY
        )
        outbox.post(
            conn, settings, "news", kim.email, "en", AT, person=kim.id, items=[], first="", more=0,
            page="/me",
        )
        outbox.post(conn, settings, "signin", kim.email, "en", AT, link="x", minutes=1)
        outbox.post(
            conn, settings, "news", self.lee.email, "en", AT, person=self.lee.id, more=0, page="/",
            first="", items=[{"text": f"{NAME} has taken up your words.", "link": None}],
        )  # fmt: skip
        notices.add(conn, self.lee.id, "taken", AT, "pilot", name=NAME)
        notices.add(conn, self.kim.id, "question", AT, "pilot", text="Is it cold?")
        events.add(conn, [Event("pilot", AT, kim.email, "bonus paid", f"by {kim.email}, at once")])
        decision = ("pilot", "board", "announce", "publish", "h", True, kim.email, AT)
        approvals.add(conn, [Approval(*decision, note=f"as {NAME} wished")])
        mine = {"person_id": kim.id, "made": AT}
        conn.execute(insert(searches).values(id=new_id(), query="q=ropes", told=AT, **mine))
        conn.execute(insert(volunteers).values(team="Ropes", **mine))
        decisions.add(conn, "d", "withdraw", kim.email, AT, {})
        assert decisions.undone(conn, "d", kim.email, AT)
        assert rehearsals.ask(conn, "board", "pilot", kim.email, AT)
        conn.execute(update(publications).values(unwanted=kim.email))
        asked = {"id": new_id(), "job_id": "pilot"}
        conn.execute(insert(questions).values(**asked, text="Who has the keys?", **mine))
        self.suggested = new_id()
        conn.execute(
            insert(suggestions).values(
                id=self.suggested, job_id="pilot", person_id=self.lee.id, field="title", before="a",
                after="b", state="accepted", made=AT, decided=AT, decided_by=kim.id,
            )
        )  # fmt: skip
        share_id = conn.scalar(select(shares.c.id).where(shares.c.person_id == kim.id))
        conn.execute(
            shares.update().where(shares.c.person_id == self.lee.id).values(taken_from=share_id)
        )

    def found(self, *words) -> list[str]:
        """table.column of every place in the ledger that has one of these words."""
        places = []
        with self.project.ledger.read() as conn:
            for table in metadata.sorted_tables:
                texts = [column for column in table.c if isinstance(column.type, String)]
                for row in conn.execute(select(*texts)) if texts else ():
                    for column, value in zip(texts, row, strict=True):
                        if any(word in (value or "").lower() for word in words):
                            places.append(f"{table.name}.{column.name}")
        return places


@pytest.fixture
def life(tmp_path):
    made = Life(tmp_path)
    yield made
    made.project.ledger.close()


def marks(life):
    """What names Kim, as it may stand in any column."""
    names = [NAME, json.dumps(NAME)[1:-1], json.dumps(NAME, ensure_ascii=False)[1:-1], "kim-17"]
    return [one.lower() for one in (life.kim.id, life.kim.email, "o'harbour", *names)]


def test_after_deletion_no_table_names_them(life):
    before = set(life.found(*marks(life)))
    assert {
        "people.email", "credits.who", "credits.steps", "events.who", "events.detail",
        "approvals.who", "approvals.note", "notices.about", "mails.address", "mails.body",
        "decisions.who", "decisions.undone_by", "rehearsals.who", "publications.unwanted",
        "signins.email", "suggestions.decided_by", "sessions.person_id", "shares.person_id",
    } <= before  # fmt: skip
    assert mydata.forget(life.project.ledger, life.kim.id)
    assert life.found(*marks(life)) == []
    assert not mydata.forget(life.project.ledger, life.kim.id)


def test_counts_links_and_other_peoples_things_stay(life):
    mydata.forget(life.project.ledger, life.kim.id)
    assert (log(life.project)[-1].party, log(life.project)[-1].who) == ("share", "")
    assert log(life.project, "A-2")[-1].who == life.lee.id
    with life.project.ledger.read() as conn:
        told, _ = notices.latest(conn, life.lee.id, 0, 9)
        assert {"name": "a former colleague"} in [one.about for one in told]
        assert mails.counts(conn) == {"waiting": 1}  # Lee's
        assert bonuses.counts(conn) == {}
        assert people.get(conn, life.lee.id)
    with site(life.project) as web:
        web.face.go.links.refresh()
        assert web.get(f"/r/{life.code}").status_code == 302
        enter(web, life.project, "rita")
        page = web.get("/desk/applications/A-1").text
        assert "a former colleague" in page


def test_others_with_the_name_in_theirs_are_left_alone(life):
    with life.project.ledger.begin() as conn:
        bob = person_in(conn, "ann.kim@ostrelund.example", "Ann Kimberly")
        people.change(conn, life.kim.id, name="Kim")
        events.add(
            conn, [Event("pilot", AT, bob.email, "x", "Kimberly and akim@ostrelund.example")]
        )
        notices.add(conn, bob.id, "question", AT, "pilot", text="Kimberly knows")
    mydata.forget(life.project.ledger, life.kim.id)
    with life.project.ledger.read() as conn:
        last = events.of_job(conn, "pilot")[-1]
        assert any(
            one.who == "ann.kim@ostrelund.example" and "akim@ostrelund.example" in one.detail
            for one in events.of_job(conn, "pilot") if one.detail
        ), last  # fmt: skip
        assert notices.latest(conn, bob.id, 0, 1)[0][0].about == {"text": "Kimberly knows"}


def person_in(conn, email, name):
    return people.add(conn, email, name, Role.employee, AT)


def test_the_export_has_every_table_and_nobody_else(life):
    with life.project.ledger.read() as conn:
        whole = json.loads(mydata.export(conn, life.kim, AT))
    of_persons = {table.name for table in metadata.sorted_tables if "person_id" in table.c}
    assert of_persons | {"people", "credits", "clicks", "events", "approvals"} <= set(whole)
    for name in ("shares", "referrals", "bonuses", "notices", "mails", "searches", "volunteers",
                 "questions", "sessions", "credits", "events", "approvals", "decisions",
                 "rehearsals"):  # fmt: skip
        assert whole[name], name
    assert whole["people"][0]["name"] == NAME
    assert whole["clicks"] == [{"link": life.code, "human": 4}]
    assert "somebody else" in json.dumps(whole["credits"])
    text = json.dumps(whole)
    assert life.lee.id not in text
    assert "Lee" not in text
    assert "A-1" not in text  # the applicant's number


def test_the_page_shows_it_and_deletes_only_on_ones_own_word(life):
    with browser(life.project, "kim") as web:
        page = web.get("/me/data").text
        for text in ("Robin Reef", "What you have shared", "Who has the keys?", "Firefox, phone"):
            assert text in page, text
        assert "A bonus that is not paid yet" in page
        answer = web.get("/me/data/export")
        assert answer.headers["content-disposition"].startswith("attachment")
        assert json.loads(answer.text)["people"][0]["email"] == life.kim.email
        form = {"token": token(web), "email": "lee@ostrelund.example"}
        answer = web.post("/me/data/delete", data=form)
        assert answer.status_code == 422
        assert 'value="lee@ostrelund.example"' in answer.text
        assert life.found(life.kim.id)
        other = web.post("/me/data/delete", data={"email": life.kim.email})
        assert other.status_code == 403  # not our form
        answer = web.post("/me/data/delete", data=form | {"email": " KIM@ostrelund.example "})
        assert answer.status_code == 200
        assert life.found(*marks(life)) == []
        assert web.get("/me").headers["location"].startswith("/signin")


def test_the_command_lists_exports_and_deletes(life, tmp_path):
    def run(*words):
        return CliRunner(env=houses.LEDGER).invoke(main, ["--root", str(tmp_path), *words])

    assert "kim@ostrelund.example" in run("people", "list").output
    assert "lee@ostrelund.example" not in run("people", "list", "--search", "kim").output
    whole = json.loads(run("people", "export", "kim@ostrelund.example").output)
    assert whole["people"][0]["name"] == NAME
    assert "would be deleted" in run("people", "delete", "kim@ostrelund.example").output
    assert life.found(life.kim.id)
    done = run("people", "delete", "KIM@ostrelund.example", "--yes")
    assert done.exit_code == 0, done.output
    assert life.found(*marks(life)) == []
    assert run("people", "delete", "kim@ostrelund.example", "--yes").exit_code == 1
