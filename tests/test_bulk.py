"""Decisions about many posts at once: what they do, what they leave, and how they are undone."""

from datetime import timedelta

import pytest

from rolecast import bulk, desk
from rolecast.ledger import approvals, attempts, decisions, publications
from rolecast.ledger.states import State
from tests.house import drop, spec

pytestmark = pytest.mark.both_ledgers
CELLS = [(f"job-{number}", "net") for number in range(3)]


@pytest.fixture
def three(life):
    """Three jobs on one network, nothing sent yet."""

    def begin(**more):
        made = life(**more)
        (made.root / "jobspecs/pilot.yaml").unlink()
        for number in range(3):
            drop(made.root, f"job-{number}", spec(title=f"Job {number}"))
        return made

    return begin


def states(life):
    with life.project.ledger.read() as conn:
        return [str(one.state) for one in publications.everything(conn)]


def decide(life, what, cells=CELLS):
    return bulk.decide(life.project.ledger, what, cells, "kim", life.now)


def undo(life, decision):
    return bulk.undo(life.project.ledger, decision.id, "kim", life.now)


def test_posts_are_taken_down_once_and_stay_down(three):
    life = three()
    life.run()
    decide(life, "withdraw", CELLS[:2])
    assert life.run() == ["withdraw job-0 announce", "withdraw job-1 announce"]
    assert len(life.town.posts) == 1
    assert life.run(days=20) == []
    drop(life.root, "job-0", spec(title="Job 0", summary="Another text for it."))
    assert life.run() == []
    assert states(life) == ["withdrawn", "withdrawn", "live"]


def test_what_was_taken_down_is_put_up_again_when_somebody_says_so(three):
    life = three()
    life.run()
    decide(life, "withdraw")
    life.run()
    assert not life.town.posts
    decide(life, "retry", CELLS[:1])
    assert life.run() == ["publish job-0 announce"]
    assert len(life.town.posts) == 1


def test_a_withdrawal_is_undone_before_the_run(three):
    life = three()
    life.run()
    made = decide(life, "withdraw")
    with life.project.ledger.read() as conn:
        assert decisions.left_to_undo(conn, made.id) == (3, 3)
    assert undo(life, made) == (3, 0)
    assert life.run() == []
    assert len(life.town.posts) == 3
    with pytest.raises(bulk.Undecided, match="undone already"):
        undo(life, made)


def test_undoing_leaves_what_a_run_has_carried_out(three):
    life = three()
    life.run()
    made = decide(life, "withdraw")
    planned = life.project.plan(now=life.now, wait=0).plan
    one = [change for change in planned.changes if change.job_id == "job-1"]
    life.project.publish(one, lambda channel: None)
    with life.project.ledger.read() as conn:
        assert decisions.left_to_undo(conn, made.id) == (2, 3)
    assert undo(life, made) == (2, 1)
    assert states(life) == ["live", "withdrawn", "live"]
    assert life.run() == []


def test_a_run_that_had_planned_it_lets_an_undone_withdrawal_be(three):
    life = three()
    life.run()
    made = decide(life, "withdraw")
    stale = life.project.plan(now=life.now, wait=0).plan.changes
    assert len(stale) == 3
    undo(life, made)
    life.project.publish(stale, lambda channel: None)
    assert len(life.town.posts) == 3


def test_what_is_not_out_is_left_out(three):
    life = three(policy="workers = 1")
    life.town.faults = ["refused", "unavailable"]
    life.run()
    assert sorted(states(life)) == ["refused", "waiting", "waiting"]
    made = decide(life, "withdraw")
    assert states(life) == ["dropped"] * 3
    assert life.run(hours=3) == []
    decide(life, "retry", CELLS[:1])
    assert life.run() == ["publish job-0 announce"]
    assert undo(life, made) == (2, 1)
    assert "dropped" not in states(life)
    assert life.run(hours=3) == ["publish job-1 announce", "publish job-2 announce"]


