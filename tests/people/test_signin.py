"""Signing in, without a web: links, sessions, roles, and what is done for whom."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event

from rolecast import outbox, signin
from rolecast.ledger import people
from rolecast.people import NotOurs, Role, hashed
from rolecast.publish import now_utc
from rolecast.signin import MINUTES, MOST, NotValid
from tests.colleagues import HOUSE, Mailbox, make
from tests.house import open_project

pytestmark = pytest.mark.both_ledgers
KIM = "kim@ostrelund.example"


class Office:
    """A ledger, settings, and the mails that were sent."""

    def __init__(self, root, channels=HOUSE):
        self.project = open_project(make(root, channels))
        self.ledger, self.settings = self.project.ledger, self.project.settings
        self.box, self.now = Mailbox(), now_utc()

    def ask(self, address=KIM, to="/", browser=""):
        """Ask for a link: (what it ends with, what the browser keeps)."""
        kept = signin.by_mail(self.ledger, self.settings, address, to, "en", self.now, browser)
        return self.mailed(address.strip().lower()), kept

    def mailed(self, address=KIM) -> str:
        outbox.deliver(self.ledger, self.box, self.settings.mail, self.now)
        texts = self.box.to(address)
        return re.search(r"/signin/([\w-]+)", texts[-1])[1] if texts else ""

    def finish(self, secret, browser):
        return signin.finish(self.ledger, self.settings, secret, browser, "Firefox", self.now)

    def who(self, session):
        return signin.who(self.ledger, session, self.now)

    def everybody(self) -> list[str]:
        with self.ledger.read() as conn:
            return [one.email for one in people.everybody(conn, "", 0, 100)[0]]


@pytest.fixture
def office(tmp_path):
    made = Office(tmp_path)
    yield made
    made.ledger.close()


def test_the_first_time_makes_the_person_and_the_second_does_not(office):
    for _ in range(2):
        session, to = office.finish(*office.ask(to="/jobs/pilot?x=1"))
        person = office.who(session)
        assert (person.email, person.name, person.role) == (KIM, "Kim", Role.employee)
        assert to == "/jobs/pilot?x=1"
    assert office.everybody() == [KIM]


def test_nobody_is_made_before_the_link_was_used(office):
    office.ask()
    assert office.everybody() == []


def test_a_link_works_once(office):
    asked = office.ask()
    office.finish(*asked)
    with pytest.raises(NotValid, match="has been used"):
        office.finish(*asked)


def test_looking_uses_nothing_up(office):
    secret, browser = office.ask()
    for _ in range(3):
        assert signin.asked_for(office.ledger, secret, browser, office.now).email == KIM
    office.finish(secret, browser)


def test_a_link_gets_old(office):
    asked = office.ask()
    office.now += timedelta(minutes=MINUTES)
    with pytest.raises(NotValid, match="15 minutes"):
        office.finish(*asked)
    assert office.everybody() == []


@pytest.mark.parametrize("browser", ["", "x" * 43, None])
def test_a_link_works_in_the_browser_that_asked_only(office, browser):
    secret, own = office.ask()
    _, others = office.ask("rita@ostrelund.example")
    with pytest.raises(NotValid, match="in the browser that asked"):
        office.finish(secret, others if browser is None else browser)
    office.finish(secret, own)


def test_a_guessed_link_is_nobodys(office):
    secret, browser = office.ask()
    for guess in ("", "x", secret[:-1], secret.swapcase(), hashed(secret)):
        with pytest.raises(NotValid):
            office.finish(guess, browser)


def test_of_two_mails_the_first_one_works_too(office):
    first, browser = office.ask()
    _, again = office.ask(browser=browser)
    assert again == browser
    office.finish(first, browser)


def test_a_browser_keeps_nothing_that_it_was_not_given_for_that_address(office):
    _, browser = office.ask()
    assert office.ask("rita@ostrelund.example", browser=browser)[1] != browser
    assert office.ask(browser="planted-by-somebody")[1] != "planted-by-somebody"


def test_only_hashes_are_kept(office):
    secret, browser = office.ask()
    session, _ = office.finish(secret, browser)
    secret, browser = office.ask()
    with office.ledger.read() as conn:
        for table in ("signins", "sessions", "people"):
            kept = str(conn.exec_driver_sql(f"select * from {table}").all())
            assert not [one for one in (secret, browser, session) if one in kept], table
        mail = conn.exec_driver_sql("select address, subject, body from mails").all()
    assert set(mail) == {(None, None, None)}


def test_an_address_gets_so_many_mails_and_no_more(office):
    for _ in range(MOST + 3):
        signin.by_mail(office.ledger, office.settings, KIM, "/", "en", office.now)
    office.mailed()
    assert len(office.box.to(KIM)) == MOST
    office.ask("rita@ostrelund.example")  # others do not notice
    assert len(office.box.mails) == MOST + 1
    office.now += timedelta(minutes=MINUTES, seconds=1)
    office.finish(*office.ask())


@pytest.mark.parametrize(
    "address",
    [
        "kim@elsewhere.example",
        "kim@ostrelund.example.evil.example",
        "kim@evil.ostrelund.example",
        "kim@ostrelund.example@evil.example",
        '"kim@ostrelund.example"@evil.example',
        "kim@evil.example,x@ostrelund.example",
        "kim@ostrelund.example\nBcc: x@evil.example",
        "kim\r\n@ostrelund.example",
        "Kim <kim@ostrelund.example>",
        "kim@оstrelund.example",  # a Cyrillic о
        "k\0im@ostrelund.example",
        "@ostrelund.example",
        "kim",
        "",
        "x" * 65 + "@ostrelund.example",
        "kim@" + "a." * 200 + "example",
    ],
)
def test_who_is_not_ours_gets_no_mail(office, address):
    with pytest.raises(NotOurs):
        office.ask(address)
    assert office.mailed(address) == ""
    assert office.box.mails == []


def test_an_address_is_the_same_in_capital_letters(office):
    session, _ = office.finish(*office.ask("  Kim@Ostrelund.Example "))
    assert office.who(session).email == KIM


def work(office, do) -> list[str]:
    """The statements that are executed, without their values."""
    seen: list[str] = []

    def note(conn, cursor, statement, parameters, context, many):
        seen.append(statement)

    event.listen(office.ledger.engine, "before_cursor_execute", note)
    try:
        do()
    finally:
        event.remove(office.ledger.engine, "before_cursor_execute", note)
    return seen


def test_asking_costs_the_same_for_known_and_unknown_people(office):
    """Whoever measures how long an answer takes learns nothing: the work is the same."""
    office.finish(*office.ask())
    office.now += timedelta(minutes=MINUTES)

    def ask(address):
        return lambda: signin.by_mail(
            office.ledger, office.settings, address, "/", "en", office.now
        )

    unknown = work(office, ask("nobody@ostrelund.example"))
    assert work(office, ask(KIM)) == unknown
    assert len(unknown) >= 4
    office.mailed()
    assert "people" not in " ".join(unknown)


def test_a_session_ends_when_it_is_ended_and_by_itself(office):
    session, _ = office.finish(*office.ask())
    other, _ = office.finish(*office.ask())
    with office.ledger.begin() as conn:
        people.end_session(conn, hashed(session))
    assert office.who(session) is None
    assert office.who(other)
    office.now += timedelta(days=office.settings.people.session_days)
    assert office.who(other) is None


def test_what_has_ended_is_forgotten(office):
    office.finish(*office.ask())
    office.ask("nobody@ostrelund.example")
    office.now += timedelta(days=office.settings.people.session_days)
    office.finish(*office.ask())
    with office.ledger.read() as conn:
        for table, left in (("sessions", 1), ("signins", 0)):
            assert conn.exec_driver_sql(f"select count(*) from {table}").scalar() == left


def at_once(*work) -> list:
    """What each answered, or the error that it ended with."""
    begin = threading.Barrier(len(work))

    def run(one):
        begin.wait(10)
        try:
            return one()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def test_a_link_that_is_used_twice_at_once_works_once(office):
    asked = office.ask()
    found = at_once(*[lambda: office.finish(*asked)] * 6)
    assert sum(isinstance(one, tuple) for one in found) == 1
    assert sum(isinstance(one, NotValid) for one in found) == 5


def test_two_browsers_at_once_make_one_person(office):
    asked = [office.ask() for _ in range(4)]
    found = at_once(*[lambda one=one: office.finish(*one) for one in asked])
    assert [type(one) for one in found] == [tuple] * 4
    assert office.everybody() == [KIM]


def test_what_is_kept_of_a_session_opens_nothing(office):
    session, _ = office.finish(*office.ask())
    assert office.who(hashed(session)) is None
    assert office.who("") is None


def test_settings_give_roles_to_new_people_and_to_known_ones(tmp_path):
    office = Office(tmp_path)
    for who, role in (("ada", Role.admin), ("rita", Role.recruiter), ("kim", Role.employee)):
        session, _ = office.finish(*office.ask(f"{who}@ostrelund.example"))
        assert office.who(session).role is role
    office.ledger.close()
    later = Office(
        tmp_path, HOUSE.replace('recruiters = ["', 'recruiters = ["Kim@ostrelund.example", "')
    )
    session, _ = later.finish(*later.ask())
    assert later.who(session).role is Role.recruiter
    later.ledger.close()


# Behind a proxy that knows who it is

HEADER = HOUSE.replace("domains", 'header = "X-Forwarded-Email"\ndomains')


def test_a_proxy_names_somebody_and_the_first_time_makes_them(tmp_path):
    office = Office(tmp_path, HEADER)
    for _ in range(2):
        found = signin.by_header(
            office.ledger, office.settings, "Rita@Ostrelund.example", office.now
        )
        assert (found.email, found.role) == ("rita@ostrelund.example", Role.recruiter)
    assert office.everybody() == ["rita@ostrelund.example"]
    for bad in (
        "rita@elsewhere.example",
        "rita",
        "a@b.c, rita@ostrelund.example",
        "\0",
        "ünal@x.y",
    ):
        with pytest.raises(NotOurs):
            signin.by_header(office.ledger, office.settings, bad, office.now)
    office.ledger.close()
