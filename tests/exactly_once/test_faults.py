"""Lost answers, slow and dead servers: nothing lost, nothing doubled, and the status says so."""

from datetime import timedelta

import pytest

from rolecast import publish as engine
from rolecast.ledger import publications
from tests.house import drop, http, open_project, publish, spec, states

SLOT = ("pilot", "net", "announce")


def reason(root) -> str:
    project = open_project(root)
    with project.ledger.read() as conn:
        found = publications.get(conn, SLOT)
    project.ledger.close()
    return found.reason or ""


def run_later(root, network, minutes=10):
    """The next run, when every waiting time is over."""
    project = open_project(root, network.env)

    def clock():
        return engine.now_utc() + timedelta(minutes=minutes)

    for _ in range(2):
        changes = project.plan(now=clock(), wait=0).plan.changes
        engine.carry_out(project.ledger, project.channels, changes, http, clock=clock)
    project.ledger.close()


def settled(root, network):
    run_later(root, network)
    assert len(network.posts()) == 1
    assert states(root) == {"pilot/net": "live"}
    requests = len(network.front.requests)
    run_later(root, network)
    assert len(network.front.requests) == requests  # nothing more to do, nothing more is asked


LOST = [  # kind, options, what the ledger says until we have looked
    ("reset_after", {}, "unknown"),
    ("status_after", {"status": 500}, "unknown"),
    ("status_after", {"status": 502}, "unknown"),
    ("truncate", {}, "unknown"),
    ("status_before", {"status": 500}, "unknown"),
    ("status_before", {"status": 429, "headers": {"Retry-After": "7"}}, "waiting"),
    ("status_before", {"status": 503, "headers": {"Retry-After": "7"}}, "waiting"),
    ("status_before", {"status": 401}, "waiting"),
    ("status_before", {"status": 400}, "refused"),
]


@pytest.mark.parametrize(("kind", "options", "state"), LOST)
def test_a_fault_while_sending(network, tmp_path, kind, options, state):
    root = network.make(tmp_path)
    network.front.fault(kind, *network.publishing, **options)
    publish(root, network.env)
    assert states(root) == {"pilot/net": state}
    assert reason(root)
    if state == "refused":  # certainly not there, and not tried again with the same text
        assert publish(root, network.env) == []
        assert network.posts() == []
        drop(root, "pilot", spec(summary="Another text."))
    settled(root, network)


def test_an_answer_after_our_time_out(network, tmp_path):
    root = network.make(tmp_path)
    network.front.fault("hang_after", *network.publishing, seconds=3)
    publish(root, network.env, timeout=(2, 1))
    assert states(root) == {"pilot/net": "unknown"}
    assert "did not answer in 1 seconds" in reason(root)
    settled(root, network)


def test_a_request_that_arrives_after_we_gave_up(network, tmp_path):
    root = network.make(tmp_path)
    network.front.fault("slow", *network.publishing, seconds=2.5)
    publish(root, network.env, timeout=(2, 1))
    assert states(root) == {"pilot/net": "unknown"}
    settled(root, network)  # the late one lands while this runs


def test_a_server_that_is_down_is_waited_for(network, tmp_path):
    root = network.make(tmp_path)
    with network.front.down():
        publish(root, network.env)
        assert states(root) == {"pilot/net": "waiting"}
        assert "cannot be reached" in reason(root)
        assert publish(root, network.env) == []  # not before its time
    settled(root, network)


def test_a_dead_server_is_not_asked_for_every_post(network, tmp_path):
    root = network.make(tmp_path)
    for number in range(30):
        drop(root, f"job-{number}", spec(title=f"Job {number}"))
    network.front.fault("status_before", times=None, status=429, headers={"Retry-After": "60"})
    publish(root, network.env)
    assert set(states(root).values()) == {"waiting"}
    assert len(network.front.requests) <= 4 * 3  # one for each worker, reads tried again


@pytest.mark.parametrize("kind", ["reset_after", "status_before"])
def test_a_fault_while_editing(network, tmp_path, kind):
    root = network.make(tmp_path)
    publish(root, network.env)
    drop(root, "pilot", spec(summary="By day only."))
    network.front.fault(kind, *network.publishing, times=3)
    publish(root, network.env)
    assert states(root) == {"pilot/net": "live"}
    settled(root, network)
    assert "By day only." in network.posts()[0]


def test_the_life_of_a_post(network, tmp_path):
    root = network.make(tmp_path)
    publish(root, network.env)
    assert len(network.posts()) == 1
    drop(root, "pilot", spec(summary="By day only."))
    publish(root, network.env)
    assert "By day only." in network.posts()[0]
    drop(root, "pilot", spec(status="filled"))
    publish(root, network.env)
    assert network.posts() == []
    assert states(root) == {"pilot/net": "withdrawn"}
    drop(root, "pilot", spec(title="Harbour Pilot, again"))
    publish(root, network.env)
    settled(root, network)


def test_two_runs_at_once_make_one_post(network, tmp_path):
    import threading

    root = network.make(tmp_path)
    for number in range(5):
        drop(root, f"job-{number}", spec(title=f"Job {number}"))
    open_project(root).ledger.close()  # the tables are there
    together = threading.Barrier(2)

    def run():
        together.wait()
        publish(root, network.env)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    publish(root, network.env)
    assert len(network.posts()) == 6
    assert set(states(root).values()) == {"live"}
