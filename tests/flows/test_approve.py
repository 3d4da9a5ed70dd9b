"""Approval in Prefect: a run that waits for a form, on a real server, answered through its API."""

import pytest

from rolecast import desk, history
from rolecast.ledger import approvals
from rolecast.publish import now_utc
from tests.flows.test_syndicate import ask
from tests.house import BOARD, drop, make, open_project, spec, states
from tests.processes import until

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]


@pytest.fixture
def served(serving, tmp_path):
    """A folder whose texts all wait for somebody, with the flows that serve it."""
    channel = BOARD + 'policy = { approval = "always" }\n'
    return serving(make(tmp_path, channel, pilot=spec(), deck_hand=spec(title="Deck Hand")))


def asking(prefect, state="PAUSED"):
    body = {
        "flows": {"name": {"any_": ["approve"]}},
        "flow_runs": {"state": {"type": {"any_": [state]}}},
        "sort": "START_TIME_DESC",
    }
    return ask(prefect, "flow_runs/filter", body)


def resume(prefect, run, **fields):
    return ask(prefect, f"flow_runs/{run['id']}/resume", {"run_input": fields})["status"]


def test_a_run_asks_with_a_form_and_what_was_agreed_to_goes_out(prefect, served):
    (run,) = until(lambda: asking(prefect))
    assert run["name"] == "Somebody has to agree to texts for deck-hand and 1 more"
    names = sorted(run["parameters"]["texts"])
    assert [name.split(" (")[0] for name in names] == [
        "publish deck-hand on board",
        "publish pilot on board",
    ]
    assert states(served) == {"pilot/board": "planned", "deck-hand/board": "planned"}
    # A form that makes no sense is sent back, and nothing happens.
    assert resume(prefect, run, approve=["something else"], who="kim") == "REJECT"
    assert resume(prefect, run, approve=[names[1]], refuse=[], who="") == "REJECT"
    answer = {"approve": [names[1]], "refuse": [names[0]], "who": "kim", "note": "not yet"}
    until(lambda: resume(prefect, run, **answer) == "ACCEPT")
    until(lambda: states(served)["pilot/board"] == "live")
    assert states(served)["deck-hand/board"] == "planned"
    project = open_project(served)
    said = [
        (one.who, one.what, one.detail)
        for name in ("pilot", "deck-hand")
        for one in history.of_job(project.ledger, name)
        if one.who == "kim"
    ]
    project.ledger.close()
    assert said == [("kim", "approved publish", "not yet"), ("kim", "refused publish", "not yet")]
    (finished,) = until(lambda: asking(prefect, "COMPLETED"))
    assert finished["state"]["message"] == "2 decided by kim"


def test_what_is_answered_on_the_desk_ends_its_run(prefect, served):
    (run,) = until(lambda: asking(prefect))
    project = open_project(served)
    with project.ledger.read() as conn:
        waiting = approvals.waiting(conn)
    for one in waiting:
        desk.decide(project.ledger, one, True, "kim", now_utc())
    project.ledger.close()
    drop(served, "third", spec(title="Third"))
    until(lambda: states(served).get("pilot/board") == "live")
    until(lambda: [one for one in asking(prefect, "CANCELLED") if one["id"] == run["id"]])
    (other,) = until(lambda: asking(prefect))
    assert other["name"] == "Somebody has to agree to texts for third"
    answer = {"approve": list(other["parameters"]["texts"]), "refuse": [], "who": "kim"}
    # Prefect shows a run as paused a moment before its form is stored, and rejects till then.
    until(lambda: resume(prefect, other, **answer) == "ACCEPT")
    until(lambda: states(served)["third/board"] == "live")
