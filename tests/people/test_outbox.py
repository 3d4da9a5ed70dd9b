"""Mails on their way: through a real Postfix, and past everything that can break in between."""

import os
import signal
import subprocess
import sys
import threading
import uuid
from datetime import timedelta

import pytest

from rolecast import outbox
from rolecast.ledger import mails
from rolecast.people import new_id
from rolecast.postman import Postman
from rolecast.publish import now_utc
from tests.colleagues import HOUSE, Mailbox, make
from tests.house import open_project
from tests.servers.smtp import SmtpProxy


class Office:
    """A ledger with mails in it, and who sends them. port: of the mail server."""

    def __init__(self, root, port=1):
        mail = f'host = "127.0.0.1"\nport = {port}'
        self.root = make(root, HOUSE.replace('host = "127.0.0.1"', mail))
        self.project = open_project(self.root)
        self.ledger, self.settings = self.project.ledger, self.project.settings
        self.now = now_utc()

    def post(self, address, **values):
        values = {"link": "http://127.0.0.1:8080/signin/x", "minutes": 15} | values
        with self.ledger.begin() as conn:
            outbox.post(conn, self.settings, "signin", address, "en", self.now, **values)

    def deliver(self, sender=None, later=0) -> int:
        sender = sender or outbox.Smtp(self.settings.mail)
        at = self.now + timedelta(seconds=later)
        return outbox.deliver(self.ledger, sender, self.settings.mail, at)

    def rows(self):
        with self.ledger.read() as conn:
            return list(conn.exec_driver_sql("select * from mails").mappings())

    def states(self) -> list[str]:
        return sorted(row["state"] for row in self.rows())

    def troubles(self) -> str:
        return " ".join(row["trouble"] or "" for row in self.rows())


@pytest.fixture
def to():
    return f"kim-{uuid.uuid4().hex[:8]}@example.test"


@pytest.fixture
def proxy(postfix):
    with SmtpProxy(postfix.host, postfix.port) as made:
        yield made


@pytest.fixture
def office(tmp_path, request):
    made = []

    def open_at(port=1):
        made.append(Office(tmp_path / str(len(made)), port))
        return made[-1]

    yield open_at
    for one in made:
        one.ledger.close()


@pytest.mark.both_ledgers
def test_a_mail_arrives_and_is_forgotten(postfix, office, to):
    office = office(postfix.port)
    office.post(to)
    assert office.deliver() == 1
    (mail,) = postfix.mails(to)
    assert mail["Subject"] == "Sign in to Ostrelund Works's jobs"
    assert "http://127.0.0.1:8080/signin/x" in mail.get_content()
    assert mail["From"].addresses[0].addr_spec == "jobs@ostrelund.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith("@ostrelund.example>")
    (row,) = office.rows()
    assert (row["state"], row["address"], row["subject"], row["body"]) == ("sent", None, None, None)
    assert office.deliver(later=9999) == 0
    assert len(postfix.mails(to)) == 1


def test_letters_of_all_languages_arrive(postfix, office, to):
    office = office(postfix.port)
    words = "Größe 📮 Україна " + "x" * 2000 + "\r\n.\r\nQUIT\r\n..\n"
    with office.ledger.begin() as conn:
        values = {"kind": "signin", "made": office.now, "next": office.now}
        mails.add(conn, id=new_id(), address=to, subject="Überfahrt 📮", body=words, **values)
    assert office.deliver() == 1
    (mail,) = postfix.mails(to)
    assert mail["Subject"] == "Überfahrt 📮"
    assert mail.get_content().split() == words.split()


@pytest.mark.parametrize(
    "evil",
    [
        "Works\r\nBcc: victim@example.test",
        "Works\nTo: victim@example.test\n\nbody",
        "Works\x85Bcc: victim@example.test",
        "Works\u2028Bcc: victim@example.test\0",
        "\r\n.\r\nMAIL FROM:<a@example.test>",
    ],
)
def test_no_text_becomes_a_header(postfix, office, to, evil):
    office = office(postfix.port)
    subject, body = outbox.written("signin", "en", {"company": evil, "link": evil, "minutes": evil})
    assert subject.isprintable()
    with office.ledger.begin() as conn:
        values = {"kind": "signin", "made": office.now, "next": office.now}
        mails.add(conn, id=new_id(), address=to, subject=subject, body=body, **values)
    office.deliver()
    (mail,) = postfix.mails(to)
    assert mail["Bcc"] is None
    assert [one.addr_spec for one in mail["To"].addresses] == [to]
    assert postfix.mails("victim@example.test") == []


