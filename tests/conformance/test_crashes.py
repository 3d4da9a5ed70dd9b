"""Kill -9 at every step of publishing: after the next run there is exactly one post."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from connectors import TABLE
from rolecast.connector import Guarantee
from rolecast.ledger import publications
from tests.house import open_project, publish, states
from tests.networks import Network

pytestmark = pytest.mark.servers  # too many for the quick tier

STEPS = ["before-claim", "claimed", "before-send", "after-send", "before-finish", "finished"]


def child(root: Path, network: Network, step: str) -> subprocess.Popen:
    command = [sys.executable, "-m", "tests.conformance.crash", str(root), step]
    return subprocess.Popen(command, env={**os.environ, **network.env})


def recovered(root: Path, network: Network, posts: int = 1) -> None:
    """What must hold after a crash and one more run."""
    for _ in range(2):  # looking is a step of its own; what it finds may need another
        publish(root, network.env)
    project = open_project(root, network.env)
    left = project.plan(wait=0).plan
    with project.ledger.read() as conn:
        found = publications.get(conn, ("pilot", "net", "announce"))
    project.ledger.close()
    assert left.changes == ()
    if found.state == "held" and TABLE[network.name].guarantee is Guarantee.BLIND:
        assert len(network.posts()) <= posts
        assert "say on the desk" in found.reason
        return
    assert len(network.posts()) == posts
    assert states(root) == {"pilot/net": "live"}
    assert found.received().id
    assert any(found.link in post for post in network.posts())


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_of_ours(network, tmp_path, step):
    root = network.make(tmp_path)
    process = child(root, network, step)
    assert process.wait(60) == -signal.SIGKILL
    recovered(root, network)


def test_killed_within_each_request(network, tmp_path):
    """Before and after the network took each of the requests that one publishing makes."""
    root = network.make(tmp_path / "first")
    publish(root, network.env)
    requests = [(one.method, one.path) for one in network.front.requests]
    there = len(network.posts())
    for number in range(len(requests)):
        for when in ("before", "after"):
            root = network.make(
                tmp_path / f"{when}-{number}", title=f"Killed {when} request {number}"
            )
            kill_within(network, root, number, when)
            before = there
            there = len(network.posts()) if blind(network) else there + 1
            assert there - before in (0, 1)
            recovered(root, network, there)


def blind(network: Network) -> bool:
    return TABLE[network.name].guarantee is Guarantee.BLIND


def kill_within(network: Network, root: Path, number: int, when: str) -> None:
    """Publish in a process of its own, and kill that while its request `number` is under way."""
    running = []

    def kill(request, forward):
        if when == "after":
            forward()
        running[0].kill()
        running[0].wait(10)
        return None

    network.front.clear()
    network.front.fault("hook", hook=kill, skip=number)
    running.append(child(root, network, "never"))
    assert running[0].wait(60) == -signal.SIGKILL
    network.front.clear()
