"""Test posts by a run of Prefect's, and by the watcher for whoever asked on the desk."""

import subprocess
import sys

import pytest

from rolecast.ledger import beats, rehearsals
from rolecast.publish import now_utc
from tests.house import open_project
from tests.networks import slack

pytestmark = pytest.mark.servers


@pytest.fixture
def network(proxy):
    made = []

    def need(name):
        return proxy if name == "proxy" else lambda server: made.append(server) or server

    yield slack.network(need)
    for server in made:
        server.stop()


@pytest.fixture
def root(network, tmp_path):
    made = network.make(tmp_path)
    text = (made / "rolecast.toml").read_text("utf-8")
    (made / "rolecast.toml").write_text(f"{text}{network.audience}\n", "utf-8")
    return made


def run(env, code, *words):
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(command, env=env, check=True, timeout=120, capture_output=True)


def test_a_run_of_prefect_s_sends_one(prefect, network, root):
    project = open_project(root, network.env)
    project.plan(wait=0)
    project.ledger.close()
    code = "import sys; from flows.rehearse import rehearse; rehearse('net', root=sys.argv[1])"
    run(prefect | network.env, code, root)
    assert len(network.private()) == 1
    assert network.posts() == []


def test_the_watcher_gives_signs_of_life_and_sends_what_was_asked_for(prefect, network, root):
    project = open_project(root, network.env)
    project.plan(wait=0)
    with project.ledger.begin() as conn:
        rehearsals.ask(conn, "net", "", "rita@ostrelund.example", now_utc())
    code = (
        "import sys, pathlib, uuid; from flows.serve import Watcher; "
        "Watcher(pathlib.Path(sys.argv[1]), uuid.UUID(int=0))._asked_for()"
    )
    run(prefect | network.env, code, root)
    with project.ledger.read() as conn:
        assert rehearsals.latest(conn)["net"].state == "done"
        assert (now_utc() - beats.last(conn)["watcher"]).total_seconds() < 60
    project.ledger.close()
    assert len(network.private()) == 1
    assert network.posts() == []