def test_retries_are_undone_to_what_they_were(three):
    life = three()
    life.town.faults = ["refused"] * 3
    life.run()
    with life.project.ledger.read() as conn:
        before = publications.everything(conn)
    made = decide(life, "retry")
    assert states(life) == ["planned"] * 3
    undo(life, made)
    with life.project.ledger.read() as conn:
        after = publications.everything(conn)
    for old, new in zip(before, after, strict=True):
        assert (new.state, new.reason, new.key) == (old.state, old.reason, old.key)
        assert new.revision == old.revision + 2
    assert life.run() == []


def test_a_post_that_somebody_removed_keeps_its_receipt_when_a_retry_is_undone(three):
    from rolecast.verify import verify

    life = three()
    life.run()
    life.town.posts.clear()
    verify(life.project.ledger, life.project.channels, lambda c: None, clock=lambda: life.now)
    assert states(life) == ["gone"] * 3
    with life.project.ledger.read() as conn:
        before = publications.everything(conn)
    undo(life, decide(life, "retry"))
    with life.project.ledger.read() as conn:
        after = publications.everything(conn)
    assert [(p.key, p.receipt, p.round, p.made_at) for p in before] == [
        (p.key, p.receipt, p.round, p.made_at) for p in after
    ]


def test_approvals_are_undone_and_asked_for_again(three):
    life = three(policy='approval = "always"')
    life.run()
    made = decide(life, "approve")
    with life.project.ledger.read() as conn:
        assert approvals.waiting(conn) == []
    stale = life.project.plan(now=life.now, wait=0).plan.changes
    assert undo(life, made) == (3, 0)
    with life.project.ledger.read() as conn:
        assert len(approvals.waiting(conn)) == 3
    life.project.publish(stale, lambda channel: None)  # planned before it was undone
    assert not life.town.posts
    assert life.run() == []
    decide(life, "approve")
    assert len(life.run()) == 3


def test_an_approval_that_went_out_stays(three):
    life = three(policy='approval = "always"')
    life.run()
    made = decide(life, "approve", CELLS[:2])
    life.run()
    assert undo(life, made) == (0, 2)
    assert len(life.town.posts) == 2


def test_what_does_not_fit_is_left_with_its_reason(three):
    life = three()
    life.run()
    decide(life, "withdraw", CELLS[:1])
    life.run()
    made = decide(life, "withdraw")
    assert made.left == {"it is taken down or left out already": 1}
    with pytest.raises(bulk.Undecided, match="nothing is to be tried again"):
        decide(life, "retry", CELLS[1:])
    with pytest.raises(bulk.Undecided, match="no text waits"):
        decide(life, "approve")
    with pytest.raises(bulk.Undecided, match="buttons"):
        decide(life, "explode")


def test_a_person_need_not_agree_twice_to_take_a_post_down(three):
    life = three(policy='approval = { withdraw = "always" }')
    life.run()
    desk.withdraw(life.project.ledger, ("job-0", "net", "announce"), "kim", life.now)
    assert life.run() == ["withdraw job-0 announce"]


def test_on_close_leave_does_not_keep_what_somebody_wants_down(three):
    life = three(policy='on_close = "leave"')
    life.run()
    decide(life, "withdraw")
    assert len(life.run()) == 3


def test_every_step_is_in_the_history_with_who(three):
    life = three()
    life.run()
    undo(life, decide(life, "withdraw", CELLS[:1]))
    with life.project.ledger.read() as conn:
        found = publications.get(conn, ("job-0", "net", "announce"))
        said = [(row.owner, row.detail) for row in attempts.history(conn, found.id)[-2:]]
    assert said == [("kim", "take it down"), ("kim", "undone: take it down")]
    assert found.state is State.live


def test_where_nothing_can_be_taken_down_a_person_is_asked_and_it_stays_down(three):
    life = three()
    life.run()
    ledger, slot = life.project.ledger, ("job-0", "net", "announce")
    desk.withdraw(ledger, slot, "kim", life.now)
    life.town.faults = ["refused"]
    life.run()
    with ledger.read() as conn:
        assert publications.get(conn, slot).pending == "withdraw"
    life.now += timedelta(hours=1)
    desk.it_is_gone(ledger, slot, "kim", life.now)
    assert life.run() == []
    assert states(life)[0] == "withdrawn"
