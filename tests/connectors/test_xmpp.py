"""A room on a real Prosody: a stream that breaks, and runs that die, around the sending."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest

from rolecast import publish as engine
from tests.house import drop, http, make, open_project, publish, spec, states
from tests.networks.xmpp import new_room, settings
from tests.servers.stream import StreamProxy

ENV = {"ROLECAST_NET_PASSWORD": "publisher-password"}


@pytest.fixture
def room():
    return new_room()


@pytest.fixture
def proxy(prosody):
    with StreamProxy("127.0.0.1", prosody.port, b'type="groupchat"') as made:
        yield made


def folder(tmp_path, port, room):
    channel = f'[channels.net]\nconnector = "xmpp"\n{settings(port, room)}\n'
    return make(tmp_path, channel, pilot=spec())


def settled(root, prosody, room):
    """After the next run there is one message, we know it, and there is nothing more to do."""
    project = open_project(root, ENV)

    def clock():
        return engine.now_utc() + timedelta(minutes=10)

    for _ in range(2):
        changes = project.plan(now=clock(), wait=0).plan.changes
        engine.carry_out(project.ledger, project.channels, changes, http, clock=clock)
    assert project.plan(now=clock(), wait=0).plan.changes == ()
    project.ledger.close()
    assert states(root) == {"pilot/net": "live"}
    assert len(prosody.says(room)) == 1


@pytest.mark.parametrize(("fault", "arrived"), [("cut", 1), ("drop", 0)])
def test_the_stream_breaks_while_sending(prosody, proxy, tmp_path, room, fault, arrived):
    root = folder(tmp_path, proxy.port, room)
    proxy.fault = fault
    (result,) = publish(root, ENV)
    assert result.state == "unknown"
    assert "broke off" in result.reason
    assert len(prosody.says(room)) == arrived
    settled(root, prosody, room)
    assert proxy.marks == 2 - arrived


def test_a_server_that_is_not_there_is_waited_for(tmp_path, room):
    root = folder(tmp_path, 1, room)
    (result,) = publish(root, ENV)
    assert (result.state, "cannot be reached" in result.reason) == ("waiting", True)


def test_a_wrong_password_holds_the_channel_and_says_so(prosody, tmp_path, room):
    root = folder(tmp_path, prosody.port, room)
    (result,) = publish(root, {"ROLECAST_NET_PASSWORD": "wrong"})
    assert (result.state, "does not let" in result.reason) == ("waiting", True)
    settled(root, prosody, room)


@pytest.mark.parametrize("step", ["claimed", "before-send", "after-send", "before-finish"])
def test_killed_at_a_step_of_ours(prosody, tmp_path, room, step):
    root = folder(tmp_path, prosody.port, room)
    command = [sys.executable, "-m", "tests.conformance.crash", str(root), step]
    assert subprocess.run(command, env=os.environ | ENV).returncode == -signal.SIGKILL
    settled(root, prosody, room)


def test_killed_while_the_message_is_on_its_way(prosody, proxy, tmp_path, room):
    root = folder(tmp_path, proxy.port, room)
    running = []
    proxy.fault = lambda: (running[0].kill(), running[0].wait(10))
    command = [sys.executable, "-m", "tests.conformance.crash", str(root), "never"]
    running.append(subprocess.Popen(command, env=os.environ | ENV))
    assert running[0].wait(60) == -signal.SIGKILL
    settled(root, prosody, room)
    assert proxy.marks == 1


def test_a_message_that_is_corrected_twice(prosody, tmp_path, room):
    root = folder(tmp_path, prosody.port, room)
    for text in ("By night.", "By day.", "At any time."):
        drop(root, "pilot", spec(summary=text))
        publish(root, ENV)
    (says,) = prosody.says(room)
    assert "At any time." in says
