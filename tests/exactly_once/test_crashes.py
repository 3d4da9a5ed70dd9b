"""Kill -9 at every step of publishing: after the next run there is exactly one post."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.exactly_once.conftest import Network
from tests.house import open_project, publish, states

STEPS = ["before-claim", "claimed", "before-send", "after-send", "before-finish", "finished"]


def child(root: Path, network: Network, step: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.exactly_once.crash", str(root), step]
    return subprocess.Popen(command, env={**os.environ, **network.env})


def recovered(root: Path, network: Network) -> None:
    """What must hold after a crash and one more run."""
    for _ in range(2):  # looking is a step of its own; what it finds may need another
        publish(root, network.env)
    posts = network.posts()
    assert len(posts) == 1, posts
    assert states(root) == {"pilot/net": "live"}
    project = open_project(root, network.env)
    assert project.plan(wait=0).plan.changes == ()
    with project.ledger.read() as conn:
        from rolecast.ledger import publications

        found = publications.get(conn, ("pilot", "net", "announce"))
    project.ledger.close()
    assert found.received().address
    assert found.link in posts[0]


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_of_ours(network, tmp_path, step):
    root = network.make(tmp_path)
    process = child(root, network, step)
    assert process.wait(60) == -signal.SIGKILL
    recovered(root, network)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", [0, 1, 2])
def test_killed_within_a_request(network, tmp_path, number, when):
    if number >= len(network.requests):
        return  # this network needs fewer requests
    root = network.make(tmp_path)
    running = []

    def kill(request, forward):
        if when == "after":
            forward()
        running[0].kill()
        running[0].wait(10)
        return None

    method, path = network.requests[number]
    # The third request of WordPress goes to /posts/ID, which also contains /posts.
    skip = 1 if (network.name, number) == ("wordpress", 2) and path == "/posts" else 0
    network.front.fault("hook", method, path, hook=kill, skip=skip)
    running.append(child(root, network, "never"))
    assert running[0].wait(60) == -signal.SIGKILL
    recovered(root, network)
