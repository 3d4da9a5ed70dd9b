"""Colleagues, friends, recruiters and outcomes in any order: what must always hold."""

import shutil
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rolecast import crediting, friends, inviting, naming, passing, referrals
from rolecast.credit import load
from rolecast.ledger import referrals as store
from rolecast.ledger.referral_states import ENDED, ERASED, OWED, TRANSITIONS, WITH_US, State
from rolecast.outcomes import Outcome, Stage
from tests.colleagues import HOUSE, make, person
from tests.house import open_project, publish, spec
from tests.people.naming import FORM, at, deliver, job, rows, secret_in

COLLEAGUES, FRIENDS = st.sampled_from(["kim", "lee", "mia"]), st.sampled_from("abc")
JOBS, ANY = st.sampled_from(["pilot", "hand"]), st.integers(0, 99)


def _ahead() -> dict[State, set[State]]:
    """State → whatever can follow it in the end."""
    found = {state: set(after) for state, after in TRANSITIONS.items()}
    for _ in State:
        for after in found.values():
            after |= set().union(*(found[one] for one in after)) if after else set()
    return found


AHEAD = _ahead()


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A house that every run begins with."""
    root = make(tmp_path_factory.mktemp("house"), HOUSE, pilot=spec(), hand=spec(title="Hand"))
    publish(root)
    project = open_project(root)
    for who in ("kim", "lee", "mia"):
        person(project, who)
    with project.ledger.begin() as conn:
        conn.exec_driver_sql("select 1")
    project.ledger.close()
    return root


class Referrals(RuleBasedStateMachine):
    """Everybody does something."""

    template: Path

    @initialize()
    def begin(self):
        self.root = Path(tempfile.mkdtemp())
        shutil.copytree(self.template, self.root, dirs_exist_ok=True)
        self.project = open_project(self.root)
        self.ledger, self.settings = self.project.ledger, self.project.settings
        self.now, self.sent, self.secrets = at(23), Counter(), {}
        self.unwanted, self.before, self.count = set(), {}, 0
        self.jobs = {name: job(self.project, name) for name in ("pilot", "hand")}
        self.people = {who: person(self.project, who) for who in ("kim", "lee", "mia")}

    def teardown(self):
        if hasattr(self, "project"):
            self.ledger.close()
            shutil.rmtree(self.root)

    @rule(who=COLLEAGUES, friend=FRIENDS, job_id=JOBS)
    def name(self, who, friend, job_id):
        typed = naming.read(FORM | {"contact": f"{friend}@reef.example", "friend": friend})
        try:
            inviting.name(self.ledger, self.settings, self.people[who], self.jobs[job_id], typed,
                        self.now)  # fmt: skip
        except referrals.NotPossible:
            return

    @rule()
    def postman(self):
        for mail in deliver(self.project, self.now).mails:
            friend = mail["To"][0]
            assert friend not in self.unwanted
            text = mail.get_content()
            job_id = "hand" if "  Hand" in text else "pilot"
            self.sent[job_id, friend] += 1
            self.secrets[job_id, friend] = secret_in(text)

    @rule(friend=FRIENDS, job_id=JOBS, what=st.sampled_from(["agree", "decline", "withdraw"]),
          silence=st.sampled_from(["", "", "yes"]))  # fmt: skip
    def answer(self, friend, job_id, what, silence):
        secret = self.secrets.get((job_id, friend))
        if secret is None:
            return
        form = {"silence": silence, "friend": friend.upper(), "contact": "by phone"}
        try:
            if what == "agree":
                friends.agree(self.ledger, self.settings, secret, form, self.now)
            else:
                getattr(friends, what)(self.ledger, secret, form, self.now)
        except friends.Gone:
            return
        if silence:
            self.unwanted.add(friend)
        mine = [r for r in rows(self.project) if r.job_id == job_id and r.friend == friend]
        assert what == "agree" or not [r for r in mine if r.state == "asked"]

    @rule(number=ANY)
    def take_back(self, number):
        found = rows(self.project)
        if not found:
            return
        one = found[number % len(found)]
        who = next(p for p in self.people.values() if p.id == one.person_id)
        try:
            inviting.take_back(self.ledger, self.settings, who, one.id, self.now)
        except referrals.NotPossible:
            assert one.state != "asked"

    @rule(number=ANY, state=st.sampled_from(list(State)))
    def recruiter(self, number, state):
        found = rows(self.project)
        if not found:
            return
        one = found[number % len(found)]
        desk = passing.Desk(self.ledger, self.settings, load("v1"), "rita")
        try:
            if state is State.rejected:
                desk.reject(one.id, "Thank you", self.now)
            else:
                desk.set(one.id, state, self.now)
        except referrals.Missing:
            assert one.state == "asked" or one.friend is None
        except referrals.NotPossible:
            return

    @rule(number=ANY, stage=st.sampled_from(list(Stage)), hours=st.integers(-48, 48))
    def outcome(self, number, stage, hours):
        codes = [row.link for row in rows(self.project) if row.link]
        if not codes:
            return
        self.count += 1
        code = codes[number % len(codes)]
        told = Outcome(application=f"A-{code}", stage=stage, ref=code,
                       at=self.now + timedelta(hours=hours))  # fmt: skip
        crediting.take(self.ledger, "ats", str(self.count), [told], load("v1"), self.now)

    @rule(days=st.integers(0, 12))
    def time_passes(self, days):
        self.now += timedelta(days=days, minutes=1)
        referrals.tidy(self.ledger, self.now)

    @invariant()
    def what_must_hold(self):
        assert all(count == 1 for count in self.sent.values()), "a friend has got two mails"
        known = rows(self.project) if hasattr(self, "project") else []
        for row in known:
            state = State(row.state)
            last = self.before.get(row.id, State.asked)
            assert state is last or state in AHEAD[last], f"{last} became {state}"
            self.before[row.id] = state
            about = (row.friend, row.contact, row.how, row.note, row.word, row.mark, row.secret)
            if state in ERASED:
                assert set(about) == {None}
            if state is State.asked:
                assert row.link is None and row.word is None and row.application is None
                assert row.ends > self.now - timedelta(days=13)
            assert (row.promise is not None) == (state is State.asked or state in OWED)
            if state in OWED:
                assert row.promise.weekday() < 5
            if state in WITH_US:
                assert row.link and row.friend
        if known:
            with self.ledger.read() as conn:
                shown, _ = store.at_the_desk(conn, (*WITH_US, *ENDED), 0, 999)
            assert not {one.state for one in shown} & {State.asked, *ERASED}


def test_whatever_happens(template):
    Referrals.template = template
    machine = Referrals.TestCase
    machine.settings = settings(
        max_examples=60, stateful_step_count=25, deadline=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    machine().runTest()
