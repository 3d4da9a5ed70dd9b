"""The pages on which colleagues ask each other, and suggest other words."""

import re

import pytest

from rolecast import asking, suggestions
from rolecast.ledger import questions
from rolecast.ledger import suggestions as kept
from rolecast.publish import now_utc
from tests.colleagues import HOUSE, enter, person, token
from tests.house import drop, make, open_project, publish, site, spec

pytestmark = pytest.mark.both_ledgers
SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}'
MANAGER = {"name": "Enno Harms", "email": "enno@ostrelund.example"}


@pytest.fixture
def house(tmp_path):
    root = make(tmp_path, HOUSE, pilot=spec(team="Harbour", hiring_manager=MANAGER))
    drop(root, "cook", spec(title="Cook", team="Galley"))
    drop(root, "draft", spec(title="Secret plan", status="draft"))
    publish(root)
    project = open_project(root)
    made = House(project)
    yield made
    made.close()


class House:
    """A project and a browser for each colleague."""

    def __init__(self, project):
        self.project = project
        self._sites = []

    def browser(self, who="kim", **more):
        opened = site(self.project, **more)
        web = opened.__enter__()
        self._sites.append(opened)
        web.person = enter(web, self.project, who)
        web.fill = lambda path, **form: web.post(path, data=form | {"token": token(web)})
        return web

    def asked(self, job="pilot"):
        with self.project.ledger.read() as conn:
            return questions.of_job(conn, job, 0, 99)[0]

    def suggested(self):
        with self.project.ledger.read() as conn:
            return kept.waiting(conn, 0, 99)[0]

    def text(self):
        return (self.project.folder / "pilot.yaml").read_text("utf-8")

    def close(self):
        for one in self._sites:
            one.__exit__(None, None, None)
        self.project.ledger.close()


def what(house, text):
    """What names a text of the job, as its page does."""
    found = suggestions.choices(house.project.specs()["pilot"])
    return next(name for name, (_, each) in found.items() if each == text)


def suggest(house, web, after="Sea Pilot", text="Harbour Pilot", **more):
    form = {"what": what(house, text), "after": after} | more
    return web.fill("/jobs/pilot/suggest", **form)


def test_a_question_its_answer_and_where_they_are_seen(house):
    kim, bo = house.browser(), house.browser("bo")
    answer = kim.fill("/jobs/pilot/questions", text="Is it cold?\r\nReally?\r\n\r\nHow long?")
    assert answer.headers["location"] == "/jobs/pilot/questions?said=asked"
    (one,) = house.asked()
    answer = bo.fill(f"/jobs/pilot/questions/{one.id}", text="Yes.")
    assert answer.headers["location"] == f"/jobs/pilot/questions/{one.id}?said=answered"
    for path in ("/jobs/pilot", "/jobs/pilot/questions", f"/jobs/pilot/questions/{one.id}"):
        page = bo.get(path).text
        assert '<p class="plain">Is it cold?\nReally?</p><p class="plain">How long?</p>' in page
        assert '<p class="plain">Yes.</p>' in page
        assert "just now" in page
    assert "Is it cold?" not in bo.get("/public/jobs/pilot").text
    assert "Say it better" not in bo.get("/public/jobs/pilot").text
    assert "Is it cold?" not in bo.get("/jobs/cook").text


def test_nobody_who_is_not_a_colleague_sees_or_sends_anything(house):
    (kim,) = [house.browser()]
    kim.fill("/jobs/pilot/questions", text="Is it cold?")
    (one,) = house.asked()
    with site(house.project) as web:
        for path in (
            "/jobs/pilot", "/jobs/pilot/questions", f"/jobs/pilot/questions/{one.id}",
            "/jobs/pilot/suggest", "/me/volunteer", "/desk/suggestions",
        ):  # fmt: skip
            assert web.get(path).headers["location"].startswith("/signin?to="), path
        for path in ("/jobs/pilot/questions", f"/jobs/pilot/questions/{one.id}/delete"):
            assert web.post(path, data={"text": "x"}).status_code == 401
    assert kim.get("/desk/suggestions").status_code == 403
    assert kim.fill("/desk/suggestions", what="accept").status_code == 403
    assert kim.post("/jobs/pilot/questions", data={"text": "x"}).status_code == 403
    assert len(house.asked()) == 1