@pytest.mark.parametrize(
    ("address", "state", "words"),
    [
        ("bounce@example.test", "failed", "no such mailbox"),
        ("greylist@example.test", "waiting", "try later"),
        ("somebody@elsewhere.example", "failed", "sends nothing outside"),
        ("kim@example.test\nBcc: x@example.test", "failed", "Header"),
        ("käm@example.test", "failed", ""),
        ("not an address", "failed", ""),
        ("a@example.test, b@example.test", "failed", ""),
    ],
)
def test_what_the_server_says(postfix, office, to, address, state, words):
    office = office(postfix.port)
    office.post(address)
    office.post(to)  # another one's trouble holds nobody up
    assert office.deliver() == 1
    assert office.states() == sorted([state, "sent"])
    assert words in office.troubles()
    assert len(postfix.mails(to)) == 1


def test_who_asks_to_wait_is_asked_again_later_and_later(postfix, office):
    office = office(postfix.port)
    office.post("greylist@example.test")
    at, tries = 0.0, 0
    while office.states() == ["waiting"]:
        assert office.deliver(later=at) == 0
        tries += 1
        (row,) = office.rows()
        assert office.deliver(later=at + 1) == 0  # not yet
        assert office.rows() == [row]
        at += 14400 * 1.2 + 1
    assert tries == outbox.TRIES
    assert office.states() == ["failed"]
    with office.ledger.begin() as conn:
        assert mails.again(conn, row["id"], office.now)
    assert office.states() == ["waiting"]


@pytest.mark.parametrize(
    ("fault", "state", "arrived"),
    [
        ("cut", "unknown", 1),
        ("drop", "unknown", 0),
        ("gibberish", "unknown", 0),
        ("354 go on", "unknown", 0),
        ("451 4.3.0 queue file write error", "waiting", 0),
        ("421 4.3.2 shutting down", "waiting", 0),
        ("554 5.7.1 looks like spam", "failed", 0),
    ],
)
def test_faults_when_the_whole_mail_has_arrived(postfix, proxy, office, to, fault, state, arrived):
    office = office(proxy.port)
    office.post(to)
    proxy.at_end = fault
    assert office.deliver() == 0
    assert office.states() == [state]
    assert office.troubles()
    assert len(postfix.mails(to)) == arrived
    if state != "waiting":
        assert office.deliver(later=99999) == 0  # nothing is sent again by itself
        assert proxy.mails == 1
        with office.ledger.begin() as conn:
            assert [one.state for one in mails.troubled(conn)] == [state]
            assert mails.drop(conn, office.rows()[0]["id"])
        assert office.rows()[0]["address"] is None


@pytest.mark.parametrize("line", ["", "554 no", "garbage", "220"])
def test_a_server_that_goes_away_before_data_has_taken_nothing(office, to, line):
    """Then there is no doubt: it is tried again."""
    from tests.servers.stream import TcpProxy

    class Rude(TcpProxy):
        def _talk(self, client):
            with client:
                client.sendall(f"{line}\r\n".encode() if line else b"")
                if line == "220":
                    for answer in (b"250 ehlo\r\n", b"250 mail\r\n"):  # and then nothing
                        client.recv(4096)
                        client.sendall(answer)

    with Rude("127.0.0.1", 1) as rude:
        office = office(rude.port)
        office.post(to)
        assert office.deliver() == 0
        assert office.states() == ["waiting"]
        assert office.troubles()


@pytest.mark.both_ledgers
def test_a_server_that_is_not_there_is_waited_for(postfix, office, to):
    office = office(1)
    office.post(to)
    assert office.deliver() == 0
    assert office.states() == ["waiting"]
    assert "cannot be reached" in office.troubles()
    there = outbox.Smtp(office.settings.mail.model_copy(update={"port": postfix.port}))
    assert office.deliver(there, later=1) == 0  # not at once
    assert office.deliver(there, later=60) == 1
    assert len(postfix.mails(to)) == 1


