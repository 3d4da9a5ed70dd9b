"""The grid: what its cells say, how it is filtered and sorted, and decisions about many cells."""

import re
import threading

import pytest

from rolecast.jobspec import JobSpec
from rolecast.ledger import attempts, clicks, decisions, publications
from rolecast.ledger.grid import View
from rolecast.people import Role
from rolecast.post import Post
from rolecast.publish import now_utc
from rolecast.verify import verify
from rolecast.web import cell as cells
from rolecast.web.grid import WORDS, query, view_of
from tests.colleagues import HOUSE, browser, enter
from tests.fakes import Town
from tests.house import drop, make, open_project, publish, site, spec

pytestmark = pytest.mark.both_ledgers

CHANNELS = """
[channels.net]
connector = "fake"
policy = { workers = 1 }
[channels.other]
connector = "fake"
policy = { workers = 1 }
[channels.strict]
connector = "fake"
policy = { approval = "always" }
route = { tags = ["strict"] }
"""


class Desk:
    """A folder, a network in memory, and a browser on the desk."""

    def __init__(self, root):
        self.root, self.town = make(root, CHANNELS), Town()
        self.project = self.town.project(self.root)
        self._open = site(self.project)
        self.web = self._open.__enter__()

    def job(self, name, **fields):
        drop(self.root, name, spec(**{"title": name.title(), "tags": [], **fields}))

    def run(self):
        planned = self.project.plan(wait=0).plan
        changes = [one for one in planned.changes if not one.needs_approval]
        return self.project.publish(changes, lambda channel: None)

    def post(self, path, **form):
        page = self.web.get("/desk/grid").text
        token = re.search(r'name="token" value="([^"]+)"', page)
        form["token"] = token[1] if token else ""
        return self.web.post(path, data=form)

    def decide(self, what, *cells, view="", **more):
        return self.post("/desk/grid/decide", what=what, cell=cells, view=view, **more)

    def undo(self, answer):
        id_ = re.search(r"decision=(\w+)", answer.headers["location"])[1]
        return self.post("/desk/grid/undo", decision=id_, view="")

    def cells(self, query=""):
        """job/channel → what its cell says."""
        html = self.web.get(f"/desk/grid{query}").text
        found = re.findall(r'href="/desk/grid/([^"]+)"><span[^>]*>(.)</span> ([^<]+)</a>', html)
        return {key: word for key, _, word in found}

    def titles(self, query=""):
        html = self.web.get(f"/desk/grid{query}").text
        return re.findall(r'id="j-[^"]+">([^<]+)</a>', html)

    def state(self, job, channel, moment="announce"):
        with self.project.ledger.read() as conn:
            return str(publications.get(conn, (job, channel, moment)).state)

    def close(self):
        self._open.__exit__(None, None, None)
        self.project.ledger.close()


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.close()


@pytest.fixture
def many(desk):
    """A state of every kind."""
    for name in ("alpha", "bravo", "carol", "delta"):
        desk.job(name)
    desk.job("echo", tags=["strict"], team="Ropes", closes="2099-03-01")
    desk.town.faults = ["", "refused", "unavailable", ""]
    desk.run()
    return desk


def test_each_cell_says_what_is_there_in_a_word_and_a_sign(many):
    many.town.posts["1"].text = "Win a prize"
    gone = next(n for n, p in many.town.posts.items() if p.channel == "other")
    job = many.town.posts.pop(gone).job_id
    verify(many.project.ledger, many.project.channels, lambda c: None)
    cells = many.cells()
    assert cells["alpha/net"] == "changed there"
    assert cells["bravo/net"] == "failed"
    assert cells["carol/net"] == "waiting"
    assert cells["alpha/strict"] == "not there"
    assert cells["echo/strict"] == "to approve"
    assert cells[f"{job}/other"] == "gone"
    html = many.web.get("/desk/grid").text
    for sign, word in WORDS.values():  # in the list of states
        assert f">{sign} {word}<" in html