@pytest.mark.parametrize("text", ["", "x" * 1001, " \u200b"])
def test_a_question_that_is_not_taken_is_still_in_the_field(house, text):
    kim = house.browser()
    answer = kim.fill("/jobs/pilot/questions", text=text)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert f'dir="auto" aria-describedby="seen">{text}</textarea>' in answer.text
    assert house.asked() == []


def test_an_answer_that_is_not_taken_is_still_in_the_field(house):
    kim = house.browser()
    kim.fill("/jobs/pilot/questions", text="Cold?")
    (one,) = house.asked()
    answer = kim.fill(f"/jobs/pilot/questions/{one.id}", text="y" * 2001)
    assert answer.status_code == 422
    assert "y" * 2001 in answer.text


def test_script_in_every_field_is_shown_as_it_was_typed(house):
    kim, rita = house.browser(), house.browser("rita")
    with house.project.ledger.begin() as conn:
        conn.exec_driver_sql(f"update people set name = '{SCRIPT}', team = '{SCRIPT}'")
    kim.fill("/jobs/pilot/questions", text=SCRIPT)
    (one,) = house.asked()
    kim.fill(f"/jobs/pilot/questions/{one.id}", text=SCRIPT)
    for team in ("Harbour", SCRIPT):
        assert kim.fill("/me/volunteer", team=team, note=SCRIPT).status_code == 303
    assert suggest(house, kim, SCRIPT, why=SCRIPT, named="1").status_code == 303
    paths = ["/jobs/pilot", "/jobs/pilot/questions", f"/jobs/pilot/questions/{one.id}"]
    paths += ["/me/volunteer", f"/me/volunteer?team={SCRIPT}", "/jobs/pilot/suggest"]
    pages = [kim.get(path).text for path in paths] + [rita.get("/desk/suggestions").text]
    rita.fill("/desk/suggestions", one=house.suggested()[0].id, what="accept")
    publish(house.project.root)
    pages += [kim.get("/jobs/pilot").text, kim.get("/public/jobs/pilot").text]
    for each in pages:
        assert "<script>alert" not in each
        assert "<img src=x" not in each
        assert "<img" not in each
        assert "49" not in re.findall(r"alert\(1\)&gt;(.{0,12})", each)
    assert "With words of" in pages[-2]
    assert "With words of" not in pages[-1]


def test_others_items_stay_and_are_not_even_offered_to_be_deleted(house):
    kim, bo, rita = house.browser(), house.browser("bo"), house.browser("rita")
    kim.fill("/jobs/pilot/questions", text="Cold?")
    (one,) = house.asked()
    path = f"/jobs/pilot/questions/{one.id}/delete"
    assert "Delete" not in bo.get("/jobs/pilot").text
    assert bo.fill(path).status_code == 404
    assert kim.fill(f"/jobs/cook/questions/{one.id}/delete").status_code == 404
    assert "Delete" in kim.get("/jobs/pilot").text
    assert "Delete" in rita.get("/jobs/pilot").text
    assert rita.fill(path).headers["location"] == "/jobs/pilot?said=question_deleted"
    assert rita.fill(path).status_code == 404
    assert "deleted a question" in rita.get("/desk/jobs/pilot").text
    assert "Cold?" not in rita.get("/desk/jobs/pilot").text


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/none/questions",
        "/jobs/draft/questions",
        "/jobs/draft/suggest",
        "/jobs/none/suggest",
        "/jobs/%00/questions",
        "/jobs/%00/suggest",
        "/jobs/pilot/questions/0000000000000000",
        "/jobs/pilot/questions/%00",
        "/jobs/pilot/questions/x",
    ],
)
def test_what_is_not_there_is_404(house, path):
    kim = house.browser()
    answer = kim.get(path)
    assert answer.status_code == 404
    assert "Secret plan" not in answer.text
    if "suggest" not in path:
        assert kim.fill(path, text="x").status_code == 404
    assert kim.fill(f"{path}/delete").status_code in (404, 405)


