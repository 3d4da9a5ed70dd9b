"""The same on a real PDS and a real WordPress, in a smaller run: the network is the judge."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rolecast import publish as engine
from tests.house import drop, http, make, open_project, spec
from tests.life.test_model import STEPS, Crash
from tests.networks import Network, of

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]
FAULTS = {
    "reset_after": {},
    "refuse": {},
    "truncate": {},
    "status_before": {"status": 503},
    "status_after": {"status": 502},
}


class OnTheNetwork(RuleBasedStateMachine):
    """What HR, a network and crashes do to two jobs."""

    new_network: staticmethod  # () → a Network with an account of its own

    @initialize()
    def begin(self) -> None:
        self.network: Network = self.new_network()
        self.folder = Path(tempfile.mkdtemp(prefix="rc-life-"))
        make(self.folder, self.network.toml)
        self.project = open_project(self.folder, self.network.env)
        self.later, self.number, self.jobs = timedelta(), 0, {}

    def teardown(self) -> None:
        if hasattr(self, "project"):
            self.settle()
            self.project.ledger.close()
            shutil.rmtree(self.folder)

    @rule(job=st.sampled_from(("ada", "bob")), status=st.sampled_from(("open", "open", "filled")))
    def write(self, job, status):
        self.number += 1
        self.jobs[job] = f"Version {self.number} of it." if status == "open" else None
        drop(
            self.folder,
            job,
            spec(title=f"Job of {job}", summary=f"Version {self.number} of it.", status=status),
        )

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def remove(self, data):
        job = data.draw(st.sampled_from(sorted(self.jobs)))
        del self.jobs[job]
        (self.folder / f"jobspecs/{job}.yaml").unlink()

    @rule(kind=st.sampled_from(("", *FAULTS)), skip=st.integers(0, 3))
    def run(self, kind, skip):
        if kind:
            self.network.front.fault(kind, skip=skip, **FAULTS[kind])
        self.carry_out()
        self.network.front.clear()

    @rule(step=st.sampled_from(STEPS), after=st.integers(0, 2))
    def crash(self, step, after):
        left = [after]

        def deadly(name):
            left[0] -= name == step
            if left[0] < 0:
                raise Crash

        with contextlib.suppress(Crash):
            self.carry_out(deadly)

    def carry_out(self, step=lambda name: None):
        self.later += timedelta(minutes=2)

        def clock():
            return engine.now_utc() + self.later

        plan = self.project.plan(now=clock(), wait=0, allow_removals=True).plan
        changes = plan.changes
        engine.carry_out(
            self.project.ledger, self.project.channels, changes, http, clock=clock, step=step
        )
        return plan

    def settle(self):
        for _ in range(12):
            self.later += timedelta(hours=1)
            plan = self.carry_out()
            if not plan.changes and not plan.blocked:
                break
        else:
            raise AssertionError(f"it does not settle: {plan}")
        there = self.network.posts()
        expected = [text for text in self.jobs.values() if text]
        assert len(there) == len(expected), there
        assert all(any(text in one for one in there) for text in expected), there


@pytest.mark.parametrize("name", ["bluesky", "wordpress"])
def test_random_lives_on_the_real_network(name, request):
    run_state_machine_as_test(
        type(
            name,
            (OnTheNetwork,),
            {"new_network": staticmethod(lambda: of(name, request.getfixturevalue))},
        ),
        settings=settings(
            max_examples=8,
            stateful_step_count=12,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate),
            report_multiple_bugs=False,
        ),
    )
