"""What whoever watches over the service sees: health, figures, logs without people, the audit."""

import csv
import io
import json
import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from rolecast import bulk, desk, logs, outbox, spool, watching
from rolecast.clicks import Click
from rolecast.ledger import (
    Ledger,
    approvals,
    audit,
    beats,
    events,
    mails,
    rehearsals,
    schema_people,
)
from rolecast.ledger.approvals import Approval
from rolecast.ledger.events import Event
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.settings import Log
from tests.colleagues import HOUSE, Mailbox, enter, person, token
from tests.house import make, open_project, publish, site, spec

pytestmark = pytest.mark.both_ledgers


@pytest.fixture
def house(tmp_path):
    project = open_project(make(tmp_path, pilot=spec()))
    publish(tmp_path)
    yield project
    project.ledger.close()


@pytest.fixture
def web(house):
    with site(house) as made:
        yield made


@pytest.fixture
def staff(tmp_path):
    project = open_project(make(tmp_path, HOUSE, pilot=spec()))
    publish(tmp_path)
    with site(project) as made:
        made.project = project
        yield made
    project.ledger.close()


# Health


def wrong(web):
    answer = web.get("/healthz", headers={"Accept": "application/json"})
    told = answer.json()
    assert (answer.status_code == 200) == (told["status"] == "ok")
    return {name: one["detail"] for name, one in told["checks"].items() if not one["well"]}


def test_all_is_well(web):
    answer = web.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")
    assert wrong(web) == {}
    assert web.get("/livez").text == "ok"


def test_a_watcher_that_sleeps_is_told(web, house):
    assert "never" in web.get("/healthz?format=json").json()["checks"]["watcher"]["detail"]
    with house.ledger.begin() as conn:
        beats.beat(conn, "watcher", now_utc() - timedelta(seconds=30))
        beats.beat(conn, "collect", now_utc() - timedelta(hours=2))
    assert wrong(web) == {}
    with house.ledger.begin() as conn:
        beats.beat(conn, "watcher", now_utc() - timedelta(minutes=4))
    assert wrong(web) == {"watcher": "looked 4 min ago"}
    answer = web.get("/healthz")
    assert (answer.status_code, answer.text) == (503, "watcher: looked 4 min ago")
    assert web.get("/livez").status_code == 200  # this process is well all the same


def test_mails_that_wait_too_long_are_told(web, house):
    for minutes, well in ((5, True), (40, False)):
        with house.ledger.begin() as conn:
            at = now_utc() - timedelta(minutes=minutes)
            mails.add(conn, id=f"m{minutes}", kind="x", address="a@b.example", subject="", body="",
                      made=at, next=at)  # fmt: skip
        assert (wrong(web) == {}) == well
    assert "a@b.example" not in web.get("/healthz?format=json").text


def test_clicks_that_wait_on_the_disk_are_told(web, house, monkeypatch):
    folder = house.root / ".rolecast" / "spool"
    book = spool.Spool(folder)
    click = Click("c", 1, "phone", None, None, "", "", None)
    book.write([(0, spool.body([tuple(click)]))])
    assert wrong(web) == {}
    monkeypatch.setattr(watching, "CLICKS", -1.0)
    assert wrong(web) == {"clicks": "1 files wait on the disk"}
    book.close()


def test_a_ledger_that_is_away_is_told_without_its_address(web, house, monkeypatch):
    def away(*args):
        raise Ledger.Error("could not connect to db.internal as rolecast")

    monkeypatch.setattr(Ledger, "read", away)
    answer = web.get("/healthz")
    assert (answer.status_code, answer.text) == (503, "ledger: the ledger cannot be read")
    assert web.get("/livez").status_code == 503


def test_the_public_face_by_itself_needs_to_read_little(house):
    with site(house, alone=True) as go:
        assert go.get("/healthz").text == "ok"
        assert go.get("/livez").text == "ok"
        assert go.get("/desk/events").status_code == 404


# Figures


