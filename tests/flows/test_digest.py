"""The flow that tells colleagues: in a run of Prefect's, by mail and by chat."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from flows.digest import digest, tellers
from rolecast.ledger import mails, notices, people
from rolecast.publish import now_utc
from tests.colleagues import HOUSE, make, person
from tests.house import open_project, spec
from tests.networks import slack

ROOT = Path(__file__).parents[2]
OFF = '[channels.off]\nconnector = "slack"\nchannel = "C1"\nenabled = false\n'
TOKEN = "ROLECAST_OUR_SLACK_TOKEN"


@pytest.fixture
def server():
    made = slack.Server()
    yield made
    made.stop()
    assert made.broken == []


@pytest.fixture
def root(tmp_path, server):
    """Kim has news and wants them by Slack, Lee by mail."""
    ours = f'[channels.our-slack]\nconnector = "slack"\nchannel = "C1"\napi = "{server.url}/api"\n'
    make(tmp_path, HOUSE + OFF + ours, pilot=spec())
    project = open_project(tmp_path)
    kim, lee = person(project, "kim"), person(project, "lee")
    with project.ledger.begin() as conn:
        people.change(conn, kim.id, tells="slack")
        for one in (kim, lee):
            at = now_utc() - timedelta(hours=2)
            notices.add(conn, one.id, "question", at, "pilot", text="Is it cold?")
    project.ledger.close()
    return tmp_path


def counts(root):
    project = open_project(root)
    with project.ledger.read() as conn:
        found = mails.counts(conn)
    project.ledger.close()
    return found


def test_it_tells_by_mail_and_chat_and_once(root, server, monkeypatch):
    monkeypatch.setenv(TOKEN, "xoxb-token")
    state = digest.fn(str(root))
    assert state.message == "2 news mailed, 1 told by chat"
    assert [one["channel"] for one in server.messages.values()] == ["W012A3CDE"]
    assert counts(root) == {"sent": 1, "waiting": 1}  # Lee's goes with the next post
    assert digest.fn(str(root)).message == "nothing was due"
    assert len(server.messages) == 1


def test_a_chat_without_its_token_or_switched_off_gives_way_to_mail(root, server):
    project = open_project(root)
    assert tellers(project) == {}
    project.ledger.close()
    digest.fn(str(root))
    assert server.messages == {}
    assert counts(root) == {"waiting": 2}


@pytest.mark.servers
def test_it_runs_under_prefect(prefect, root, server):
    code = "import sys; from flows.digest import digest; print(digest(sys.argv[1]))"
    env = {**prefect, TOKEN: "xoxb-token", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(root)], env=os.environ | env, cwd=ROOT,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(server.messages) == 1