def test_hostile_numbers_of_pages_and_things(house):
    kim, rita = house.browser(), house.browser("rita")
    kim.fill("/jobs/pilot/questions", text="Cold?")
    for query in (
        "page=-1",
        "page=99999999999999999999",
        "page=x",
        "page=²",
        f"page={'9' * 5000}",
        "to=%00",
        "page=7",
    ):
        assert kim.get(f"/jobs/pilot/questions?{query}").status_code == 200
        assert kim.get(f"/jobs/pilot?{query}").status_code == 200
        assert rita.get(f"/desk/suggestions?{query}").status_code == 200
    for id_ in ("", "\x00", "0" * 16, "../x"):
        assert rita.fill("/desk/suggestions", one=id_, what="accept").status_code == 404
    assert kim.fill("/jobs/pilot/suggest/0000000000000000/back").status_code == 404
    assert kim.fill("/jobs/pilot/suggest/%00/back").status_code == 404
    for team in ("\x00", "Nobody's", ""):
        assert kim.fill("/me/volunteer", team=team, note="n").status_code == 422
        assert kim.fill("/me/volunteer/back", team=team).status_code == 404
    assert kim.get("/me/volunteer?team=%00").status_code == 200
    assert kim.get("/jobs/pilot/suggest?what=%00").status_code == 200


def test_a_closed_job_takes_answers_but_no_questions(house):
    kim = house.browser()
    kim.fill("/jobs/pilot/questions", text="Cold?")
    (one,) = house.asked()
    drop(house.project.root, "pilot", spec(team="Harbour", status="filled"))
    publish(house.project.root)
    page = kim.get("/jobs/pilot/questions")
    assert "not open any more" in page.text
    refused = kim.fill("/jobs/pilot/questions", text="Still cold?")
    assert (refused.status_code, "Still cold?" in refused.text) == (422, True)
    assert kim.fill(f"/jobs/pilot/questions/{one.id}", text="Yes").status_code == 303
    assert kim.get(f"/jobs/pilot/questions/{one.id}").status_code == 200


def test_many_questions_are_on_several_pages(house):
    kim = house.browser()
    for number in range(asking.PER_DAY - 6):
        asking.ask(
            house.project.ledger, kim.person, house.project.specs()["pilot"], f"Q{number}?",
            now_utc(),
        )  # fmt: skip
    assert 'href="/jobs/pilot/questions">All 24 questions' in kim.get("/jobs/pilot").text
    first, second = (kim.get(f"/jobs/pilot/questions?page={n}").text for n in (1, 2))
    assert ("Q23?" in first, "Q3?" in first) == (True, False)
    assert ("Q23?" in second, "Q3?" in second) == (False, True)
    for number in range(4):
        kim.fill(f"/jobs/pilot/questions/{house.asked()[0].id}", text=f"A{number}")
    page = kim.get("/jobs/pilot").text
    assert ("A1" in page, "A2" in page, "2 more answers" in page) == (True, False, True)


def test_a_volunteer_is_shown_with_the_address_only_if_they_agree(house):
    kim, bo = house.browser(), house.browser("bo")
    assert "Do you work in Harbour?" in kim.get("/jobs/pilot").text
    kim.fill("/me/volunteer", team="Harbour", note="Nights and fog")
    page = bo.get("/jobs/pilot").text
    assert "Nights and fog" in page
    assert "kim@ostrelund.example" not in page
    assert f"?to={kim.person.id}#ask" in page
    assert ">Kim, </textarea>" in bo.get(f"/jobs/pilot?to={kim.person.id}").text
    assert "Nights and fog" not in bo.get("/jobs/cook").text
    assert "Nights and fog" not in bo.get("/public/jobs/pilot").text
    kim.fill("/me/volunteer", team="Harbour", note="Nights", mail="1")
    assert "mailto:kim@ostrelund.example" in bo.get("/jobs/pilot").text
    mine = kim.get("/me/volunteer").text
    assert "Your mail address is shown there." in mine
    kim.fill("/me/volunteer/back", team="Harbour")
    assert "Nights" not in bo.get("/jobs/pilot").text
    assert kim.fill("/me/volunteer/back", team="Harbour").status_code == 404


def test_an_offer_that_is_not_taken_is_still_in_the_fields(house):
    kim = house.browser()
    answer = kim.fill("/me/volunteer", team="Galley", note="z" * 301, mail="1")
    assert answer.status_code == 422
    assert "z" * 301 in answer.text
    assert "<option selected>Galley</option>" in answer.text
    assert 'value="1" checked' in answer.text


