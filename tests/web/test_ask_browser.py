"""Asking and saying it better in a real browser: by keyboard, on a phone, with hostile words."""

from itertools import pairwise

import pytest

from rolecast import asking, suggestions
from rolecast.ledger import people
from rolecast.publish import now_utc
from tests.colleagues import HOUSE, person, served
from tests.house import make, open_project, publish, spec
from tests.web.test_browser import LONG

SCRIPT = "<script>document.title='run'</script><img src=x onerror=\"document.title='run'\">"
WORDS = f"{SCRIPT} {LONG} javascript:alert(1)\n\n{'x' * 200}"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    root = make(tmp_path_factory.mktemp("ask"), HOUSE, pilot=spec(team="Harbour"))
    publish(root)
    project = open_project(root)
    ledger, job, now = project.ledger, project.specs()["pilot"], now_utc()
    kim = person(project, "kim")
    with ledger.begin() as conn:
        people.change(conn, kim.id, name=f"{SCRIPT} {LONG}", team=f"{SCRIPT} {LONG}")
        kim = people.get(conn, kim.id)
    question = asking.ask(ledger, kim, job, WORDS, now)
    asking.answer(ledger, kim, job.id, question, WORDS, now)
    asking.offer(ledger, kim, "Harbour", WORDS[:300], True, ["board"], now)
    what = next(iter(suggestions.choices(job)))
    suggestions.suggest(ledger, kim, job, what, WORDS[:180], WORDS[:400], True, now)
    with served(project, folder=project.folder) as made:
        made.question = question
        yield made
    ledger.close()


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("kim", "/jobs/pilot"),
        ("kim", "/jobs/pilot/questions"),
        ("kim", "/jobs/pilot/questions/QUESTION"),
        ("kim", "/jobs/pilot/suggest"),
        ("kim", "/me/volunteer"),
        ("rita", "/jobs/pilot"),
        ("rita", "/desk/suggestions"),
    ],
)
def test_hostile_words_are_only_words(house, page, who, path, width):
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("request", lambda r: r.url.startswith(house.address) or complaints.append(r.url))
    house.sign_in(page.context, who)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(house.address + path.replace("QUESTION", house.question), wait_until="networkidle")
    for one in page.locator("details").all():
        one.evaluate("each => each.open = true")
    assert page.title() != "run"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelectorAll('h1').length") == 1
    assert page.evaluate("document.querySelectorAll('main img, main script').length") == 0
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
    assert all(b - a <= 1 for a, b in pairwise(levels)), levels
    small = page.evaluate(
        "[...document.querySelectorAll('main button, main summary, main select, main input')]"
        ".filter(e => e.checkVisibility() && e.type != 'hidden')"
        ".filter(e => e.getBoundingClientRect().height < 24).map(e => e.outerHTML)"
    )
    assert small == []
    unnamed = page.evaluate(
        "[...document.querySelectorAll('main input, main textarea, main select')]"
        ".filter(e => e.type != 'hidden' && !(e.labels && e.labels.length) && !e.ariaLabel)"
        ".map(e => e.outerHTML)"
    )
    assert unnamed == []
    assert complaints == []


def test_a_question_is_asked_and_a_title_said_better_by_keyboard(house, page):
    house.sign_in(page.context, "bo")
    page.goto(f"{house.address}/jobs/pilot")
    page.get_by_label("Ask about this job").fill("Who steers?\nAnd who sleeps?")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/questions?said=asked")
    assert "Your question is here now" in page.get_by_role("status").first.inner_text()
    assert page.get_by_text("Who steers?").is_visible()
    page.goto(f"{house.address}/jobs/pilot")
    page.get_by_role("button", name="Suggest other words").press("Enter")
    page.get_by_label("Your words").fill("Sea Pilot")
    page.get_by_label("say on the job's page").press("Space")
    page.get_by_role("button", name="Suggest these words").press("Enter")
    page.wait_for_url("**/suggest?said=suggested")
    house.sign_in(page.context, "rita")
    page.goto(f"{house.address}/desk/suggestions")
    mine = page.locator(".needs > li", has_text="Sea")
    assert mine.locator("ins").inner_text() == "Sea"
    mine.get_by_role("button", name="Take it over").press("Enter")
    page.wait_for_url("**/suggestions?said=suggestion_accepted")
    assert "title: Sea Pilot\n" in (house.project.folder / "pilot.yaml").read_text("utf-8")