CRASH = """
import os, signal, sys
from pathlib import Path
from rolecast import outbox
from rolecast.publish import now_utc
from tests.house import open_project

class Deadly(outbox.Smtp):
    def send(self, mail):
        if sys.argv[2] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        super().send(mail)
        os.kill(os.getpid(), signal.SIGKILL)

project = open_project(Path(sys.argv[1]), dict(os.environ))
mail = project.settings.mail
outbox.deliver(project.ledger, Deadly(mail), mail, now_utc())
"""


@pytest.mark.both_ledgers
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_while_sending(postfix, office, to, when):
    """Nobody knows whether it went: it is not sent twice, and a person is asked."""
    from tests import house

    office = office(postfix.port)
    office.post(to)
    command = [sys.executable, "-c", CRASH, str(office.root), when]
    assert subprocess.run(command, env=os.environ | house.LEDGER).returncode == -signal.SIGKILL
    assert office.states() == ["sending"]
    assert office.deliver(later=60) == 0  # it may still be at it
    assert office.states() == ["sending"]
    assert office.deliver(later=600) == 0
    assert office.states() == ["unknown"]
    assert len(postfix.mails(to)) == (when == "after")


@pytest.mark.both_ledgers
def test_two_postmen_send_each_mail_once(postfix, office):
    office = office(postfix.port)
    batch = uuid.uuid4().hex[:8]
    for number in range(20):
        office.post(f"{batch}-{number}@example.test")
    other = open_project(office.root)
    begin = threading.Barrier(2)

    class Meeting(outbox.Smtp):
        """Sends its first mail once the other one has one, too."""

        met = False

        def send(self, mail):
            if not self.met:
                self.met = True
                begin.wait(20)
            super().send(mail)

    men = [
        Postman(ledger, office.settings.mail, Meeting(office.settings.mail))
        for ledger in (office.ledger, other.ledger)
    ]
    went = []
    threads = [threading.Thread(target=lambda m=m: went.append(m.once())) for m in men]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    other.ledger.close()
    assert sum(went) == 20
    assert min(went) > 0
    assert office.states() == ["sent"] * 20
    for number in range(20):
        assert len(postfix.mails(f"{batch}-{number}@example.test")) == 1


def test_a_slow_mail_is_not_taken_for_a_dead_one(office):
    """The lease begins when a mail is claimed, not when its round began."""
    office = office()
    for number in range(3):
        office.post(f"{number}@example.test")
    clock = [0.0]

    class Slow(Mailbox):
        def send(self, mail):
            super().send(mail)
            clock[0] += 200
            with office.ledger.begin() as conn:
                at = office.now + timedelta(seconds=clock[0])
                assert mails.release(conn, at - outbox.LEASE) == 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox.time, "monotonic", lambda: clock[0])
        assert office.deliver(Slow()) == 3


def test_the_postman_survives_and_stops_between_two_mails(office):
    office = office()
    for number in range(5):
        office.post(f"{number}@example.test")
    seen, free = threading.Event(), threading.Event()

    class Odd(Mailbox):
        def send(self, mail):
            super().send(mail)
            if len(self.mails) == 1:
                raise RuntimeError("nobody has thought of this")
            seen.set()
            free.wait(10)

    box = Odd()
    man = Postman(office.ledger, office.settings.mail, box)
    man.start()
    assert not seen.wait(0.3)
    man.soon()
    assert seen.wait(10)
    stopping = threading.Thread(target=man.stop)
    stopping.start()
    while not man._stop.is_set():
        pass
    free.set()
    stopping.join(10)
    assert office.states() == ["sending", "sent", "waiting", "waiting", "waiting"]
    assert len(box.mails) == 2


@pytest.mark.both_ledgers
def test_a_mail_that_is_taken_back_is_not_sent(office):
    """What the transaction does not keep never leaves."""
    office = office()
    with pytest.raises(ZeroDivisionError), office.ledger.begin() as conn:
        outbox.post(
            conn,
            office.settings,
            "signin",
            "kim@example.test",
            "en",
            office.now,
            link="",
            minutes=1,
        )
        raise ZeroDivisionError
    box = Mailbox()
    assert office.deliver(box) == 0
    assert box.mails == []