@pytest.mark.parametrize(
    ("query", "jobs"),
    [
        ("?state=failed", {"Bravo"}),
        ("?state=waiting&channel=net", {"Carol", "Delta", "Echo"}),
        ("?state=asked", {"Echo"}),
        ("?channel=strict", {"Echo"}),
        ("?channel=strict&state=none", {"Alpha", "Bravo", "Carol", "Delta"}),
        ("?team=Ropes", {"Echo"}),
        ("?q=ÉCHO", {"Echo"}),
        ("?q=bremerhaven", {"Alpha", "Bravo", "Carol", "Delta", "Echo"}),
        ("?q=%25", set()),
        ("?moment=closing", set()),
        ("?state=nonsense", {"Alpha", "Bravo", "Carol", "Delta", "Echo"}),
        ("?needs=1", {"Bravo", "Carol", "Delta", "Echo"}),
        ("?needs=1&channel=strict", {"Echo"}),
        ("?page=x&sort=evil&channel=%00", None),
    ],
)
def test_the_address_is_the_view(many, query, jobs):
    answer = many.web.get(f"/desk/grid{query}")
    assert answer.status_code == 200
    if jobs is not None:
        assert set(many.titles(query)) == jobs


def test_rows_come_in_the_order_that_is_asked_for(many):
    assert many.titles("?sort=title") == ["Alpha", "Bravo", "Carol", "Delta", "Echo"]
    assert many.titles("?sort=closes")[0] == "Echo"
    assert many.titles("?sort=trouble")[0] in ("Bravo", "Carol", "Delta", "Echo")
    assert many.titles("?sort=trouble")[-1] == "Alpha"
    ledger = many.project.ledger
    with ledger.begin() as conn:
        code = publications.get(conn, ("delta", "other", "announce")).link
        clicks._sum(conn, {(code, 490_000, "human"): 7, (code, 490_000, "bot"): 90})
    assert many.titles("?sort=clicks")[0] == "Delta"
    html = many.web.get("/desk/grid?q=delta").text
    assert 'data-name="Clicks">7</td>' in html


def test_pages_are_made_by_the_ledger(desk, monkeypatch):
    monkeypatch.setattr("rolecast.web.grid.PER_PAGE", 2)
    for name in ("alpha", "bravo", "carol"):
        desk.job(name)
    desk.run()
    assert desk.titles("?sort=title") == ["Alpha", "Bravo"]
    assert desk.titles("?sort=title&page=2") == ["Carol"]
    html = desk.web.get("/desk/grid?sort=title").text
    assert 'href="?sort=title&amp;page=2"' in html
    assert desk.titles("?page=99") == []


def test_a_removed_job_says_so(many):
    (many.root / "jobspecs/alpha.yaml").unlink()
    many.run()
    assert "its file is gone" in many.web.get("/desk/grid?q=alpha").text


def test_posts_are_taken_down_with_the_next_run_and_undone_before_it(many):
    answer = many.decide("withdraw", "alpha/net", "alpha/other", "delta/net", view="sort=title")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/desk/grid?sort=title&decision=")
    html = many.web.get(answer.headers["location"]).text
    assert "2 posts will be taken down with the next run" in html
    assert "1 post that was not out is left out" in html
    assert ">Undo</button>" in html
    assert "Undone: 3 posts" in many.web.get(many.undo(answer).headers["location"]).text
    before = len(many.town.posts)
    many.run()
    assert len(many.town.posts) >= before
    again = many.decide("withdraw", "alpha/net", "alpha/other")
    many.run()
    assert many.state("alpha", "net") == "withdrawn"
    html = many.web.get(again.headers["location"]).text
    assert "A run has carried it out" in html
    assert ">Undo" not in html
    assert many.cells()["alpha/net"] == "taken down"


