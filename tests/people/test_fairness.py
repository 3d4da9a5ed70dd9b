"""Sums in which nobody is seen, lists of those who want to be, and jobs that everybody hears of."""

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from rolecast import fairness, reports
from rolecast.cli import main
from rolecast.ledger import people
from tests import house as houses
from tests.colleagues import BOARD, HOUSE, PEOPLE, browser, person
from tests.house import drop, make, open_project, publish, spec
from tests.people.deeds import AT, DAY, click, house, refer, share, tell

ledgers = pytest.mark.both_ledgers
MORE = "leaderboard = true\ngoals = { Ropes = 4, Docks = 2 }\n"
LIST = PEOPLE.replace("[people]\n", f"[people]\n{MORE}")
CAMPUS = '[channels.campus]\nconnector = "byhand"\nwhere = "Campus"\n'


@pytest.fixture
def project(tmp_path):
    made = house(make(tmp_path, HOUSE, pilot=spec()))
    yield made
    made.ledger.close()


def sums(project, what="share", job=None):
    with project.ledger.read() as conn:
        rows = reports.of_job(conn, job) if job else reports.by(conn, what)
    return {row.name: None if row.few else row.human for row in rows}


@ledgers
def test_the_sums_of_few_colleagues_are_not_shown(project):
    for number, who in enumerate(("kim", "lee", "max")):
        if number == 2:
            assert sums(project) == {"other places": None}
            assert sums(project, "channel")["share"] is None
            assert sums(project, job="pilot")["share"] is None
            with project.ledger.read() as conn:
                assert reports.of_jobs(conn)[0][0].human == 0  # or the rest would tell it
        click(project, share(project, person(project, who)), number + 1)
    assert sums(project) == {"whatsapp": 6}
    assert sums(project, "channel")["share"] == 6
    assert sums(project, job="pilot")["share"] == 6
    with project.ledger.read() as conn:
        assert reports.of_jobs(conn)[0][0].human == 6
    assert "whatsapp" not in sums(project, "moment")


@ledgers
def test_what_is_left_of_a_sum_tells_of_nobody(project):
    for who in ("kim", "lee", "max"):
        click(project, share(project, person(project, who)), 2)
    click(project, share(project, person(project, "kim"), place="x"), 5)
    assert sums(project) == {"other places": 11}  # 11 - 6 would be Kim's
    for who in ("lee", "max"):
        click(project, share(project, person(project, who), place="x"))
    assert sums(project) == {"whatsapp": 6, "x": 7}


NAMES = st.dictionaries(st.sampled_from("abcdef"), st.sets(st.integers(0, 6)), max_size=6)


@given(NAMES)
def test_no_shown_sum_and_no_rest_is_of_fewer_than_three(names):
    alone, together, enough = fairness.crowded(names)
    assert sorted(alone + together) == sorted(names)
    assert all(len(names[one]) >= 3 for one in alone)
    rest = {one for name in together for one in names[name]}
    assert enough == (len(rest) >= 3)
    if together and not enough:
        assert not alone  # nothing is known that the rest could be told from


@ledgers
def test_pages_tables_and_the_command_say_fewer_than_three(project, tmp_path):
    code = share(project, person(project, "kim"))
    click(project, code, 7)
    with browser(project, "rita") as web:
        for path in ("?by=share", "?by=channel", "?job=pilot"):
            page = web.get(f"/desk/report{path}").text
            assert "fewer than 3 colleagues" in page
            assert code not in page
            assert '<td class="figure">7' not in page
        table = web.get("/desk/report?by=share&format=csv").text.splitlines()
        assert table[1] == "other places,,,,,,,,,"
        assert web.get("/desk/report?by=link").status_code == 404
    command = ["--root", str(tmp_path), "report", "--by", "share"]
    told = CliRunner(env=houses.LEDGER).invoke(main, command)
    assert "fewer than 3 colleagues" in told.output


# The list and the goals


@pytest.fixture
def listed(tmp_path):
    made = house(make(tmp_path, BOARD + LIST, pilot=spec()))
    yield made
    made.ledger.close()


def change(project, who, **values):
    with project.ledger.begin() as conn:
        people.change(conn, who.id, **values)


