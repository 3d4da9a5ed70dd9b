"""Finding jobs on the board: folded, mistyped, filtered, kept true, told in digests."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from rolecast import finding, folding
from rolecast.finding import Finder
from rolecast.ledger import find, mails, people, searches
from rolecast.publish import now_utc
from rolecast.search import Search
from tests.colleagues import HOUSE, make, person
from tests.house import drop, open_project, publish, spec

pytestmark = pytest.mark.both_ledgers

JOBS = {
    "pilot": {"title": "Harbour Pilot", "team": "Pilots", "skills": ["Radar", "C++"]},
    "engineer": {
        "title": "Marine Engineer",
        "team": "Engines",
        "workplace": "hybrid",
        "locations": [{"city": "Hamburg", "country": "DE"}, {"city": "Kyiv", "country": "UA"}],
        "employment_types": ["full_time", "part_time"],
    },
    "cook": {
        "title": "Köchin oder Koch",
        "language": "de",
        "team": "Kombüse",
        "description": "Du kochst für dreißig Leute. Grüße aus der Straße am Hafen, vom Smutje.",
        "employment_types": ["part_time"],
    },
    "nurse": {"title": "Krankenpflegerin", "language": "de", "team": "Bordarzt"},
    "electrician": {
        "title": "Інженер-електрик",
        "language": "uk",
        "team": "Верф",
        "locations": [{"city": "Одеса", "country": "UA"}],
    },
    "care": {
        "title": "看護師募集",
        "language": "ja",
        "locations": [{"city": "東京", "country": "JP"}],
        "description": "夜勤あり。病棟での看護業務をお願いします。経験者を優遇いたします。"
        "未経験でも歓迎します。",
    },
    "clerk": {
        "title": "Office Clerk",
        "workplace": "remote",
        "locations": None,
        "remote_from": ["DE", "JP"],
        "description": "You keep the books of the harbour master, and of an engineer or two.",
    },
}


@pytest.fixture
def root(tmp_path):
    specs = {name: spec(summary=None, tags=None, **fields) for name, fields in JOBS.items()}
    made = make(tmp_path, HOUSE, **specs)
    publish(made)
    return made


@pytest.fixture
def project(root):
    opened = open_project(root)
    yield opened
    opened.ledger.close()


@pytest.fixture
def finder(project):
    made = Finder(project.ledger, project.settings)
    yield made
    made.close()


def look(finder, text="", since=None, start=0, count=50, fresh=False, **chosen):
    wanted = {name: tuple(values) for name, values in chosen.items()}
    return finder.find(Search(text, wanted, fresh), since, start, count, now_utc())


def ids(finder, text="", **more):
    return [card.job_id for card in look(finder, text, **more).cards]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("harbour pilot", "pilot"),
        ("PILOT", "pilot"),
        ("enginer", "engineer"),
        ("engeneer", "engineer"),
        ("Bremerhavn pilot", "pilot"),
        ("harbor", "pilot"),
        ("pilto", "pilot"),
        ("c++", "pilot"),
        ("rad", "pilot"),
        ("kochin", "cook"),
        ("KÖCHIN", "cook"),
        ("koechin", "cook"),
        ("strasse", "cook"),
        ("kombuese", "cook"),
        ("pfleger", "nurse"),
        ("krankenpflegr", "nurse"),
        ("інженер", "electrician"),
        ("ІНЖЕНЕРА", "electrician"),
        ("инженер одеса", "electrician"),
        ("看護", "care"),
        ("護師", "care"),
        ("東京", "care"),
        ("京", "care"),
        ("東京 看護師", "care"),
        ("remote japan", "clerk"),
        ("teilzeit", "cook"),
        ("ukraine engineer", "engineer"),
    ],
)
def test_what_is_meant_comes_first(finder, text, first):
    assert ids(finder, text)[:1] == [first]


@pytest.mark.parametrize(
    "text", ["zzqqxx", "pilot zzqqxx", "!!!", '"* ^', "a' & | !b:*", "\\", "NEAR(", "病院", "%_"]
)
def test_what_is_not_there_is_not_found(finder, text):
    assert ids(finder, text) == []


def test_the_title_counts_more_than_the_text_and_the_word_more_than_a_longer_one(root, finder):
    assert ids(finder, "engineer") == ["engineer", "clerk"]
    drop(root, "piloting", spec(title="Head of Piloting", team="Office", tags=None, summary=None))
    publish(root)
    found = ids(finder, "pilot")
    assert found.index("pilot") < found.index("piloting")


def test_all_words_have_to_be_there(finder):
    assert ids(finder, "engineer books") == ["clerk"]
    assert ids(finder, "hamburg engineer") == ["engineer"]
    assert ids(finder, "the engineer of the books") == ["clerk"]


def test_filters_narrow_and_are_counted(finder):
    assert set(ids(finder, team=["Pilots", "Engines"])) == {"pilot", "engineer"}
    assert ids(finder, team=["Pilots", "Engines"], country=["UA"]) == ["engineer"]
    assert set(ids(finder, country=["JP"])) == {"care", "clerk"}
    assert ids(finder, "engineer", workplace=["hybrid"]) == ["engineer"]
    assert set(ids(finder, employment=["part_time"])) == {"engineer", "cook"}
    found = look(finder, language=["de"])
    assert dict(found.choices["language"]) == {"en": 3, "de": 2, "uk": 1, "ja": 1}
    assert dict(found.choices["employment"]) == {"full_time": 1, "part_time": 1}
    assert dict(found.choices["team"]) == {"Kombüse": 1, "Bordarzt": 1}
    nothing = look(finder, team=["Pilots"], city=["Hamburg"])
    assert (nothing.total, nothing.cards) == (0, [])
    assert sorted(nothing.drop) == [("city", "Hamburg", 1), ("team", "Pilots", 1)]
    assert look(finder, team=["Nobody"]).choices["team"][-1] == ("Nobody", 0)


def test_nothing_found_says_what_is_near(finder):
    found = look(finder, "kraxenpflxgxn")
    assert found.cards == []
    assert found.hits.instead == ("krankenpflegerin",)
    found = look(finder, "pilot hamburg")
    assert dict(found.hits.parts) == {"pilot": 1, "hamburg": 1}
    assert look(finder, "harbor").hits.also == ("harbour",)


def test_pages_hold_every_job_once(finder):
    seen = [ids(finder, start=start, count=2) for start in range(0, 8, 2)]
    assert sorted(id_ for page in seen for id_ in page) == sorted(JOBS)
    assert ids(finder, "engineer", start=1, count=1) == ["clerk"]
    assert look(finder, start=100).total == len(JOBS)


def test_it_is_true_to_the_jobs_and_does_not_work_twice(root, project, finder):
    assert len(ids(finder)) == len(JOBS)
    assert finder.sync(100) == 0
    with project.ledger.read() as conn:
        before = {one.job_id: one.number for one in find.shown(conn, ["board"])}
    drop(root, "cook", spec(title="Baker", team="Galley"))
    (root / "jobspecs/nurse.yaml").unlink()
    publish(root)
    time.sleep(0.3)
    assert ids(finder, "baker") == ["cook"]
    assert ids(finder, "smutje") == []
    assert ids(finder, "krankenpflegerin") == []
    assert dict(look(finder).choices["team"]).get("Galley") == 1
    with project.ledger.read() as conn:
        after = {one.job_id: one.number for one in find.shown(conn, ["board"])}
    assert {id_ for id_ in after if after[id_] != before[id_]} == {"cook"}


def test_several_look_while_jobs_change(root, project):
    finders = [Finder(project.ledger, project.settings) for _ in range(3)]
    wrong, ends = [], threading.Event()

    def run(one):
        while not ends.is_set():
            try:
                found = look(one, "harbour")
                assert {card.job_id for card in found.cards} <= {*JOBS, "new-0", "new-1", "new-2"}
            except Exception as error:
                wrong.append(error)

    threads = [threading.Thread(target=run, args=(one,)) for one in finders]
    for thread in threads:
        thread.start()
    for number in range(3):
        drop(root, f"new-{number}", spec(title=f"Harbour Hand {number}"))
        publish(root)
    ends.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    time.sleep(0.6)  # another one may be looking at this moment
    for one in finders:
        assert {"new-0", "new-1", "new-2"} <= set(ids(one, "harbour hand"))
        one.close()


def test_only_what_is_on_the_board_is_found(root, finder):
    drop(root, "draft", spec(title="Secret Admiral", status="draft"))
    drop(root, "later", spec(title="Later Admiral", opens="2099-01-01"))
    publish(root)
    assert ids(finder, "admiral") == []


def test_jobs_like_one(finder):
    found = finder.similar("Senior Marine Engineer", "engineer", now_utc(), inside=True)
    assert found == [("clerk", "Office Clerk")] or found[0][0] != "engineer"
    assert finder.similar("Harbour Engineer", "", now_utc(), True)[0][0] in ("engineer", "pilot")
    assert len(finder.similar("zzqq", "", now_utc(), True, most=3)) == 3


def test_a_first_look_is_for_colleagues(root, finder):
    drop(root, "admiral", spec(title="Admiral", first_look=5, tags=None))
    publish(root)
    card = look(finder, "admiral").cards[0]
    assert timedelta(days=4) < card.goes_out - now_utc() < timedelta(days=6)
    assert finder.similar("Admiral", "", now_utc(), inside=True)[0][0] == "admiral"
    outside = finder.similar("Admiral", "", now_utc(), inside=False, most=50)
    assert "admiral" not in [id_ for id_, _ in outside]


def test_a_search_is_written_alike_and_takes_no_nonsense():
    pairs = [("team", "A"), ("q", "  big   ship "), ("team", "B"), ("x", "1"), ("team", "A")]
    search = Search.read([*pairs, ("new", "1"), ("page", "7")])
    assert search.query == "q=big+ship&team=A&team=B&new=1"
    assert Search.parse(search.only_fresh(False).query) == Search.read(pairs)
    assert Search.read(reversed(pairs)).query == "q=big+ship&team=A&team=B"
    huge = Search.read([("q", "x" * 9999), *(("city", str(n)) for n in range(999))])
    assert len(huge.text) == 200
    assert len(huge.chosen["city"]) == 20
    assert search.described("en") == "“big ship” · A · B"


def test_texts_are_folded():
    assert folding.words("Łódź, GRÖẞE & Café—naïve") == ["lodz", "grosse", "cafe", "naive"]
    assert folding.words("AI工程師が") == ["ai", "工程", "程師", "師が", "が"]
    assert folding.words("ＣＮＣ ｶﾞｽ") == ["cnc", "ガス", "ス"]
    assert folding.asked("Koch (m/w/d) in Bremen") == ("koch", "bremen")
    assert folding.asked("m/w/d") == ("m", "w", "d")


# Digests

SETTLED = timedelta(hours=2)
WEEK = timedelta(days=7)


def save(project, who, query, days=0):
    found = person(project, who)
    with project.ledger.begin() as conn:
        searches.add(conn, found.id, query, now_utc() - timedelta(days=days))
    return found


def mail_of(project, who):
    with project.ledger.read() as conn:
        rows = conn.exec_driver_sql(
            f"select subject, body from mails where address = '{who}@ostrelund.example'"
        )
        return [tuple(row) for row in rows]


def digests(project, **later):
    return finding.digests(project.ledger, project.settings, now_utc() + timedelta(**later))


def test_new_jobs_are_told_once_a_week(root, project):
    save(project, "kim", "q=pilot", days=8)
    save(project, "kim", "team=Engines", days=1)
    save(project, "lee", "q=zeppelin", days=8)
    assert digests(project) == 0  # the jobs came just now
    assert digests(project, days=7, hours=2) == 1
    ((subject, body),) = mail_of(project, "kim")
    assert subject == "2 new jobs like those you look for"
    assert "Harbour Pilot (Bremerhaven)\nhttp://127.0.0.1:8080/jobs/pilot" in body
    assert "Marine Engineer" in body
    assert "Office Clerk" not in body
    assert "/me/searches" in body
    assert mail_of(project, "lee") == []
    drop(root, "second", spec(title="Second Pilot"))
    publish(root)
    assert digests(project, days=13) == 0
    with project.ledger.begin() as conn:  # it came in the week after
        conn.exec_driver_sql("update publications set made_at = made_at where job_id = 'second'")
    assert digests(project, days=14, hours=4) == 0  # told with the others: it came before


def test_a_digest_of_the_next_week_tells_the_next_jobs(root, project):
    save(project, "kim", "q=pilot", days=8)
    assert digests(project, hours=2) == 1
    assert digests(project, days=7, hours=2) == 0  # nothing new
    assert len(mail_of(project, "kim")) == 1


def test_who_wants_no_mails_gets_none(project):
    found = save(project, "kim", "q=pilot", days=8)
    with project.ledger.begin() as conn:
        people.change(conn, found.id, mails=0)
    assert digests(project, hours=2) == 0


def test_without_a_mail_server_nothing_counts_as_told(project):
    save(project, "kim", "q=pilot", days=8)
    settings = project.settings.model_copy(update={"mail": None})
    assert finding.digests(project.ledger, settings, now_utc() + SETTLED) == 0
    assert digests(project, hours=2) == 1


def test_many_tell_at_once_and_each_person_hears_once(project):
    for number in range(12):
        save(project, f"kim{number}", "q=pilot", days=8)
    told, together = [], threading.Barrier(4)

    def run():
        together.wait()
        told.append(digests(project, hours=2))

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(told) == 12
    with project.ledger.read() as conn:
        assert mails.counts(conn) == {"waiting": 12}


def test_one_that_dies_half_way_is_taken_up(project, monkeypatch):
    for number in range(3):
        save(project, f"kim{number}", "q=pilot", days=8)
    from rolecast import outbox

    post, calls = outbox.post, []

    def dies(*args, **values):
        calls.append(values)
        post(*args, **values)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(outbox, "post", dies)
    with pytest.raises(KeyboardInterrupt):
        digests(project, hours=2)
    assert digests(project, hours=2) == 2
    with project.ledger.read() as conn:
        assert mails.counts(conn) == {"waiting": 3}


def test_a_long_list_is_cut_and_says_so(root, project):
    for number in range(30):
        drop(root, f"hand-{number}", spec(title=f"Deck Hand {number}"))
    publish(root)
    save(project, "kim", "q=deck+hand", days=8)
    assert digests(project, hours=2) == 1
    ((subject, body),) = mail_of(project, "kim")
    assert subject.startswith("30 new jobs")
    assert body.count("/jobs/") == 20
    assert "And 10 more are on the board" in body


def test_the_time_of_a_visit():
    from rolecast.people import VISIT, Person, Role, visit

    now = datetime(2026, 11, 25, 12, tzinfo=UTC)

    def of(looked, before=None):
        return Person("1", "k@x", "K", None, Role.employee, None, None, now, looked, before, 1, 0)

    assert visit(of(None), now) == (None, True)
    assert visit(of(now - timedelta(minutes=5), now - WEEK), now) == (now - WEEK, False)
    assert visit(of(now - timedelta(minutes=15), now - WEEK), now) == (now - WEEK, True)
    assert visit(of(now - VISIT * 2, now - WEEK), now) == (now - VISIT * 2, True)
