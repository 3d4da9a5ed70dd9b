"""Colleagues ask, answer, and offer to be asked."""

import json
from datetime import timedelta

import pytest

from rolecast import asking, signin
from rolecast.asking import NotPossible
from rolecast.jobspec import JobSpec
from rolecast.ledger import events, people, questions
from rolecast.people import Role
from rolecast.publish import now_utc
from tests.colleagues import HOUSE, person
from tests.house import drop, make, open_project, publish, spec

pytestmark = pytest.mark.both_ledgers
NOW = now_utc()
MANAGER = {"name": "Enno Harms", "email": "Enno@Ostrelund.example"}


@pytest.fixture
def project(tmp_path):
    root = make(tmp_path, HOUSE, pilot=spec(team="Harbour", hiring_manager=MANAGER))
    drop(root, "cook", spec(title="Cook", team="Galley"))
    drop(root, "secret", spec(title="Secret", team="Vault", status="draft"))
    publish(root)
    made = open_project(root)
    yield made
    made.ledger.close()


def job(project, id_="pilot") -> JobSpec:
    return project.specs()[id_]


def news(project, who) -> list[tuple[str, dict]]:
    """What somebody has been told: kind, and what about."""
    with project.ledger.read() as conn:
        rows = conn.exec_driver_sql("select person_id, kind, about from notices order by id")
        return [(row.kind, json.loads(row.about)) for row in rows if row.person_id == who.id]


def ask(project, who, text="Is it cold?", now=NOW):
    return asking.ask(project.ledger, who, job(project), text, now)


def offer(project, who, team="Harbour", note="", mail=False):
    return asking.offer(project.ledger, who, team, note, mail, ["board"], now_utc())


def threads(project, id_="pilot"):
    """A job's questions with their answers, as texts."""
    with project.ledger.read() as conn:
        found, _ = questions.of_job(conn, id_, 0, 99)
        below = questions.first_answers(conn, [one.id for one in found], 99)
    return [(one.text, [answer.text for answer in below[one.id][0]]) for one in found]


def test_who_offered_and_the_hiring_manager_hear_of_a_question_and_nobody_else(project):
    kim, bo, ina, enno = (person(project, name) for name in ("kim", "bo", "ina", "enno"))
    for who in (kim, bo):
        offer(project, who)
    offer(project, ina, "Galley")
    ask(project, kim, "Is it   cold?\n\nReally?")
    assert news(project, kim) == []
    assert news(project, ina) == []
    for who in (bo, enno):
        ((kind, about),) = news(project, who)
        assert kind == "question"
        assert (about["text"], about["name"]) == ("Is it cold? Really?", "Kim")


def test_the_asker_hears_of_answers_but_not_of_their_own(project):
    kim, bo = person(project, "kim"), person(project, "bo")
    asked = ask(project, kim)
    asking.answer(project.ledger, bo, "pilot", asked, "Yes.\r\n\r\n\r\n\r\nVery.", NOW)
    asking.answer(project.ledger, kim, "pilot", asked, "Thanks", NOW + timedelta(seconds=1))
    ((kind, about),) = news(project, kim)
    assert (kind, about["text"], about["question"]) == ("answer", "Yes. Very.", asked)
    assert threads(project) == [("Is it cold?", ["Yes.\n\nVery.", "Thanks"])]


def test_one_level_of_answers_and_only_under_its_own_job(project):
    kim = person(project, "kim")
    asked = ask(project, kim)
    below = asking.answer(project.ledger, kim, "pilot", asked, "Yes", NOW)
    for where, to in (("pilot", below), ("cook", asked), ("pilot", "0" * 16)):
        with pytest.raises(KeyError):
            asking.answer(project.ledger, kim, where, to, "No", NOW)


@pytest.mark.parametrize("text", ["", " \n ", "\x00\u200b", "x" * 1001])
def test_a_question_of_no_or_too_many_words_is_not_taken(project, text):
    with pytest.raises(NotPossible):
        ask(project, person(project, "kim"), text)
    assert threads(project) == []


def test_letters_that_nobody_types_are_left_out(project):
    ask(project, person(project, "kim"), "a\x00b\u202ec\r\nd  \ne\u0301")
    assert threads(project)[0][0] == "abc\nd\né"


def test_nobody_writes_more_in_a_day_than_a_person_would(project):
    kim = person(project, "kim")
    for number in range(asking.PER_DAY):
        ask(project, kim, f"Question {number}?")
    with pytest.raises(NotPossible, match="tomorrow"):
        ask(project, kim)
    ask(project, person(project, "bo"))
    ask(project, kim, now=NOW + timedelta(days=1, seconds=1))


def test_others_questions_and_answers_cannot_be_deleted(project):
    kim, bo = person(project, "kim"), person(project, "bo")
    asked = ask(project, kim)
    below = asking.answer(project.ledger, kim, "pilot", asked, "Yes", NOW)
    for id_ in (asked, below, "0" * 16):
        with pytest.raises(KeyError):
            asking.remove(project.ledger, bo, "pilot", id_, NOW)
    with pytest.raises(KeyError):
        asking.remove(project.ledger, kim, "cook", asked, NOW)
    assert threads(project) == [("Is it cold?", ["Yes"])]


