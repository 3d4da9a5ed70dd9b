"""Two processes publish the same folder at the same moment: one post for each job."""

import os
import subprocess
import sys

import pytest

from rolecast.ledger import publications
from tests.house import drop, open_project, spec
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