def test_a_suggestion_from_the_jobs_page_into_the_file(house):
    kim, rita = house.browser(), house.browser("rita")
    page = kim.get("/jobs/pilot").text
    assert what(house, "Harbour Pilot") in page
    form = kim.get(f"/jobs/pilot/suggest?what={what(house, 'Harbour Pilot')}").text
    assert ">Harbour Pilot</textarea>" in form
    done = suggest(house, kim, why="Nobody says harbour", named="1")
    assert done.headers["location"] == "/jobs/pilot/suggest?said=suggested"
    assert "HR has not decided yet" in kim.get("/jobs/pilot/suggest").text
    desk = rita.get("/desk/suggestions").text
    assert "<del>Harbour</del><ins>Sea</ins> Pilot" in desk
    assert "Nobody says harbour" in desk
    before = house.text()
    (one,) = house.suggested()
    done = rita.fill("/desk/suggestions", one=one.id, what="accept")
    assert done.headers["location"] == "/desk/suggestions?said=suggestion_accepted"
    assert house.text() == before.replace("Harbour Pilot", "Sea Pilot")
    again = rita.fill("/desk/suggestions", one=one.id, what="accept")
    assert (again.status_code, "decided already" in again.text) == (422, True)
    assert "taken over" in kim.get("/jobs/pilot/suggest").text
    publish(house.project.root)
    assert "With words of Kim." in kim.get("/jobs/pilot").text


def test_a_suggestion_that_is_not_taken_is_still_in_the_fields(house):
    kim = house.browser()
    answer = suggest(house, kim, "q" * 201, why="because " * 3, named="1")
    assert answer.status_code == 422
    assert "q" * 201 in answer.text
    assert "because because" in answer.text
    assert 'value="1" checked' in answer.text
    answer = kim.fill("/jobs/pilot/suggest", what="title.gone", after="My words")
    assert (answer.status_code, "My words" in answer.text) == (422, True)


def test_declining_says_why_and_a_long_reason_is_kept_in_the_field(house):
    kim, rita = house.browser(), house.browser("rita")
    suggest(house, kim)
    (one,) = house.suggested()
    for reason in ("", "r" * 501):
        answer = rita.fill("/desk/suggestions", one=one.id, what="decline", reason=reason)
        assert answer.status_code == 422
        assert f'value="{reason}"' in answer.text
    assert rita.fill("/desk/suggestions", one=one.id, what="dance").status_code == 422
    rita.fill("/desk/suggestions", one=one.id, what="decline", reason="The door says so.")
    page = kim.get("/jobs/pilot/suggest").text
    assert "HR's answer: The door says so." in page
    assert "Nothing waits" in rita.get("/desk/suggestions").text


def test_what_hr_has_changed_since_cannot_be_accepted(house):
    kim, rita = house.browser(), house.browser("rita")
    suggest(house, kim)
    (one,) = house.suggested()
    drop(house.project.root, "pilot", spec(title="Dock Pilot", team="Harbour"))
    answer = rita.fill("/desk/suggestions", one=one.id, what="accept")
    assert (answer.status_code, "has changed this text since" in answer.text) == (422, True)
    publish(house.project.root)
    page = rita.get("/desk/suggestions").text
    assert "has changed since" in page
    assert 'value="accept"' not in page
    (house.project.folder / "pilot.yaml").unlink()
    answer = rita.fill("/desk/suggestions", one=one.id, what="accept")
    assert (answer.status_code, "not in the folder any more" in answer.text) == (422, True)


def test_apart_from_the_folder_the_desk_shows_the_lines_to_write(house):
    kim, rita = house.browser(), house.browser("rita", folder=None)
    suggest(house, kim, "Sea: Pilot")
    page = rita.get("/desk/suggestions").text
    assert "<pre>title: &#39;Sea: Pilot&#39;</pre>" in page
    assert "pilot.yaml" in page
    (one,) = house.suggested()
    answer = rita.fill("/desk/suggestions", one=one.id, what="accept")
    assert (answer.status_code, "does not say so yet" in answer.text) == (422, True)


def test_everything_is_said_in_german_where_it_is_asked_for(house):
    person(house.project, "kim")
    kim = house.browser()
    kim.fill("/jobs/pilot/questions", text="Cold?")
    page = kim.get("/jobs/pilot", headers={"Accept-Language": "de"}).text
    assert "Unter Kolleginnen und Kollegen" in page
    assert "gerade eben" in page
