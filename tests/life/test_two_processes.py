"""Two processes publish the same folder at the same moment: one post for each job."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from rolecast import credit, crediting
from rolecast.ledger import outcomes, publications
from rolecast.outcomes import Outcome, Stage
from tests.house import drop, make, open_project, spec
from tests.networks import of

pytestmark = [pytest.mark.servers, pytest.mark.timeout(120)]
JOBS = 12


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request):
    """The environment that names a ledger of that kind."""
    if request.param == "sqlite":
        return {}
    return {"ROLECAST_LEDGER": request.getfixturevalue("postgres").new_database()}


@pytest.mark.parametrize("name", ["bluesky", "wordpress"])
def test_two_processes_at_once_make_one_post_each(name, ledger, tmp_path, request):
    network = of(name, request.getfixturevalue)
    root, env = network.make(tmp_path), {**os.environ, **network.env, **ledger}
    for number in range(JOBS - 1):
        drop(root, f"job-{number}", spec(title=f"Job {number}"))
    open_project(root, env).ledger.close()  # the tables are there
    command = [sys.executable, "-m", "tests.conformance.crash", str(root), "never"]
    for _ in range(2):  # the second time there is nothing left to do
        both = [subprocess.Popen(command, env=env) for _ in range(2)]
        assert [one.wait(60) for one in both] == [0, 0]
    assert len(network.posts()) == JOBS
    project = open_project(root, env)
    with project.ledger.read() as conn:
        found = publications.everything(conn)
    planned = project.plan(wait=0).plan
    project.ledger.close()
    assert {one.state for one in found} == {"live"}
    assert len(found) == JOBS
    assert planned.changes == ()


def test_many_plan_at_the_same_moment(postgres, tmp_path):
    """Whoever comes second finds the links that the first has made (on PostgreSQL two can look
    at the same time and see none)."""
    env = {"ROLECAST_LEDGER": postgres.new_database()}
    root = make(tmp_path)
    for number in range(JOBS):
        drop(root, f"job-{number}", spec(title=f"Job {number}"))
    projects = [open_project(root, env) for _ in range(4)]
    together = threading.Barrier(len(projects))

    def one(project):
        together.wait(10)
        return {change.slot for change in project.plan(wait=0).plan.changes}

    with ThreadPoolExecutor(len(projects)) as pool:
        found = list(pool.map(one, projects))
    with projects[0].ledger.read() as conn:
        slots = [one.slot for one in publications.everything(conn)]
    for project in projects:
        project.ledger.close()
    assert len(slots) == len(set(slots)) and found == [set(slots)] * len(projects)


def test_news_at_the_same_moment_leave_the_last_decision_right(postgres, tmp_path):
    project = open_project(make(tmp_path), {"ROLECAST_LEDGER": postgres.new_database()})
    now = datetime(2026, 11, 2, tzinfo=UTC)
    rules = credit.load("v1")
    stages = (Stage.applied, Stage.interviewed, Stage.offered, Stage.hired)
    for number in range(10):
        together = threading.Barrier(len(stages))

        def tell(stage, name=f"A-{number}", together=together):
            together.wait(10)
            news = [Outcome(application=name, stage=stage, at=now)]
            crediting.take(project.ledger, "greenhouse", f"{name} {stage}", news, rules, now)

        with ThreadPoolExecutor(len(stages)) as pool:
            list(pool.map(tell, stages))
    with project.ledger.read() as conn:
        logs = [outcomes.credit_of(conn, *one) for one in outcomes.applications(conn)]
    project.ledger.close()
    assert [log[-1].stage for log in logs] == ["hired"] * 10
