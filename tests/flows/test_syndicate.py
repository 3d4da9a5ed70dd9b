"""The flow on a real Prefect server: states, artifacts, and what a killed run leaves."""

import itertools
import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from rolecast import history
from tests.colleagues import free_port
from tests.house import BOARD, drop, make, open_project, spec, states
from tests.processes import until, wait_for

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]

FLOW = "import sys; from flows.syndicate import syndicate; syndicate(sys.argv[1])"


def run_flow(prefect, root) -> None:
    command = [sys.executable, "-c", FLOW, str(root)]
    subprocess.run(command, env=prefect, check=True, timeout=90, capture_output=True)


def ask(prefect, path: str, body: dict) -> Any:
    """What the server answers; 503 is "the database is busy", as Prefect's own client reads it."""
    patient = Retry(8, backoff_factor=0.2, status_forcelist=[503], allowed_methods=None)
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=patient))
        answer = session.post(f"{prefect['PREFECT_API_URL']}/{path}", json=body, timeout=30)
    answer.raise_for_status()
    return answer.json()


def runs(prefect, **filters) -> list[dict]:
    found = ask(prefect, "flow_runs/filter", {"sort": "START_TIME_DESC", **filters})
    return [run for run in found if run["state_type"] != "SCHEDULED"]


def artifacts(prefect, run_id: str) -> dict[str, object]:
    body = {"artifacts": {"flow_run_id": {"any_": [run_id]}}}
    return {one["key"]: one["data"] for one in ask(prefect, "artifacts/filter", body)}


def test_a_run_publishes_and_leaves_artifacts(prefect, tmp_path):
    broken = "title: Deck Hand: Night <script>\n"
    root = make(tmp_path, BOARD, pilot=spec(), deck_hand=broken)
    run_flow(prefect, root)
    run = runs(prefect)[0]
    assert (run["state_type"], run["state_name"]) == ("COMPLETED", "Needs attention")
    assert "1 done, 0 not" in run["state"]["message"]
    found = artifacts(prefect, run["id"])
    assert "**1** done" in found["syndicate-summary"]
    assert "deck-hand.yaml` line 1" in found["syndicate-summary"]
    (row,) = json.loads(found["syndicate-publications"])
    link = "[pilot](http://127.0.0.1:8080/desk/jobs/pilot)"
    assert (row["job"], row["now"]) == (link, "live")
    assert "write instead" in found["syndicate-problems"]
    assert states(root) == {"pilot/board": "live"}
    project = open_project(root)
    sent = [one for one in history.of_job(project.ledger, "pilot") if one.what == "publish"]
    project.ledger.close()
    assert [one.run for one in sent] == [run["id"]]


def test_a_second_run_changes_nothing(prefect, tmp_path):
    root = make(tmp_path, BOARD, pilot=spec())
    run_flow(prefect, root)
    run_flow(prefect, root)
    assert "0 done, 0 not, 0 held back" in runs(prefect)[0]["state"]["message"]


def test_many_posts_are_a_task_for_each_chunk(prefect, tmp_path):
    root = make(tmp_path, BOARD)
    for number in range(230):
        drop(root, f"job-{number}", spec(title=f"Job {number}"))
    run_flow(prefect, root)
    run = runs(prefect)[0]
    tasks = ask(
        prefect, "task_runs/filter", {"flow_runs": {"id": {"any_": [run["id"]]}}, "limit": 50}
    )
    names = sorted(task["name"] for task in tasks if task["name"].startswith("board"))
    assert names == ["board: posts 1 to 100", "board: posts 101 to 200", "board: posts 201 to 230"]
    assert run["name"] == "Publish what changed: a look by the clock"
    assert artifacts(prefect, run["id"])["syndicate-progress"] == 100
    assert set(states(root).values()) == {"live"}


def test_no_secret_reaches_prefect(prefect, tmp_path):
    secret = "hunter2-very-secret"
    toml = '[channels.sky]\nconnector = "bluesky"\nhandle = "a.example"\n'
    port = free_port()  # nobody listens there
    root = make(tmp_path, BOARD + toml + f'service = "http://127.0.0.1:{port}"\n', pilot=spec())
    run_flow({**prefect, "ROLECAST_SKY_PASSWORD": secret}, root)
    run = runs(prefect)[0]
    logs = ask(prefect, "logs/filter", {"limit": 200})
    everything = json.dumps([runs(prefect), artifacts(prefect, run["id"]), logs])
    assert "cannot be reached" in everything
    assert secret not in everything