def test_a_text_is_approved_from_the_grid(many):
    answer = many.decide("approve", "echo/strict", "alpha/net")
    html = many.web.get(answer.headers["location"]).text
    assert "1 text is approved and goes out with the next run" in html
    assert "1 stays as it is: no text waits for somebody" in html
    many.run()
    assert many.state("echo", "strict") == "live"


def test_what_failed_is_tried_again_from_the_grid(many):
    answer = many.decide("retry", "bravo/net", "carol/net")
    assert "2 posts are tried again" in many.web.get(answer.headers["location"]).text
    many.town.faults = []
    many.run()
    assert many.state("bravo", "net") == "live"


def test_a_row_means_what_the_view_shows_of_it(many):
    """Ticked in a view of what failed, a row never takes down what is live elsewhere."""
    many.decide("withdraw", view="state=failed", job=["bravo"])
    assert many.state("bravo", "net") == "dropped"
    assert many.state("bravo", "other") == "live"


def test_everything_of_a_view_means_all_its_pages_and_only_what_it_shows(many, monkeypatch):
    monkeypatch.setattr("rolecast.web.grid.PER_PAGE", 1)
    answer = many.decide("retry", view="state=waiting&channel=net", all="1")
    assert "3 posts are tried again" in many.web.get(answer.headers["location"]).text
    assert many.state("bravo", "net") == "refused"
    many.decide("withdraw", view="needs=1&channel=net", all="1")
    assert many.state("bravo", "net") == "dropped"
    assert many.state("alpha", "net") == "live"


@pytest.mark.parametrize(
    ("what", "cells", "told"),
    [
        ("approve", (), "Tick the posts that you mean first."),
        ("explode", ("alpha/net",), "Choose one of the buttons."),
        ("retry", ("alpha/net",), "None of these posts can be changed like that"),
        ("withdraw", ("nobody/net", "alpha/nowhere", "x", "a/b/c"), "None of these posts"),
    ],
)
def test_what_cannot_be_decided_is_told_and_stays_ticked(many, what, cells, told):
    answer = many.decide(what, *cells, view="sort=title&page=0")
    assert answer.status_code == 422
    assert told in answer.text
    for cell in cells:
        if cell == "alpha/net":
            assert re.search(f'value="{cell}"[^>]* checked', answer.text)
    assert 'value="title" selected' in answer.text


def test_thousands_of_boxes_are_one_decision(desk):
    desk.job("alpha")
    desk.run()
    cells = ["alpha/net", *(f"job-{number}/net" for number in range(3_000))]
    assert desk.decide("withdraw", *cells).status_code == 303
    assert desk.state("alpha", "net") == "live"
    desk.run()
    assert desk.state("alpha", "net") == "withdrawn"


def test_an_unknown_decision_is_no_mishap(many):
    assert many.web.get("/desk/grid?decision=nothing").status_code == 200
    assert many.post("/desk/grid/undo", decision="nothing", view="").status_code == 422


def test_a_cell_shows_everything_and_what_can_be_done(many):
    html = many.web.get("/desk/grid/alpha/net").text
    assert "https://fake.example/1" in html
    assert "You bring the big ships in" in html
    assert "Clicks by persons" in html
    assert "Take it down" in html
    html = many.web.get("/desk/grid/bravo/net").text
    assert "it does not take this text" in html
    assert "Try again" in html
    answer = many.post("/desk/grid/bravo/net", moment="announce", what="retry")
    assert answer.headers["location"] == "/desk/grid/bravo/net?said=cell_noted"
    assert "Noted" in many.web.get(answer.headers["location"]).text
    assert many.state("bravo", "net") == "planned"
    assert "Nothing is there" in many.web.get("/desk/grid/alpha/strict").text
    for path in ("nobody/net", "alpha/nowhere"):
        assert many.web.get(f"/desk/grid/{path}").status_code == 404


