"""The list of jobs, saved searches and first looks, as colleagues see them in a browser."""

import html
import re
import time
from datetime import timedelta

import pytest

from rolecast.ledger import people, publications, searches
from rolecast.ledger.schema import links
from rolecast.publish import now_utc
from tests.colleagues import HOUSE, browser, make, person, token
from tests.house import drop, open_project, publish, site, spec
from tests.lives import START
from tests.web.test_pages import CAMPUS

pytestmark = pytest.mark.both_ledgers


class Board:
    """A house, and a colleague's browser on its board."""

    def __init__(self, root):
        self.root, self.project = root, open_project(root)
        self._open = browser(self.project)
        self.web = self._open.__enter__()
        self.me = self.web.person.id

    def run(self):
        publish(self.root)
        time.sleep(0.3)
        self.web.face.go.links.refresh()

    def page(self, address="/"):
        answer = self.web.get(address)
        assert answer.status_code == 200
        return answer.text

    def titles(self, address="/"):
        found = re.findall(r'<h2><a href="/jobs/[^"]+">([^<]+)</a></h2>', self.page(address))
        return [html.unescape(one) for one in found]

    def post(self, path, **form):
        return self.web.post(path, data=form | {"token": token(self.web)})

    def change(self, **values):
        with self.project.ledger.begin() as conn:
            people.change(conn, self.me, **values)

    def saved(self):
        with self.project.ledger.read() as conn:
            return [row.query for row in searches.of_person(conn, self.me)]

    def close(self):
        self._open.__exit__(None, None, None)
        self.project.ledger.close()


@pytest.fixture
def board(tmp_path):
    root = make(
        tmp_path,
        HOUSE + CAMPUS,
        pilot=spec(team="Pilots", tags=["campus"]),
        deck=spec(title="Deck Hand", team="Ropes", locations=[{"city": "Kiel", "country": "DE"}]),
        cook=spec(title="Ship's <Cook>", team="Ropes", workplace="hybrid"),
    )
    publish(root)
    made = Board(root)
    yield made
    made.close()


def test_the_list_is_searched_and_filtered_in_the_address(board):
    assert sorted(board.titles()) == ["Deck Hand", "Harbour Pilot", "Ship's <Cook>"]
    assert board.titles("/?q=harbor+pilto") == ["Harbour Pilot"]
    assert sorted(board.titles("/?team=Ropes")) == ["Deck Hand", "Ship's <Cook>"]
    assert board.titles("/?team=Ropes&city=Kiel") == ["Deck Hand"]
    page = board.page("/?team=Ropes&city=Kiel")
    assert 'value="Kiel" checked' in page
    assert 'href="/?team=Ropes"' in page  # without the place
    assert "1 job" in page
    assert "<span>Pilots</span> <small>0</small>" not in page
    assert re.search(r'value="hybrid"><span>Hybrid</span> <small>1</small>', board.page())


def test_nothing_found_helps_on(board):
    page = board.page("/?q=harboxrxpixlot")
    assert "Nothing found" in page
    assert "Show all jobs" in page
    page = board.page("/?q=deck+bremerhaven&team=Ropes")
    assert "One word finds:" in page
    assert 'href="/?q=deck&amp;team=Ropes"' in page
    page = board.page("/?team=Pilots&city=Kiel")
    assert "without “Kiel”" in page
    assert 'href="/?team=Pilots"' in page
    assert "There is no such page" in board.page("/?page=9")


@pytest.mark.parametrize(
    "query",
    ["q=%00%ff", "page=-1", "page=99999999999999999999", "team=" + "x" * 5000, "q=" + "y%20" * 900,
     "&".join(f"city={n}" for n in range(300)), "q=%22%20OR%20(", "new=1", "new=x&new=1&lang",
     "q=%3Cscript%3Ealert(1)%3C/script%3E", "country=%3Cb%3E&language=%3Cb%3E&workplace=%3Cb%3E"],
)  # fmt: skip
def test_odd_addresses_are_pages_like_any(board, query):
    page = board.page("/?" + query)
    assert "<script>alert" not in page
    assert "<b>" not in page


def test_new_since_you_looked(board):
    assert "badge" not in board.page()  # the first visit: nothing is new
    drop(board.root, "mate", spec(title="First Mate"))
    board.run()
    assert "1 new since you looked" not in board.page()  # there was no visit before
    board.change(looked=now_utc() - timedelta(hours=1), before=None)
    drop(board.root, "boatswain", spec(title="Boatswain"))
    board.run()
    with board.project.ledger.begin() as conn:
        conn.execute(
            publications.publications.update()
            .where(publications.publications.c.job_id != "boatswain")
            .values(made_at=now_utc() - timedelta(days=1), revision=99)
        )
    time.sleep(0.3)
    page = board.page()
    assert "1 new since you looked" in page
    assert page.count('class="badge"') == 1
    assert board.titles("/?new=1") == ["Boatswain"]  # the visit goes on
    with board.project.ledger.read() as conn:
        me = people.get(conn, board.me)
    assert now_utc() - me.looked < timedelta(minutes=1)
    assert timedelta(minutes=59) < now_utc() - me.before < timedelta(minutes=61)
    board.change(looked=now_utc(), before=now_utc())
    assert "Nothing new since you looked" in board.page("/?new=1")


