"""Looking at what is live: drift, what a person says to it; places to apply that do not work."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from rolecast import desk, history
from rolecast.applying import check
from rolecast.applypage import closed_because
from rolecast.connector import Unauthorised
from rolecast.ledger import jobs, publications
from rolecast.verify import verify
from tests.house import drop, open_project, publish, spec
from tests.lives import Life
from tests.servers.wire import Answer, Listener

pytestmark = pytest.mark.both_ledgers

SLOT = ("pilot", "net", "announce")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def job(tmp_path):
    made = Life(tmp_path)
    made.run()
    yield made
    made.project.ledger.close()


def look(job, **only):
    project = job.project
    found = verify(project.ledger, project.channels, lambda c: None, clock=lambda: job.now, **only)
    return [str(one.kind) for one in found]


def there(job):
    with job.project.ledger.read() as conn:
        return publications.get(conn, SLOT)


def test_nothing_changed_nothing_to_say(job):
    assert look(job) == ["fine"]
    assert there(job).seen_at == job.now
    assert job.run() == []


def test_a_changed_post_is_told_once_and_put_back(job):
    look(job)
    job.town.posts["1"].text = "Win a prize"
    assert look(job) == ["changed"]
    assert look(job) == ["changed"]
    assert there(job).drift == "Win a prize"
    assert job.run() == []  # nothing is done by itself
    told = [one for one in history.of_job(job.project.ledger, "pilot") if one.who == "verify"]
    assert [one.what for one in told] == ["changed there"]
    desk.put_back(job.project.ledger, SLOT, "kim", job.now)
    assert job.run() == ["edit pilot announce"]
    assert "You bring the big ships in" in job.town.posts["1"].text
    assert look(job) == ["fine"]


def test_a_change_before_our_first_look_is_seen_as_well(job):
    job.town.posts["1"].text = "Something else altogether, at another place"
    assert look(job) == ["changed"]


def test_a_changed_post_may_stay_as_it_is(job):
    look(job)
    job.town.posts["1"].text += " (moved to pier 4)"
    look(job)
    desk.accept(job.project.ledger, SLOT, "kim", job.now)
    assert look(job) == ["fine"]
    assert job.run(days=1) == []
    job.town.posts["1"].text = "Win a prize"
    assert look(job) == ["changed"]
    drop(job.root, "pilot", spec(summary="By day only."))
    assert job.run() == ["edit pilot announce"]  # our own change goes over it
    assert look(job) == ["fine"]


def test_a_post_that_is_gone_comes_back_only_when_somebody_says_so(job):
    job.town.posts.clear()
    assert look(job) == ["gone"]
    assert job.run() == []
    desk.put_back(job.project.ledger, SLOT, "kim", job.now)
    assert job.run() == ["publish pilot announce"]
    job.town.posts.clear()
    look(job)
    desk.accept(job.project.ledger, SLOT, "kim", job.now)
    assert job.run(days=1) == []
    assert look(job) == []


def test_a_forgotten_post_is_left_to_itself(job):
    desk.forget(job.project.ledger, SLOT, "kim", job.now)
    drop(job.root, "pilot", spec(status="filled"))
    assert job.run() == []
    assert len(job.town.posts) == 1
    assert look(job) == []


def test_there_is_nothing_to_decide_where_nothing_differs(job):
    with pytest.raises(desk.NotPossible, match="what we wrote"):
        desk.put_back(job.project.ledger, SLOT, "kim", job.now)


def test_a_network_that_lets_nobody_look_is_asked_once(tmp_path, monkeypatch):
    job = Life(tmp_path)
    for number in range(9):
        drop(job.root, f"job-{number}", spec(title=f"Job {number}"))
    job.run()
    asked = []

    def no(self, http, receipt):
        asked.append(receipt.id)
        raise Unauthorised("the token has expired")

    monkeypatch.setattr(type(job.project.channels["net"].connector), "look", no)
    assert look(job) == ["unseen"] * 10
    assert len(asked) <= 4  # one for each worker
    assert there(job).state == "live"
    job.project.ledger.close()


CLOSED = [
    ("<h1>This position has been filled</h1>", "the page says"),
    ("<div role=alert>Die Stelle ist nicht mehr verfügbar.</div>", "nicht mehr verfügbar"),
    ("<title>Cette offre n'est plus disponible</title>", "plus disponible"),
    (
        '<script type="application/ld+json">{"@type": "JobPosting", "validThrough": '
        '"2026-11-01"}</script>',
        "valid until 2026-11-01",
    ),
    (
        '<script type="application/ld+json">{"@graph": [{"@type": ["JobPosting"], '
        '"validThrough": "2026-11-22T23:59:00+01:00"}]}</script>',
        "valid until 2026-11-22",
    ),
]
OPEN = [
    "<h1>Harbour Pilot</h1><p>This position has been filled by good people since 1890.</p>",
    '<script type="application/ld+json">{"@type": "JobPosting", "validThrough": "2026-11-23"}'
    "</script>",
    '<script type="application/ld+json">{"@type": "Organization"}</script><script '
    'type="application/ld+json">not json</script>',
    "",
    "<title>Stelle als Lotse (m/w/d)</title>",
]


@pytest.mark.parametrize(("html", "why"), CLOSED)
def test_a_page_that_says_itself_that_it_is_closed(html, why):
    url = "https://jobs.example.com/pilot"
    assert why in closed_because(html, url, url, NOW)


@pytest.mark.parametrize("html", OPEN)
def test_a_page_that_is_open(html):
    url = "https://jobs.example.com/pilot"
    assert closed_because(html, url, url, NOW) is None


def test_where_an_old_address_leads():
    asked = "https://boards.example.com/acme/jobs/4711"
    assert "list of jobs" in closed_because(
        "", asked, "https://boards.example.com/acme?error=true", NOW
    )
    assert "front page" in closed_because("", asked, "https://boards.example.com/", NOW)
    assert closed_because("", "https://acme.example", "https://www.acme.example/", NOW) is None


@pytest.fixture
def site():
    """A site whose answers a test says: path → Answer."""
    answers = {}
    listener = Listener(("127.0.0.1", 0), lambda request: answers[request.path])
    threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{listener.server_port}", answers
    listener.close()


def test_broken_places_to_apply_are_kept_until_they_work(tmp_path, site):
    from connectors.http import Http
    from tests.house import BOARD, make

    url, answers = site
    html = [("Content-Type", "text/html")]
    answers |= {
        "/gone": Answer(404, html, b"nope"),
        "/fine": Answer(200, html, b"<h1>Pilot</h1>"),
        "/taken": Answer(200, html, b"<h2>This job is no longer available</h2>"),
        "/busy": Answer(503, html, b""),
        "/file": Answer(200, [("Content-Type", "application/pdf")], b"%PDF"),
    }
    specs = {name[1:]: spec(title=name, apply=url + name) for name in answers}
    root = make(tmp_path, BOARD, mail=spec(apply="jobs@example.com"), **specs)
    publish(root)
    project = open_project(root)
    found = check(project.ledger, Http((2, 5)), clock=lambda: NOW + timedelta(days=1))
    assert sorted(found) == [
        ("gone", "the page does not exist any more"),
        ("taken", "the page says: This job is no longer available"),
    ]
    answers["/gone"] = Answer(503, html, b"")
    answers["/taken"] = answers["/fine"]
    check(project.ledger, Http((2, 5)))
    with project.ledger.read() as conn:
        assert [row.id for row in jobs.broken(conn)] == ["gone"]
    project.ledger.close()


def test_a_key_that_opens_nothing_is_told_and_not_a_crash(job):
    def no_way(channel):
        raise Unauthorised("ROLECAST_KEY is no key")

    project = job.project
    (found,) = verify(project.ledger, project.channels, no_way)
    assert (found.kind, found.detail) == ("unseen", "ROLECAST_KEY is no key")