def test_a_cell_takes_a_post_down_and_puts_it_up_again(many):
    path = "/desk/grid/alpha/net"
    many.post(path, moment="announce", what="withdraw")
    assert "is to be taken down" in many.web.get(path).text
    many.run()
    html = many.web.get(path).text
    assert "taken down" in html
    assert "Put it up again" in html
    many.post(path, moment="announce", what="put-up")
    many.run()
    assert many.state("alpha", "net") == "live"


def test_a_text_is_read_and_approved_in_its_cell(many):
    path = "/desk/grid/echo/strict"
    html = many.web.get(path).text
    number = re.search(r'name="asked" value="(\d+)"', html)[1]
    form = {"moment": "announce", "what": "refuse", "asked": number, "note": "too loud"}
    assert many.post("/desk/grid/alpha/net", **form).status_code == 422
    assert many.post(path, **form).status_code == 303
    assert many.post(path, **form).status_code == 422
    assert many.state("echo", "strict") == "planned"


@pytest.mark.parametrize("what", ["explode", "gone", "not-there", "there", "put-back", ""])
def test_a_decision_that_does_not_fit_is_told(many, what):
    answer = many.post("/desk/grid/alpha/net", moment="announce", what=what, address="nonsense")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_every_decision_that_is_offered_is_possible(many):
    """Whatever state a post is in: each of its buttons does something."""
    with many.project.ledger.read() as conn:
        found = publications.everything(conn)
        before = publications.as_before(conn, [one.id for one in found])
    for one in found:
        for what in cells.possible(one, many.project.channels[one.channel]):
            path = f"/desk/grid/{one.job_id}/{one.channel}"
            form = {"moment": one.moment, "what": what, "address": "https://fake.example/9"}
            answer = many.post(path, **form)
            assert answer.status_code == 303, (one.state, what, answer.text)
            with many.project.ledger.begin() as conn:
                revision = publications.get(conn, one.slot).revision
                now = now_utc()
                assert publications.step_back(conn, one.id, revision, before[one.id], now)


def test_who_decided_stands_in_the_ledger(many):
    answer = many.decide("withdraw", "alpha/net")
    id_ = re.search(r"decision=(\w+)", answer.headers["location"])[1]
    with many.project.ledger.read() as conn:
        made = decisions.get(conn, id_)
        one = publications.get(conn, ("alpha", "net", "announce"))
        last = attempts.history(conn, one.id)[-1]
    assert made.who == last.owner == "you@localhost"


def test_colleagues_may_not_see_or_decide(tmp_path):
    project = open_project(make(tmp_path, HOUSE, pilot=spec()))
    publish(tmp_path)
    with browser(project, "kim") as web:
        for path in ("/desk/grid", "/desk/grid/pilot/board", "/desk/channels", "/desk/events"):
            assert web.get(path).status_code == 403
        assert web.post("/desk/grid/decide", data={}).status_code == 403
        enter(web, project, "rita", Role.recruiter)
        assert web.get("/desk/grid").status_code == 200
        assert web.post("/desk/grid/decide", data={"what": "withdraw"}).status_code == 403  # token
    project.ledger.close()


def test_no_job_spec_is_read_for_the_page(many, monkeypatch):
    read = []
    for model in (JobSpec, Post):
        whole = model.model_validate_json

        def counted(text, whole=whole):
            if threading.current_thread().name != "links":  # which reads them beside the pages
                read.append(text)
            return whole(text)

        monkeypatch.setattr(model, "model_validate_json", counted)
    assert "Alpha" in many.web.get("/desk/grid").text
    assert not read


def test_the_view_of_an_address_is_bounded():
    view = view_of({"q": "x " * 500, "channel": "c" * 500, "sort": "drop table"})
    assert len(view.search) <= 100
    assert view.sort == "newest"
    assert query({"q": "a&b", "evil": "1", "page": ""}) == "q=a%26b"
    assert View() == view_of({})
