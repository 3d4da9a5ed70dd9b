"""A bonus from the hire to the payroll, and back."""

import csv
import io
from datetime import UTC, datetime

import pytest

from rolecast import bonuses, crediting
from rolecast.credit import load
from rolecast.ledger import bonuses as rows
from rolecast.ledger import events, outcomes, people
from rolecast.ledger.bonuses import Bonus
from rolecast.settings import Settings
from tests.colleagues import HOUSE, browser, person, token
from tests.house import drop, make, publish, spec
from tests.people.deeds import AT, DAY, house, log, news, refer, share, tell, tie

pytestmark = pytest.mark.both_ledgers
BONUS = {"amount": 1500, "currency": "EUR"}


@pytest.fixture
def project(tmp_path):
    made = house(make(tmp_path, HOUSE, pilot=spec(referral_bonus=BONUS)))
    yield made
    made.ledger.close()


def of(project, application="A-1"):
    with project.ledger.read() as conn:
        return rows.of_application(conn, "ats", application)


def states(project, application="A-1"):
    return [(one.state, one.why) for one in of(project, application)]


def ripen(project, at):
    return bonuses.ripen(project.ledger, project.settings.people, at)


def hired(project, code, *stages, application="A-1"):
    for number, stage in enumerate(("applied", "hired", *stages)):
        tell(project, stage, application, AT + number * DAY, ref=code)


def test_from_hire_to_paid_each_once_and_told_each_time(project):
    kim = person(project, "kim")
    hired(project, share(project, kim), "started")
    assert states(project) == [("pending", "")]
    (one,) = of(project)
    assert (one.amount, one.currency, one.started) == ("1500", "EUR", AT + 2 * DAY)
    due = AT + 92 * DAY
    assert bonuses.due_of(one, project.settings.people) == due
    assert ripen(project, due - DAY) == 0
    assert ripen(project, due) == 1
    assert ripen(project, due) == 0
    assert bonuses.pay(project.ledger, [one.id], "rita@ostrelund.example", due) == 1
    assert bonuses.pay(project.ledger, [one.id], "rita@ostrelund.example", due) == 0
    bonuses.undo(project.ledger, one.id, "rita@ostrelund.example", due)
    with pytest.raises(bonuses.NotPossible):
        bonuses.undo(project.ledger, one.id, "rita@ostrelund.example", due)
    told = [about["state"] for kind, about in news(project, kim) if kind == "bonus"]
    assert told == ["pending", "eligible", "paid", "eligible"]
    with project.ledger.read() as conn:
        what = [one.what for one in events.of_job(conn, "pilot") if one.what.startswith("bonus")]
    assert what == ["bonus paid", "bonus not paid after all"]


@pytest.mark.parametrize("end", ["rejected", "withdrawn"])
def test_who_leaves_before_it_is_due_brings_none(project, end):
    hired(project, share(project, person(project, "kim")), "started", end)
    assert states(project) == [("void", "ended")]
    assert ripen(project, AT + 900 * DAY) == 0


def test_who_leaves_after_it_was_due_does_not_take_it_back(project):
    hired(project, share(project, person(project, "kim")), "started")
    ripen(project, AT + 100 * DAY)
    tell(project, "withdrawn", at=AT + 99 * DAY)
    assert states(project) == [("eligible", "")]
    tell(project, "withdrawn", at=AT + 50 * DAY)  # told late: the person had left long before
    assert states(project) == [("void", "ended")]


def test_a_start_that_is_told_late_counts_from_the_first_day(project):
    code = share(project, person(project, "kim"))
    hired(project, code)
    assert of(project)[0].started is None
    assert ripen(project, AT + 900 * DAY) == 0
    tell(project, "started", at=AT + 10 * DAY)
    assert ripen(project, AT + 99 * DAY) == 0
    assert ripen(project, AT + 100 * DAY) == 1


def test_credit_that_moves_takes_the_bonus_along_until_it_is_paid(project):
    kim, lee = person(project, "kim"), person(project, "lee")
    hired(project, share(project, kim), "started")
    named = refer(project, lee)

    def move(code):
        tie(project, named, "A-1" if code else "")
        with project.ledger.begin(alone="credit") as conn:
            crediting.settle(conn, "ats", "A-1", load("v1"), AT)

    move(named)
    assert {one.person_id: one.state for one in of(project)} == {kim.id: "void", lee.id: "pending"}
    move(None)
    assert {one.person_id: one.state for one in of(project)} == {kim.id: "pending", lee.id: "void"}
    ripen(project, AT + 100 * DAY)
    paid = next(one for one in of(project) if one.state == "eligible")
    bonuses.pay(project.ledger, [paid.id], "rita@ostrelund.example", AT + 101 * DAY)
    move(named)  # nobody is paid twice, and nobody's pay is taken back by a rule
    assert {one.person_id: one.state for one in of(project)} == {kim.id: "paid", lee.id: "void"}