def figures(web):
    found = {}
    for family in text_string_to_metric_families(web.get("/metrics").text):
        for sample in family.samples:
            found[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return found


def test_figures_of_posts_mails_promises_and_looks(web, house):
    now = now_utc()
    with house.ledger.begin() as conn:
        mails.add(conn, id="m", kind="x", address="a@b.example", subject="", body="",
                  made=now, next=now)  # fmt: skip
        beats.beat(conn, "watcher", now - timedelta(seconds=7))
    told = figures(web)
    key = (("channel", "board"), ("state", "live"))
    assert told["rolecast_publications", key] == 1
    assert told["rolecast_mails", (("state", "waiting"),)] == 1
    assert told["rolecast_promises_overdue", ()] == 0
    assert 7 <= told["rolecast_seconds_since_look", (("part", "watcher"),)] < 60


def test_pages_are_timed_by_their_route_and_nothing_made_up_is(web):
    web.get("/desk/grid/pilot/board")
    web.get("/desk/grid/pilot/board")
    for number in range(3):
        web.get(f"/made-up/{number}")
    told = figures(web)
    labels = {"route": "/desk/grid/{job}/{channel}", "method": "GET", "status": "200"}
    assert told["rolecast_page_seconds_count", tuple(sorted(labels.items()))] >= 2
    routes = {dict(labels).get("route") for name, labels in told if "page_seconds" in name}
    assert not [one for one in routes if "made-up" in one]
    assert "other" in routes


def test_figures_come_without_a_ledger_too(web, monkeypatch):
    def away(*args):
        raise Ledger.Error("gone")

    monkeypatch.setattr(Ledger, "read", away)
    told = figures(web)
    assert not [name for name, _ in told if name == "rolecast_publications"]
    assert [name for name, _ in told if name.startswith("rolecast_clicks_kept")]


# Logs

KIM = "kim@ostrelund.example"
AGENT = "Mozilla/5.0 (X11; Linux x86_64) Kimbrowser/9.9 Safari/537.36"


@pytest.fixture
def written():
    """What is logged, as JSON; afterwards logging is as before."""
    root = logging.getLogger()
    handlers, level, stream = root.handlers[:], root.level, io.StringIO()
    logs.setup(Log(format="json", level="debug"), stream)
    yield stream
    root.handlers, root.level = handlers, level
    for name in ("asyncio", "urllib3", "httpx"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_no_person_stands_in_the_logs(staff, written):
    """A colleague signs in, works and meets every kind of trouble."""
    project, box = staff.project, Mailbox()
    enter(staff, project, "kim", Role.recruiter)
    with project.ledger.begin() as conn:
        outbox.post(conn, project.settings, "signin", KIM, "en", now_utc(),
                    link="https://x.example", minutes=10)  # fmt: skip

    class Broken(Mailbox):
        def send(self, mail):
            raise outbox.Busy(f"550 {mail['To']} unknown at 192.0.2.7")

    for sender in (Broken(), box):
        outbox.deliver(project.ledger, sender, project.settings.mail, now_utc())
    headers = {"User-Agent": AGENT, "X-Forwarded-For": "203.0.113.77"}
    for path in ("/", "/desk", "/desk/grid", "/desk/audit", "/r/none", "/me", "/healthz"):
        staff.get(path, headers=headers)
    form = {"token": token(staff), "what": "withdraw", "cell": "pilot/board", "view": ""}
    staff.post("/desk/grid/decide", data=form, headers=headers)
    log = logging.getLogger("rolecast.test")
    log.warning("mail to %s from 203.0.113.77 failed, by %s", KIM, AGENT)
    try:
        raise ValueError(f"{KIM} at 2001:db8::7 with {AGENT}")
    except ValueError:
        log.exception("it broke")
    text = written.getvalue()
    assert "it broke" in text
    for private in ("kim@", "ostrelund.example", "203.0.113", "192.0.2.7", "2001:db8", "Kimbrowser",
                    "Kim ", "Mozilla"):  # fmt: skip
        assert private not in text, private
    assert all(set(one) >= {"time", "level", "logger", "message"} for one in lines(written))


@pytest.mark.parametrize(
    "text",
    ["10:30:15 it began", "Rolecast 1.2.3", "127.0.0.1:8080 is ours", "job-1 on net-2",
     "the token abc:def", "12:00"],
)  # fmt: skip
def test_what_is_about_nobody_stays_readable(text):
    assert logs.without_people(text) == text


@pytest.mark.parametrize(
    "text",
    ["kim.harbour+x@sub.example.com", "203.0.113.7", "2001:db8:0:0:1:0:0:1", "2001:db8::1",
     "::ffff:203.0.113.7", "<kim@example.com>", "fe80::1ff:fe23:4567:890a"],
)  # fmt: skip
def test_addresses_are_taken_out(text):
    said = logs.without_people(f"it was {text}, again")
    assert not re.search(r"kim|203|db8|fe80", said), said


def test_errors_say_where_they_were(written):
    try:
        raise KeyError("id")
    except KeyError:
        logging.getLogger("rolecast.x").exception("looking at %s", "job-1")
    (line,) = lines(written)
    assert line["level"] == "error"
    assert line["error"] == "KeyError: 'id'"
    assert "test_ops.py" in line["trace"][-1]
    assert datetime.fromisoformat(line["time"]).tzinfo is not None


# Audit


def deeds(web, query=""):
    html = web.get(f"/desk/audit{query}").text
    rows = re.findall(r"<tr role=\"row\"><td.*?</tr>", html, re.S)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]


def test_who_did_what_is_for_administrators(staff):
    enter(staff, staff.project, "rita", Role.recruiter)
    assert staff.get("/desk/audit").status_code == 403
    assert "Audit" not in staff.get("/desk").text
    enter(staff, staff.project, "ada", Role.admin)
    assert "Audit" in staff.get("/desk").text
    assert staff.get("/desk/audit").status_code == 200


def test_decisions_approvals_and_roles_are_all_there(staff):
    project, ledger = staff.project, staff.project.ledger
    slot = ("pilot", "board", "announce")
    now = now_utc()
    desk.withdraw(ledger, slot, "rita@ostrelund.example", now)
    with ledger.begin() as conn:
        approvals.add(conn, [Approval(*slot, "publish", "hash", False, KIM, now, "too loud")])
    enter(staff, project, "ada", Role.admin)
    kim = person(project, "kim")
    form = {"token": token(staff), "role": "recruiter"}
    assert staff.post(f"/desk/people/{kim.id}", data=form).status_code == 303
    found = deeds(staff)
    assert any("rita@ostrelund.example decided: take it down" in one for one in found)
    assert any(f"{KIM} refused: too loud" in one for one in found)
    assert any(f"role given: {KIM}: recruiter" in one for one in found)
    assert not [one for one in found if "folder" in one]
    assert [one for one in deeds(staff, "?parts=1") if "folder" in one]
    assert "News that could not be read" not in staff.get("/desk/report").text


def test_it_is_found_by_person_job_and_day(web, house):
    ledger = house.ledger
    days = [datetime(2026, 11, day, 23, 30, tzinfo=UTC) for day in (20, 21)]
    for who, at in zip(("ada", "bob"), days, strict=True):
        bulk.decide(ledger, "withdraw", [("pilot", "board")], who, at)
        desk.keep(ledger, ("pilot", "board", "announce"), who, at)
    assert len(deeds(web)) == 6
    assert len(deeds(web, "?who=ada")) == 3
    assert len(deeds(web, "?day=2026-11-21")) == 3
    assert all("bob" in one for one in deeds(web, "?day=2026-11-21"))
    assert len(deeds(web, "?job=pilot&who=bob")) == 2
    assert deeds(web, "?who=nobody") == []
    for query in ("?day=nonsense", "?day=9999-12-31", "?who=%00&job=%00", "?page=99"):
        assert web.get(f"/desk/audit{query}").status_code == 200


def test_pages_come_newest_first_and_say_that_there_are_more(web, house, monkeypatch):
    monkeypatch.setattr("rolecast.web.audit.PER_PAGE", 2)
    slot = ("pilot", "board", "announce")
    for number in range(4):
        at = datetime(2026, 11, 20, 12, number, tzinfo=UTC)
        (desk.keep if number % 2 else desk.withdraw)(house.ledger, slot, f"p{number}", at)
    assert [one.split(" decided")[0][-2:] for one in deeds(web)] == ["p3", "p2"]
    assert 'href="?page=2"' in web.get("/desk/audit").text
    assert [one.split(" decided")[0][-2:] for one in deeds(web, "?page=2")] == ["p1", "p0"]
    assert 'rel="next"' not in web.get("/desk/audit?page=2").text


def test_the_table_for_other_programs_is_whole_and_harmless(web, house):
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    desk.withdraw(house.ledger, ("pilot", "board", "announce"), "=cmd|' /C calc'!A0", at)
    answer = web.get("/desk/audit?format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["at"] == "2026-11-20T12:00:00+00:00"
    assert row["who"] == "'=cmd|' /C calc'!A0"
    assert (row["job"], row["where"]) == ("pilot", "board announce")


def test_who_goes_takes_their_name_with_them(house):
    ledger, at = house.ledger, datetime(2026, 11, 20, 12, tzinfo=UTC)
    made = bulk.decide(ledger, "withdraw", [("pilot", "board")], KIM, at)
    bulk.undo(ledger, made.id, KIM, at)
    slot = ("pilot", "board", "announce")
    desk.withdraw(ledger, slot, KIM, at)
    desk.keep(ledger, slot, "bob", at)
    desk.forget(ledger, slot, KIM, at)
    with ledger.begin() as conn:
        approvals.add(conn, [Approval(*slot, "publish", "hash", True, KIM, at)])
        events.add(conn, [Event("", at, KIM, "role given", "x admin")])
        rehearsals.ask(conn, "board", "", KIM, at)
        audit.forget(conn, KIM)
    with ledger.read() as conn:
        assert audit.GONE in {one.who for one in audit.page(conn, audit.Filter(), 0, 50)}
        for table in schema_people.metadata.sorted_tables:
            rows = conn.execute(table.select()).all()
            assert not [row for row in rows if KIM in str(row)], table.name


def test_a_page_is_read_off_the_indexes(house):
    """Of many attempts only those that people decided are looked at."""
    if not house.ledger.is_sqlite:
        return
    with house.ledger.read() as conn:
        query = audit._attempts(audit.Filter()).limit(5)
        text = str(query.compile(conn.engine, compile_kwargs={"literal_binds": True}))
        plan = conn.exec_driver_sql(f"explain query plan {text}").fetchall()
    assert any("ix_attempts_decided" in row[-1] for row in plan), plan