def test_ones_own_goes_with_the_news_of_it(project):
    kim, bo = person(project, "kim"), person(project, "bo")
    offer(project, bo)
    asked, other = ask(project, kim), ask(project, kim, "Is it far?")
    asking.remove(project.ledger, kim, "pilot", asked, NOW)
    assert threads(project) == [("Is it far?", [])]
    assert [about["question"] for _, about in news(project, bo)] == [other]


def test_a_question_that_others_answered_loses_its_words_and_keeps_their_answers(project):
    kim, bo = person(project, "kim"), person(project, "bo")
    asked = ask(project, kim)
    asking.answer(project.ledger, bo, "pilot", asked, "Yes", NOW)
    asking.remove(project.ledger, kim, "pilot", asked, NOW)
    assert threads(project) == [("", ["Yes"])]
    with pytest.raises(NotPossible, match="taken back"):
        asking.answer(project.ledger, bo, "pilot", asked, "More", NOW)


def test_recruiters_delete_any_and_their_name_is_kept_but_not_the_words(project):
    kim, rita = person(project, "kim"), person(project, "rita")
    asked = ask(project, kim)
    below = asking.answer(project.ledger, kim, "pilot", asked, "Yes, but", NOW)
    for id_ in (below, asked):
        asking.remove(project.ledger, rita, "pilot", id_, now_utc())
    assert threads(project) == []
    with project.ledger.read() as conn:
        found = [(one.who, one.what, one.detail) for one in events.of_job(conn, "pilot")]
    who = "rita@ostrelund.example"
    assert found[-2:] == [(who, "deleted an answer", None), (who, "deleted a question", None)]


def test_a_colleague_offers_for_their_own_team_or_one_with_an_open_job(project):
    kim = person(project, "kim")
    with project.ledger.begin() as conn:
        people.change(conn, kim.id, team="Ropes  & Knots")
        kim = people.get(conn, kim.id)
        assert asking.may_offer(conn, kim, ["board"]) == ["Galley", "Harbour", "Ropes & Knots"]
    assert offer(project, kim, "hARBOUR") == "Harbour"
    assert offer(project, kim, "ropes & knots", "I tie them.") == "Ropes & Knots"
    for team in ("Vault", "", "Nobody's"):
        with pytest.raises(NotPossible):
            offer(project, kim, team)
    with pytest.raises(NotPossible):
        offer(project, kim, "Harbour", "x" * 301)


def test_an_offer_is_changed_shown_and_taken_back(project):
    kim, bo = person(project, "kim"), person(project, "bo")
    offer(project, kim, note="Old")
    offer(project, kim, note="New", mail=True)
    offer(project, bo)
    with project.ledger.read() as conn:
        found, count = questions.volunteers_of(conn, "Harbour", 1)
        everybody, _ = questions.volunteers_of(conn, "HARBOUR", 9)
    assert ([(one.note, one.email) for one in found], count) == ([("New", kim.email)], 2)
    assert [one.email for one in everybody] == [kim.email, None]
    assert not asking.take_back(project.ledger, kim, "Galley")
    assert asking.take_back(project.ledger, kim, "Harbour")
    assert not asking.take_back(project.ledger, kim, "Harbour")
    ask(project, bo)
    assert news(project, kim) == []


def test_whoever_leaves_takes_everything_along(project):
    kim, bo = person(project, "kim"), person(project, "bo")
    offer(project, kim)
    offer(project, bo)
    ask(project, kim)
    with project.ledger.begin() as conn:
        questions.forget_news_of(conn, kim.id)
        people.forget(conn, kim.id)
        assert questions.volunteers_of(conn, "Harbour", 9)[1] == 1
    assert threads(project) == []
    assert news(project, bo) == []


def test_pages_of_many(project):
    everyone = [person(project, f"c{number}") for number in range(3)]
    for number in range(25):
        ask(project, everyone[number % 3], f"Q{number}", NOW + timedelta(seconds=number))
    with project.ledger.read() as conn:
        found, total = questions.of_job(conn, "pilot", 20, 20)
    assert ([one.text for one in found], total) == (["Q4", "Q3", "Q2", "Q1", "Q0"], 25)
    for number in range(5):
        to = found[0].id
        asking.answer(project.ledger, everyone[0], "pilot", to, f"A{number}", NOW)
    with project.ledger.read() as conn:
        first = questions.first_answers(conn, [one.id for one in found], 2)
        assert len(questions.answers(conn, to, 3, 9)) == 2
    assert [(len(shown), count) for shown, count in first.values()] == [(2, 5)] + [(0, 0)] * 4


def test_the_role_of_a_colleague_who_is_new(project):
    with project.ledger.begin() as conn:
        found = signin.known(conn, project.settings, "new@ostrelund.example", "New", NOW)
    assert found.role is Role.employee