@ledgers
def test_the_list_has_only_those_who_want_to_be_on_it_and_only_what_came_of_it(listed):
    kim, lee, max_ = (person(listed, who) for who in ("kim", "lee", "max"))
    for code, key in ((share(listed, kim), "A-1"), (share(listed, lee), "A-2")):
        tell(listed, "hired", key, ref=code)
    refer(listed, kim, state="asked")
    for who in (kim, max_):
        change(listed, who, ranked=1)
    for place in ("x", "mail"):
        click(listed, share(listed, max_, place=place), 9)  # posts and clicks earn nothing
    with listed.ledger.read() as conn:
        assert fairness.leaders(conn, listed.settings.people) == [fairness.Leader("Kim", 1, 0)]
        off = listed.settings.people.model_copy(update={"leaderboard": False})
        assert fairness.leaders(conn, off) == []
    with browser(listed, "max") as web:
        page = web.get("/fair").text
        assert "Kim" in page
        assert "Lee" not in page


@ledgers
def test_a_company_without_list_and_goals_has_no_such_page(project):
    with browser(project) as web:
        assert web.get("/fair").status_code == 404
        assert "ranked" not in web.get("/me/settings").text


@ledgers
def test_goals_show_a_teams_sum_from_three_people_on(listed):
    team = [person(listed, who) for who in ("kim", "lee", "max")]
    for one in team[:2]:
        change(listed, one, team="Ropes")
    change(listed, team[2], team="Docks")
    refer(listed, team[0], made=AT - DAY)
    refer(listed, team[1], made=AT - 200 * DAY)  # another quarter
    tell(listed, "hired", ref=share(listed, team[1]))

    def goals():
        with listed.ledger.read() as conn:
            return [
                (one.team, one.reached)
                for one in fairness.goals(conn, listed.settings.people, AT + DAY)
            ]

    assert goals() == [("Ropes", None), ("Docks", None)]
    change(listed, team[2], team="Ropes")
    assert goals() == [("Ropes", 2), ("Docks", None)]
    with browser(listed, "kim") as web:
        assert "Ropes together" in web.get("/fair").text
        assert "Docks wants to bring in 2" in web.get("/fair").text
        assert "Ropes together" in web.get("/me").text
        assert "Docks" not in web.get("/me").text


def test_quarters():
    assert fairness.quarter(AT).isoformat() == "2026-10-01T00:00:00+00:00"
    assert fairness.quarter(AT.replace(month=3, day=31)).month == 1


# Open reach

WARNING = "Spread by colleagues alone"


@ledgers
def test_a_job_on_the_board_alone_warns_recruiters_only(project):
    with browser(project, "rita") as web:
        for path in ("/jobs/pilot", "/desk/jobs/pilot"):
            assert WARNING in web.get(path).text, path
        assert WARNING not in web.get("/public/jobs/pilot").text
    with browser(project, "kim") as web:
        assert WARNING not in web.get("/jobs/pilot").text


@ledgers
def test_a_job_whose_applicants_all_know_somebody_warns(tmp_path):
    project = house(make(tmp_path, HOUSE + CAMPUS, pilot=spec()))
    codes = [share(project, person(project, who)) for who in ("kim", "lee")]
    with browser(project, "rita") as web:
        for number, code in enumerate(codes):
            tell(project, application=f"A-{number}", ref=code)
        assert WARNING not in web.get("/jobs/pilot").text  # two say little
        tell(project, application="A-9", ref=refer(project, person(project, "lee")))
        assert "all 3 applications" in web.get("/jobs/pilot").text
        tell(project, application="A-10")  # somebody came without
        assert WARNING not in web.get("/jobs/pilot").text
        drop(tmp_path, "pilot", spec(channels={"only": ["board"]}))
        publish(tmp_path)
        assert "goes to the board only" in web.get("/jobs/pilot").text
    project.ledger.close()


def test_goals_are_checked(tmp_path):
    from rolecast.settings import SettingsError

    with pytest.raises(SettingsError, match="goals"):
        open_project(make(tmp_path, "[people.goals]\nRopes = 0\n"))