def test_a_secret_may_be_kept_in_a_block(prefect, tmp_path):
    code = (
        "from prefect.blocks.system import Secret; "
        "Secret(value='block-secret').save('sky-password')"
    )
    subprocess.run([sys.executable, "-c", code], env=prefect, check=True, timeout=60)
    toml = '[channels.sky]\nconnector = "bluesky"\nhandle = "a.example"\n'
    root = make(tmp_path, toml + 'password = "block:sky-password"\n', pilot=spec())
    code = (
        "import sys; from flows.syndicate import project\n"
        "with project(sys.argv[1]) as it:\n"
        "    sky = it.channels['sky'].connector\n"
        "    print(sky.password.get_secret_value(), sky)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(root)], env=prefect, text=True, capture_output=True,
        timeout=60, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("block-secret ")
    assert "block-secret" not in done.stdout.removeprefix("block-secret ")


def test_workers_take_turns_at_one_account(prefect, tmp_path, proxy):
    """Two runs with ledgers of their own post to one account: one after the other."""
    from tests.networks.telegram import Server

    server = Server()
    front = proxy(server.url)
    toml = f'[channels.net]\nconnector = "telegram"\nchat = "@a"\napi = "{front.url}"\n'
    roots = [make(tmp_path / name, toml) for name in ("one", "two")]
    for root in roots:
        for number in range(3):
            drop(root, f"job-{number}", spec(title=f"{root.name} {number}"))
    front.fault("slow", "POST", "sendMessage", times=None, seconds=0.3)
    env = {**prefect, "ROLECAST_NET_TOKEN": "token"}
    running = [subprocess.Popen([sys.executable, "-c", FLOW, str(root)], env=env) for root in roots]
    assert [one.wait(120) for one in running] == [0, 0]
    whose = ["one" if "one" in text else "two" for text in server.messages.values()]
    server.stop()
    assert sorted(whose) == ["one"] * 3 + ["two"] * 3
    assert sum(a != b for a, b in itertools.pairwise(whose)) == 1
    limits = ask(prefect, "v2/concurrency_limits/filter", {})
    assert ("rolecast-net", 1) in [(one["name"], one["limit"]) for one in limits]


@pytest.fixture
def tree(tmp_path):
    """`rolecast up` on ports of its own."""
    root = make(tmp_path, BOARD, pilot=spec())
    port, prefect_port = free_port(), free_port()
    command = [sys.executable, "-m", "rolecast", "--root", str(root), "up"]
    command += ["--port", str(port), "--prefect-port", str(prefect_port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    yield root, port, process
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    process.stdout.close()


def test_rolecast_up_publishes_what_is_dropped_and_stops_cleanly(tree):
    root, port, process = tree
    wait_for(f"http://127.0.0.1:{port}/healthz", process)
    until(lambda: states(root).get("pilot/board") == "live", 60)
    drop(root, "deck-hand", spec(title="Deck Hand"))
    until(lambda: states(root).get("deck-hand/board") == "live", 30)
    drop(root, "deck-hand", spec(title="Deck Hand", status="filled"))
    until(lambda: states(root)["deck-hand/board"] == "withdrawn", 30)
    (root / "jobspecs/pilot.yaml").unlink()
    until(lambda: states(root)["pilot/board"] == "withdrawn", 30)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert "Stopped." in process.stdout.read()
    assert leftovers(root) == []


def test_no_part_outlives_a_killed_rolecast_up(tree):
    root, port, process = tree
    wait_for(f"http://127.0.0.1:{port}/healthz", process)
    process.kill()
    until(lambda: leftovers(root) == [], 20)


def leftovers(root) -> list[str]:
    """Processes that still work on this folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                mine = str(root / ".rolecast").encode() in file.read()
        except OSError:
            continue
        if mine:
            found.append(pid)
    return found
