"""The newsletter, through a real Postfix: one mail for many jobs, and SMTP's own ways to fail."""

import os
import signal
import subprocess
import sys
import time
import uuid

import pytest

from rolecast.ledger import publications
from tests.house import drop, make, open_project, publish, spec, states
from tests.networks.mail import settings
from tests.servers.smtp import SmtpProxy


@pytest.fixture
def to():
    return f"jobs-{uuid.uuid4().hex[:8]}@example.test"


@pytest.fixture
def proxy(postfix):
    with SmtpProxy(postfix.host, postfix.port) as made:
        yield made


def folder(tmp_path, port, to, jobs=1):
    root = make(
        tmp_path, f'[channels.net]\nconnector = "mail"\n{settings("127.0.0.1", port, to)}\n'
    )
    for number in range(jobs):
        drop(root, f"job-{number}", spec(title=f"Pilot {number} <b> & Söhne"))
    return root


def reasons(root):
    project = open_project(root)
    with project.ledger.read() as conn:
        found = publications.everything(conn)
    project.ledger.close()
    return {one.reason for one in found}


def test_three_jobs_are_one_mail(postfix, tmp_path, to):
    root = folder(tmp_path, postfix.port, to, jobs=3)
    assert all(result.ok for result in publish(root))
    (mail,) = postfix.mails(to)
    assert mail["Subject"] == "Pilot 0 <b> & Söhne (+2)"
    assert str(mail["From"]) == "Ostrelund Works <careers@example.test>"
    assert mail["List-Unsubscribe"] == "<https://lists.example.test/leave>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Message-ID"].endswith("@example.test>")
    text = mail.get_body(("plain",)).get_content()
    html = mail.get_body(("html",)).get_content()
    project = open_project(root)
    with project.ledger.read() as conn:
        links = [project.link(one.link) for one in publications.everything(conn)]
    project.ledger.close()
    for link in links:
        assert link in text
        assert f'href="{link}"' in html
    assert "<b>" not in html
    assert publish(root) == []
    assert len(postfix.mails(to)) == 1


@pytest.mark.parametrize(
    ("who", "state", "words"),
    [
        ("bounce@example.test", "refused", "no such mailbox"),
        ("greylist@example.test", "waiting", "try later"),
        ("somebody@elsewhere.example", "refused", "sends nothing outside"),
    ],
)
def test_what_the_server_says_of_the_list(postfix, tmp_path, who, state, words):
    root = folder(tmp_path, postfix.port, who, jobs=2)
    publish(root)
    assert set(states(root).values()) == {state} or who.endswith("elsewhere.example")
    if not who.endswith("elsewhere.example"):
        assert all(words in reason for reason in reasons(root))


@pytest.mark.parametrize(
    ("fault", "state", "arrived"),
    [
        ("cut", "held", 1),
        ("drop", "held", 0),
        ("451 4.3.0 queue file write error", "waiting", 0),
        ("452 4.3.1 insufficient storage", "waiting", 0),
        ("554 5.7.1 looks like spam", "refused", 0),
        ("552 5.3.4 too big", "refused", 0),
        ("gibberish", "held", 0),
    ],
)
def test_faults_when_the_whole_mail_has_arrived(
    postfix, proxy, tmp_path, to, fault, state, arrived
):
    root = folder(tmp_path, proxy.port, to, jobs=2)
    proxy.at_end = fault
    publish(root)
    assert set(states(root).values()) == {state}
    assert all(reasons(root))
    assert len(postfix.mails(to)) == arrived
    publish(root)  # nothing is sent again by itself
    assert proxy.mails == 1


def test_a_server_that_is_not_there_is_waited_for(tmp_path, to):
    root = folder(tmp_path, 1, to)
    publish(root)
    assert states(root) == {"job-0/net": "waiting"}
    assert all("cannot be reached" in reason for reason in reasons(root))


@pytest.mark.parametrize("step", ["claimed", "before-send", "after-send", "before-finish"])
def test_killed_at_a_step_of_ours(postfix, tmp_path, to, step):
    root = folder(tmp_path, postfix.port, to, jobs=2)
    command = [sys.executable, "-m", "tests.conformance.crash", str(root), step]
    assert subprocess.run(command, env=dict(os.environ)).returncode == -signal.SIGKILL
    publish(root)
    assert set(states(root).values()) == {"held"}
    assert all("say on the desk" in reason for reason in reasons(root))
    assert len(postfix.mails(to)) == (0 if step in ("claimed", "before-send") else 1)


def test_killed_while_the_mail_is_on_its_way(postfix, proxy, tmp_path, to):
    root = folder(tmp_path, proxy.port, to)
    running = []
    proxy.at_end = lambda: (running[0].kill(), running[0].wait(10))
    command = [sys.executable, "-m", "tests.conformance.crash", str(root), "never"]
    running.append(subprocess.Popen(command))
    assert running[0].wait(60) == -signal.SIGKILL
    publish(root)
    assert states(root) == {"job-0/net": "held"}
    assert len(postfix.mails(to)) == 1


def test_a_list_server_passes_it_on_to_each_member_once(mailman, tmp_path, to):
    """A real GNU Mailman: everyone gets it, links whole, and the archive keeps one."""
    crew = [f"{who}-{to}" for who in ("ada", "grace")]
    address = mailman.new_list(to.partition("@")[0], crew)
    root = folder(tmp_path, mailman.mail.port, address, jobs=2)
    assert all(result.ok for result in publish(root))
    (kept,) = mailman.archive(address, 1)
    project = open_project(root)
    with project.ledger.read() as conn:
        sent = publications.everything(conn)
    project.ledger.close()
    assert {one.received().id.partition("#")[0] for one in sent} == {kept["Message-ID"]}
    for member in crew:
        (mail,) = arrived(mailman.mail, member)
        text = mail.get_body(("plain",)).get_content()
        assert all(project.link(one.link) in text for one in sent)
        assert mail["List-Id"] == f"<{address.replace('@', '.')}>"
        assert mail["Auto-Submitted"] == "auto-generated"
    assert publish(root) == []


def test_a_list_with_a_moderator_holds_it_until_they_agree(mailman, tmp_path, to):
    address = mailman.new_list(to.partition("@")[0], [to], moderated=True)
    root = folder(tmp_path, mailman.mail.port, address)
    publish(root)
    (held,) = mailman.held(address, 1)
    assert held["subject"] == "Pilot 0 <b> & Söhne"
    assert mailman.mail.mails(to) == []
    mailman.ask("POST", f"/lists/{address}/held/{held['request_id']}", action="accept")
    assert len(mailman.archive(address, 1)) == 1
    assert len(arrived(mailman.mail, to)) == 1


def arrived(server, member):
    """The member's mails; Mailman takes a moment to pass them on."""
    deadline = time.monotonic() + 20
    while not (mails := server.mails(member)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return mails
