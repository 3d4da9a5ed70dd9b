"""Random lives on a network in memory, held against a model after every step.

At any time: no slot has two posts, nothing was published after its job had closed, and what the
ledger calls live, gone or not sent is so. In the end, when the faults have stopped and people have
decided what was asked of them: exactly the open jobs are out, each once, with its latest text.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rolecast import bulk, desk, history
from rolecast.ledger import publications
from rolecast.ledger.states import State
from rolecast.publish import carry_out
from rolecast.verify import verify
from tests.fakes import Town
from tests.house import drop, make, spec

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
JOBS = ("ada", "bob", "cyd")
CHANNELS = """
[channels.find]
connector = "fake"
policy = { workers = 1 }
[channels.key]
connector = "keyed"
policy = { workers = 1 }
[channels.fixed]
connector = "fixed"
policy = { cannot_edit = "repost" }
[channels.paced]
connector = "fake"
pace = { spacing = 30, per_day = 40 }
[channels.blind]
connector = "blind"
"""
NAMES = ("find", "key", "fixed", "paced", "blind")
FAULTS = ("lost", "before", "unavailable", "unauthorised", "refused")
STEPS = ("before-claim", "claimed", "before-send", "after-send", "before-finish", "finished")
# Where nothing of a post may be at the network, and where it has to be.
ABSENT = {State.planned, State.waiting, State.refused, State.withdrawn, State.gone}
statistics: Counter[str] = Counter()


class Crash(BaseException):
    """The process dies here."""


class Adverts(RuleBasedStateMachine):
    """What HR, the network, time and bad luck do, in any order."""

    template: Path  # a ledger with its tables

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rc-life-"))
        make(self.folder, CHANNELS)
        (self.folder / ".rolecast").mkdir()
        shutil.copy(self.template, self.folder / ".rolecast/ledger.db")
        self.town, self.now = Town(), START
        self.jobs: dict[str, dict[str, str]] = {}  # what the folder says
        self.number = 0
        self.project = self.town.project(self.folder)
        statistics["examples"] += 1

    def teardown(self) -> None:
        if not hasattr(self, "project"):
            return
        self.settle()
        self.project.ledger.close()
        shutil.rmtree(self.folder)

    # what HR does

    @rule(job=st.sampled_from(JOBS), status=st.sampled_from(("open", "open", "filled", "draft")))
    def write(self, job, status):
        self.number += 1
        fields = {"summary": f"Version {self.number} of it.", "status": status}
        if self.number % 4 == 0:
            fields["closes"] = f"{self.now + timedelta(days=1):%Y-%m-%d}"
        self.jobs[job] = fields
        drop(self.folder, job, spec(title=f"Job of {job}", **fields))

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def remove(self, data):
        job = data.draw(st.sampled_from(sorted(self.jobs)))
        del self.jobs[job]
        (self.folder / f"jobspecs/{job}.yaml").unlink()

    @rule(minutes=st.sampled_from((0, 1, 31, 600, 1500, -90)))
    def time_passes(self, minutes):
        self.now += timedelta(minutes=minutes)

    # what runs do

    @rule(faults=st.lists(st.sampled_from(("", *FAULTS)), max_size=4))
    def run(self, faults):
        self.town.faults = list(faults)
        for fault in filter(None, faults):
            event(f"fault: {fault}")
            statistics[f"fault {fault}"] += 1
        self.carry_out(self.plan())
        self.town.faults = []

    @rule(step=st.sampled_from(STEPS), after=st.integers(0, 3), fault=st.sampled_from(("", "lost")))
    def crash(self, step, after, fault):
        left = [after]

        def deadly(name):
            if name == step:
                left[0] -= 1
                if left[0] < 0:
                    raise Crash

        self.town.faults = [fault]
        try:
            self.carry_out(self.plan(), deadly)
        except Crash:
            statistics[f"crash {step}"] += 1
        self.town.faults = []

    @rule(hours=st.sampled_from((0, 30)))
    def a_stale_plan(self, hours):
        """Two workers plan the same; the second carries out what has been done already."""
        first, second = self.plan(), self.plan()
        self.carry_out(first)
        self.now += timedelta(hours=hours)
        self.carry_out(second)
        statistics["two workers"] += 1

    # what other people do

    @precondition(lambda self: self.town.posts)
    @rule(data=st.data(), how=st.sampled_from(("delete", "change")))
    def somebody_meddles(self, data, how):
        number = data.draw(st.sampled_from(sorted(self.town.posts)))
        if how == "delete":
            del self.town.posts[number]
        else:
            self.town.posts[number].text = "Win a prize"
        verify(self.project.ledger, self.project.channels, lambda c: None, clock=lambda: self.now)
        statistics[f"meddled {how}"] += 1

    @rule()
    def a_person_decides(self):
        """What the desk asks, answered truthfully."""
        with self.project.ledger.read() as conn:
            found = publications.everything(conn)
        for one in found:
            self.decide(one)

    @rule(data=st.data(), run=st.booleans())
    def a_person_takes_some_down(self, data, run):
        """Some are to be taken down, or left out; a run may come; it is undone, or they are put
        up again: in the end the world is as the folder says."""
        cells = [(job, name) for job in sorted(self.jobs) for name in NAMES]
        if not cells:
            return
        chosen = data.draw(st.lists(st.sampled_from(cells), min_size=1, max_size=4, unique=True))
        ledger = self.project.ledger
        try:
            made = bulk.decide(ledger, "withdraw", chosen, "kim", self.now)
        except bulk.Undecided:
            return
        statistics["taken down"] += 1
        if run:
            self.carry_out(self.plan())
        if data.draw(st.booleans()):
            back, _ = bulk.undo(ledger, made.id, "kim", self.now)
            statistics["undone"] += back

    def decide(self, one):
        if one.unwanted and one.state in (State.withdrawn, State.dropped):
            desk.retry(self.project.ledger, one.slot, "kim", self.now)
            return
        if one.state is State.sending:
            return
        ledger, now = self.project.ledger, self.now
        here = [n for n, post in self.town.posts.items() if post.key == one.key]
        if one.state is State.held and one.pending == "publish":
            if here:
                desk.it_is_there(ledger, one.slot, f"https://fake.example/{here[0]}", "kim", now)
                self.by_number(one, here[0])
            else:
                desk.not_there(ledger, one.slot, "kim", now)
        elif one.state is State.held and one.pending == "withdraw":
            self.town.posts = {n: p for n, p in self.town.posts.items() if n not in here}
            desk.it_is_gone(ledger, one.slot, "kim", now)
        elif one.state in (State.refused, State.held):
            desk.retry(ledger, one.slot, "kim", now)
        elif one.state is State.gone or one.drift is not None:
            desk.put_back(ledger, one.slot, "kim", now)

    def by_number(self, one, number):
        """An address is all that a person knows; this network is asked by number."""
        self.town.posts[f"https://fake.example/{number}"] = self.town.posts.pop(number)

    # what must hold

    @invariant()
    def no_slot_has_two_posts(self):
        if not hasattr(self, "town"):
            return
        found = Counter((p.job_id, p.channel, p.moment) for p in self.town.posts.values())
        assert not [slot for slot, count in found.items() if count > 1], self.town.posts

    @invariant()
    def the_ledger_tells_the_truth(self):
        if not hasattr(self, "project"):
            return
        with self.project.ledger.read() as conn:
            found = publications.everything(conn)
        there = {(p.job_id, p.channel, p.moment): n for n, p in self.town.posts.items()}
        for one in found:
            if one.state in ABSENT or (one.unwanted and one.state is State.dropped):
                assert one.slot not in there, one
            elif one.state is State.live and one.drift is None and one.pending is None:
                assert there.get(one.slot) == one.received().id, one

    # how

    def plan(self):
        statistics["plans"] += 1
        return self.project.plan(now=self.now, wait=0, allow_removals=True).plan

    def carry_out(self, plan, step=lambda name: None):
        before = len(self.town.published)
        try:
            carry_out(
                self.project.ledger,
                self.project.channels,
                plan.changes,
                lambda channel: None,
                clock=lambda: self.now,
                step=step,
            )
        finally:
            for job in self.town.published[before:]:
                assert job in self.jobs and not self.over(self.jobs[job]), f"{job} is closed"

    def over(self, fields):
        closes = fields.get("closes")
        return fields["status"] != "open" or (
            closes is not None and self.now.date().isoformat() > closes
        )

    def settle(self):
        """The faults stop, people decide, time passes: the world is as the folder says."""
        for _ in range(40):
            verify(
                self.project.ledger, self.project.channels, lambda c: None, clock=lambda: self.now
            )
            self.a_person_decides()
            self.now += timedelta(minutes=45)
            plan = self.plan()
            self.carry_out(plan)
            if not plan.changes and not plan.scheduled and not plan.blocked:
                break
        else:
            raise AssertionError(f"it does not settle: {plan}")
        self.the_ledger_tells_the_truth()
        expected = sorted(
            (job, channel, fields["summary"])
            for job, fields in self.jobs.items()
            if not self.over(fields)
            for channel in NAMES
        )
        there = sorted(
            (p.job_id, p.channel, p.text.split("\n")[0]) for p in self.town.posts.values()
        )
        assert there == expected, self.story(set(there) ^ set(expected))

    def story(self, odd):
        """How it came to that, for whoever reads a failure."""
        lines = []
        for job in sorted({one[0] for one in odd}):
            for one in history.of_job(self.project.ledger, job):
                lines.append(f"{one.at:%d %H:%M} {one.where} {one.what} {one.outcome} {one.detail}")
        return "\n".join(["", *map(str, sorted(odd)), *lines])


@pytest.fixture(scope="module", autouse=True)
def template(tmp_path_factory):
    root = make(tmp_path_factory.mktemp("template"), CHANNELS)
    Town().project(root).ledger.close()
    Adverts.template = root / ".rolecast/ledger.db"


@pytest.mark.parametrize(
    ("examples", "steps"),
    [(25, 25), pytest.param(250, 40, marks=pytest.mark.servers)],
    ids=["quick", "full"],
)
def test_random_lives(examples, steps, capsys):
    statistics.clear()
    run_state_machine_as_test(
        Adverts,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate),  # shrinking takes minutes: when needed
            report_multiple_bugs=False,
            print_blob=True,
        ),
    )
    with capsys.disabled():
        found = ", ".join(f"{name}: {count}" for name, count in sorted(statistics.items()))
        print(f"\n  {found}")