def test_no_bonus_without_a_promise_a_colleague_or_a_hire(project, tmp_path):
    kim = person(project, "kim")
    code = share(project, kim)
    tell(project, "offered", "A-1", ref=code)
    hired(project, None, application="A-2")
    drop(tmp_path, "pilot", spec())
    publish(tmp_path)
    hired(project, code, application="A-3")
    assert states(project, "A-1") + states(project, "A-2") + states(project, "A-3") == []


def test_the_amount_is_that_of_the_hire(project, tmp_path):
    code = share(project, person(project, "kim"))
    hired(project, code)
    drop(tmp_path, "pilot", spec(referral_bonus={"amount": 99.5, "currency": "CHF"}))
    publish(tmp_path)
    tell(project, "started", at=AT + 5 * DAY)
    hired(project, code, application="A-2")
    assert (of(project)[0].amount, of(project)[0].currency) == ("1500", "EUR")
    assert (of(project, "A-2")[0].amount, of(project, "A-2")[0].currency) == ("99.50", "CHF")


def test_an_application_that_is_forgotten_leaves_its_number_nowhere(project):
    code = share(project, person(project, "kim"))
    for application in ("A-1", "A-2"):
        hired(project, code, "started", application=application)
    ripen(project, AT + 100 * DAY)
    bonuses.pay(project.ledger, [of(project)[0].id], "rita", AT + 101 * DAY)
    with project.ledger.begin() as conn:
        for application in ("A-1", "A-2"):
            outcomes.forget(conn, "ats", application)
        left = rows.page(conn, "", 0, 9)
    assert [(one.state, one.application[:9]) for one, *_ in left] == [("paid", "forgotten")]
    assert log(project) == []


# The desk


def test_the_desk_gives_payroll_a_table_and_takes_what_was_paid(project):
    kim, lee = person(project, "kim"), person(project, "lee")
    with project.ledger.begin() as conn:
        people.change(conn, kim.id, name="=cmd|' /C calc'!A0", team="@Ropes")
    hired(project, share(project, kim), "started")
    hired(project, share(project, lee), "started", application="A-2")
    hired(project, share(project, lee, place="x"), application="A-3")
    ripen(project, AT + 100 * DAY)
    with browser(project, "rita") as web:
        answer = web.get("/desk/bonuses?format=csv")
        assert answer.headers["content-disposition"].endswith('bonuses-eligible.csv"')
        table = list(csv.DictReader(io.StringIO(answer.text)))
        assert [(row["name"], row["team"], row["state"]) for row in table] == [
            ("'=cmd|' /C calc'!A0", "'@Ropes", "eligible"), ("Lee", "", "eligible"),
        ]  # fmt: skip
        assert table[0]["due"] == "2027-02-23"
        assert table[0]["first_day"] == "2026-11-25"
        page = web.get("/desk/bonuses").text
        assert page.count("€1,500") == 3
        assert "=cmd|&#39;" in page
        ids = {f"one-{one.id}": "1" for key in ("A-1", "A-2", "A-3") for one in of(project, key)}
        form = {"token": token(web)}
        assert web.post("/desk/bonuses/paid", data=form).status_code == 422
        answer = web.post("/desk/bonuses/paid", data=form | ids)
        assert answer.headers["location"] == "/desk/bonuses?said=bonus_paid"
        answer = web.post("/desk/bonuses/paid", data=form | ids)  # the same form once more
        assert answer.headers["location"] == "/desk/bonuses?said=bonus_known"
        assert [states(project, a)[0][0] for a in ("A-1", "A-2", "A-3")] == [
            "paid", "paid", "pending",
        ]  # fmt: skip
        one = of(project)[0].id
        data = form | {"bonus": one, "state": "paid"}
        answer = web.post("/desk/bonuses/undo", data=data)
        assert answer.headers["location"] == "/desk/bonuses?said=bonus_undone&state=paid"
        assert web.post("/desk/bonuses/undo", data=form | {"bonus": one}).status_code == 422
        assert web.get("/desk/bonuses?state=shoe").status_code == 404
        assert web.get("/desk/bonuses?state=void").status_code == 200


def test_bonuses_are_for_recruiters(project):
    with browser(project, "kim") as web:
        assert web.get("/desk/bonuses").status_code == 403
        assert web.post("/desk/bonuses/paid", data={"token": token(web)}).status_code == 403


def test_payroll_reads_the_companys_days():
    midnight = datetime(2027, 1, 31, 23, tzinfo=UTC)  # the first of February in Berlin
    one = Bonus("b", "p", "pilot", "ats", "A-1", "share", "1500", "EUR", "eligible", "", midnight,
                midnight, None, midnight)  # fmt: skip
    berlin = Settings.model_validate({"company": {"timezone": "Europe/Berlin"}})
    table = bonuses.to_csv([(one, "Kim", "kim@x.example", None)], berlin)
    (row,) = csv.DictReader(io.StringIO(table))
    assert (row["first_day"], row["due"], row["paid"]) == (
        "2027-02-01", "2027-05-02", "2027-02-01",
    )  # fmt: skip
