"""Whose share or referral an application counts for, and what the log says of it."""

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from rolecast import crediting, mydata
from rolecast.cli import main
from rolecast.credit import load, plainly
from rolecast.ledger import jobs, people
from rolecast.ledger.schema import jobs as jobs_table
from rolecast.people import Role
from tests import house
from tests.colleagues import HOUSE, browser, person
from tests.house import make, spec
from tests.people.deeds import AT, DAY, log, news, refer, share, tell, tie
from tests.people.deeds import house as opened

pytestmark = pytest.mark.both_ledgers


@pytest.fixture
def project(tmp_path):
    made = opened(make(tmp_path, HOUSE, pilot=spec()))
    yield made
    made.ledger.close()


def test_a_share_is_credited_by_number_and_its_owner_hears(project):
    kim = person(project, "kim")
    code = share(project, kim)
    assert tell(project, ref=code) == 1
    (row,) = log(project)
    assert (row.party, row.who, row.link) == ("share", kim.id, code)
    assert "Kim" not in json.dumps(row.steps)
    tell(project, "interviewed", at=AT + DAY)
    tell(project, "interviewed", at=AT + DAY)  # again: nothing new
    assert [(kind, about["stage"]) for kind, about in news(project, kim)] == [
        ("credit", "applied"), ("credit", "interviewed"),
    ]  # fmt: skip


def test_a_referral_comes_before_links_and_after_it_was_named_only(project):
    kim, lee = person(project, "kim"), person(project, "lee")
    shared, named = share(project, kim), refer(project, lee)
    touches = [{"code": shared, "at": AT - DAY}, {"code": named, "at": AT - 2 * DAY}]
    tell(project, links=touches)
    assert (log(project)[-1].party, log(project)[-1].who) == ("referral", lee.id)
    late = refer(project, lee, made=AT + DAY)
    tell(project, application="A-2", links=[{"code": late}])
    assert log(project, "A-2")[-1].party == "nobody"
    assert "after the application" in log(project, "A-2")[-1].steps[1]


@pytest.mark.parametrize("part", ["recruiting", "hiring-manager", "self"])
def test_who_is_part_of_the_hiring_is_not_credited(project, tmp_path, part):
    kim = person(project, "kim", Role.recruiter if part == "recruiting" else None)
    if part == "hiring-manager":
        manager = {"name": "Kim", "email": "Kim@ostrelund.example"}
        house.drop(tmp_path, "pilot", spec(hiring_manager=manager))
        house.publish(tmp_path)
    more = {"contact": " Kim@Ostrelund.example"} if part == "self" else {}
    code = refer(project, kim, **more)
    tell(project, ref=code)
    (row,) = log(project)
    assert row.party == "nobody"
    assert f"is not credited here ({part})" in row.steps[1]
    assert [kind for kind, _ in news(project, kim) if kind == "credit"] == []


def test_what_was_decided_stays_when_roles_change_and_people_go(project):
    """Parts are as they stood when the application came; a replay finds nothing to change."""
    kim, rita = person(project, "kim"), person(project, "rita")
    tell(project, ref=share(project, kim))
    tell(project, application="A-2", ref=share(project, rita))
    assert log(project, "A-2")[-1].party == "nobody"
    with project.ledger.begin() as conn:
        people.change(conn, kim.id, role="recruiter")
        people.change(conn, rita.id, role="employee")
    assert crediting.replay(project.ledger, load("v1")) == []
    for one in (kim, rita):
        mydata.forget(project.ledger, one.id)
    assert crediting.replay(project.ledger, load("v1")) == []
    assert crediting.adopt(project.ledger, load("v1"), AT) == 0
    assert (log(project)[-1].party, log(project)[-1].who) == ("share", "")
    tell(project, "hired", at=AT + DAY)
    assert log(project)[-1].steps[-1] == "Credited: share a former colleague."


def test_a_referral_that_somebody_ties_to_an_application_counts(project):
    kim = person(project, "kim")
    tell(project, application="A-7")
    assert log(project, "A-7")[-1].party == "nobody"
    code = refer(project, kim)

    def settle():
        with project.ledger.begin(alone="credit") as conn:
            return crediting.settle(conn, "ats", "A-7", load("v1"), AT)

    tie(project, code, "A-7")
    assert settle().who == kim.id
    tie(project, code, "")  # it was another one
    assert settle().party == "nobody"
    assert [about["counts"] for _, about in news(project, kim)] == [True, False]
    assert crediting.replay(project.ledger, load("v1")) == []


def test_the_desk_and_the_command_show_names_the_log_does_not(project, tmp_path):
    kim, gone = person(project, "kim"), person(project, "gus")
    codes = [{"code": share(project, one), "at": AT - n * DAY} for n, one in ((2, kim), (1, gone))]
    tell(project, links=codes)
    mydata.forget(project.ledger, gone.id)
    with browser(project, "rita") as web:
        page = web.get("/desk/applications/A-1").text
    command = ["--root", str(tmp_path), "credit", "explain", "A-1"]
    told = CliRunner(env=house.LEDGER).invoke(main, command).output
    for text in (page, told):
        assert "The share of Kim" in text
        assert "Credited: share a former colleague." in text
        assert kim.id not in text
        assert "Gus" not in text


def test_why_not_is_told_without_naming_anybody(project):
    kim, lee = person(project, "kim"), person(project, "lee")
    first, last = share(project, kim), share(project, lee, place="x")
    named = refer(project, lee, made=AT - 3 * DAY)
    tell(project, links=[{"code": first, "at": AT - 2 * DAY}, {"code": last, "at": AT - DAY}])
    tell(project, application="A-2", links=[{"code": first, "at": AT - DAY}, {"code": named}])
    tell(project, application="A-3", links=[{"code": first, "at": AT - 100 * DAY}])
    tell(project, application="A-4", links=[{"code": first}], earlier=AT - 5 * DAY)

    def why(application):
        row = log(project, application)[-1]
        return " ".join(map(str, plainly(row.party, row.steps, f"({first})")))

    assert "somebody else's later link" in why("A-1")
    assert "named referral comes before" in why("A-2")
    assert "more than 90 days" in why("A-3")
    assert "applied to the company before" in why("A-4") or log(project, "A-4")[-1].who == kim.id
    for application in ("A-1", "A-2", "A-3"):
        assert "Lee" not in why(application)
        assert lee.id not in why(application)


def test_a_channel_cannot_take_the_name_of_colleagues_links(tmp_path):
    from rolecast.settings import SettingsError, load

    make(tmp_path, '[channels.share]\nconnector = "board"\n')
    with pytest.raises(SettingsError, match="share"):
        load(tmp_path)


def test_a_job_whose_file_is_gone_keeps_its_credit(project):
    kim = person(project, "kim")
    code = share(project, kim)
    with project.ledger.begin() as conn:
        conn.execute(update(jobs_table).values(removed=1))
        assert jobs.some_jobs(conn, ["pilot"])["pilot"].removed
    tell(project, ref=code)
    assert log(project)[-1].who == kim.id
