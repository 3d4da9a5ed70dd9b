"""Automations on a real Prefect server: who is told when a run fails, or does not come."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.flows.test_syndicate import ask, runs
from tests.house import BOARD, make, spec
from tests.processes import until

pytestmark = [pytest.mark.servers, pytest.mark.timeout(180)]
SETTINGS = """
[mail]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "jobs@example.test"

[notify]
mail = ["rita@example.test"]
"""


@pytest.fixture
def served(serving, postfix, tmp_path):
    """A folder with the flows that serve it, and a mail server."""
    return serving(make(tmp_path, BOARD + SETTINGS.format(port=postfix.port), pilot=spec()))


def automations(prefect) -> dict[str, dict]:
    return {one["name"]: one for one in ask(prefect, "automations/filter", {})}


def deployments(prefect) -> dict[str, str]:
    flows = {one["id"]: one["name"] for one in ask(prefect, "flows/filter", {})}
    return {flows[one["flow_id"]]: one["id"] for one in ask(prefect, "deployments/filter", {})}


def test_a_run_that_fails_is_told_by_mail(prefect, served, postfix):
    until(lambda: "Rolecast: tell when syndicate fails" in automations(prefect))
    until(lambda: any("started" in one["name"] for one in runs(prefect)))
    shutil.rmtree(served / "jobspecs")
    ask(prefect, f"deployments/{deployments(prefect)['syndicate']}/create_flow_run", {})
    mail = until(lambda: postfix.mails("rita@example.test"))[0]
    assert mail["Subject"].startswith("Rolecast: syndicate: Publish what changed")
    text = mail.get_content()
    assert "Failed" in text or "Crashed" in text
    assert "/runs/flow-run/" in text
    assert "http://127.0.0.1:8080/desk" in text


SILENT = """
import asyncio, sys
from pathlib import Path
from prefect import flow
from flows import notify
from rolecast.settings import Notify

@flow(name="tell")
def tell(root: str, what: str, why: str, run: str = ""): ...

@flow(name="quiet")
def quiet(): ...

async def work():
    watched = {
        one.name: await (await one.ato_deployment(name="q")).aapply() for one in (quiet, tell)
    }
    ours = Notify(mail=("rita@example.test",), expects=("quiet",))
    soon = ours.model_copy(update={"silence": 0.2})  # 12 s
    first = await notify.install(Path(sys.argv[1]), soon, watched)
    assert first == await notify.install(Path(sys.argv[1]), soon, watched)
    print(watched["tell"])

asyncio.run(work())
"""


def test_a_run_that_does_not_come_starts_one_that_tells(prefect, tmp_path):
    (tmp_path / "silent.py").write_text(SILENT, "utf-8")
    command = [sys.executable, "silent.py", str(tmp_path)]
    env = {**prefect, "PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        command, cwd=tmp_path, env=env, check=True, timeout=60, stdout=subprocess.PIPE, text=True
    )
    names = [one["name"] for one in ask(prefect, "automations/filter", {})]
    assert len(names) == len(set(names))  # made twice, there once
    body = {"deployments": {"id": {"any_": [done.stdout.strip()]}}}
    told = until(lambda: ask(prefect, "flow_runs/filter", body))[0]["parameters"]
    assert told["what"].startswith("No run of “quiet” has begun for")
    assert "rolecast up" in told["why"]