def test_searches_are_saved_listed_and_deleted(board):
    page = board.page("/?q=pilto&team=Ropes&new=1&page=1")
    query = html.unescape(re.search(r'name="query" value="([^"]+)"', page)[1])
    answer = board.post("/me/searches", query=query)
    assert answer.status_code == 303
    assert board.saved() == ["q=pilto&team=Ropes"]
    board.post("/me/searches", query="team=Ropes&q=pilto")  # the same
    assert board.saved() == ["q=pilto&team=Ropes"]
    assert "You hear of new ones like these" in board.page("/?team=Ropes&q=pilto")
    listed = board.page("/me/searches")
    assert "“pilto” · Ropes" in listed
    own = re.search(r'action="(/me/searches/[0-9a-f]{16})"', listed)[1]
    assert board.post(own).status_code == 303
    assert board.saved() == []
    assert board.post(own).status_code == 404


def test_a_search_that_cannot_be_saved_is_not_lost(board):
    assert board.post("/me/searches", query="").status_code == 422
    assert board.post("/me/searches").status_code == 422
    assert board.post("/me/searches", query="x=1&new=1").status_code == 422
    for number in range(20):
        board.post("/me/searches", query=f"q=job+{number}")
    answer = board.post("/me/searches", query="q=one+more&team=Ropes")
    assert answer.status_code == 422
    assert "You have 20 searches already" in answer.text
    assert 'href="/?q=one+more&amp;team=Ropes"' in answer.text
    assert len(board.saved()) == 20
    long = "&".join(f"city={'x' * 190}{n}" for n in range(20))
    assert board.post("/me/searches", query=long).status_code == 422


def test_somebody_elses_search_is_not_there(board):
    other = person(board.project, "lee")
    with board.project.ledger.begin() as conn:
        searches.add(conn, other.id, "q=secret", now_utc())
        (row,) = searches.of_person(conn, other.id)
    assert "secret" not in board.page("/me/searches")
    assert board.post(f"/me/searches/{row.id}").status_code == 404
    answer = board.web.post("/me/searches", data={"query": "q=pilot"})  # no token
    assert answer.status_code == 403


def test_mails_are_switched_off_and_on(board):
    assert "Send me no mails" in board.page("/me/searches")
    board.post("/me/searches/mails", mails="0")
    page = board.page("/me/searches")
    assert "You get no mails, but those that you ask for." in page
    board.post("/me/searches/mails", mails="1")
    assert "Send me no mails" in board.page("/me/searches")


# First look


@pytest.fixture
def looked(board):
    drop(board.root, "admiral", spec(title="Admiral", first_look=9, tags=["campus"]))
    board.run()
    return board


def link(board, channel, moment, job="admiral", code="abcdefg2"):
    with board.project.ledger.begin() as conn:
        conn.execute(
            links.insert().values(
                code=code, job_id=job, channel=channel, moment=moment, made=now_utc()
            )
        )
    board.web.face.go.links.refresh()
    return code


def test_colleagues_see_a_job_first(looked):
    page = looked.page("/?q=admiral")
    assert "First look: goes out on" in page
    assert "First look: goes out on" in looked.page("/jobs/admiral")
    assert "noindex" in looked.page("/jobs/admiral")
    assert looked.web.get("/public/jobs/admiral").status_code == 404
    assert looked.web.get("/public/jobs/pilot").status_code == 200


def test_links_of_other_channels_are_not_out_and_a_colleagues_is(looked):
    shared, other = link(looked, "share", "mail"), link(looked, "net", "announce", code="hjkmnpq3")
    for end in ("", "+"):
        assert looked.web.get(f"/r/{other}{end}").status_code == 404
    assert looked.web.get(f"/public/jobs/admiral?ref={other}").status_code == 404
    assert looked.web.get(f"/r/{shared}").status_code == 302
    assert looked.web.get(f"/r/{shared}+").status_code == 200
    answer = looked.web.get(f"/public/jobs/admiral?ref={shared}")
    assert answer.status_code == 200
    assert "First look" not in answer.text
    assert "noindex" in answer.text
    strange = link(looked, "share", "mail", job="pilot", code="rstvwxy4")
    assert looked.web.get(f"/public/jobs/admiral?ref={strange}").status_code == 404


def test_a_first_look_ends(looked, monkeypatch):
    code = link(looked, "net", "announce")
    drop(looked.root, "admiral", spec(title="Admiral", tags=["campus"]))
    looked.run()
    assert looked.web.get(f"/r/{code}").status_code == 302
    assert looked.web.get("/public/jobs/admiral").status_code == 200
    assert "First look" not in looked.page("/?q=admiral")


def test_what_was_out_before_a_first_look_was_written_stays_out(board):
    with board.project.ledger.begin() as conn:
        publications.ensure(conn, [("pilot", "net", "announce")], START)
        conn.execute(
            publications.publications.update()
            .where(publications.publications.c.channel == "net")
            .values(state="live")
        )
        code = publications.get(conn, ("pilot", "net", "announce")).link
    drop(board.root, "pilot", spec(team="Pilots", first_look=30))
    board.run()
    assert board.web.get(f"/r/{code}").status_code == 302
    assert board.web.get("/public/jobs/pilot").status_code == 200


def test_closed_jobs_outside_lead_to_no_job_that_is_inside_yet(looked):
    drop(looked.root, "pilot", spec(status="filled"))
    looked.run()
    inside = looked.web.get("/jobs/pilot")
    outside = looked.web.get("/public/jobs/pilot")
    assert (inside.status_code, outside.status_code) == (410, 410)
    assert "Admiral" in inside.text or "Deck Hand" in inside.text
    assert "Admiral" not in outside.text
    assert "/public/jobs/" in outside.text


def test_pages_without_a_session_lead_to_the_door(board):
    with site(board.project) as web:
        assert web.get("/?q=pilot").headers["location"] == "/signin?to=%2F%3Fq%3Dpilot"
        assert web.get("/me/searches").status_code == 303
        assert web.post("/me/searches", data={"query": "q=a"}).status_code == 401
