"""From drop to filled: reminders, the last call, the farewell; what cannot be edited."""

from datetime import timedelta
from itertools import pairwise

import pytest

from rolecast import history
from tests.house import drop, spec
from tests.lives import START

pytestmark = pytest.mark.both_ledgers

REMIND = "remind = { every = 10, times = 2 }\nclosing = 3"


def test_reminders_and_a_last_call_and_then_nothing(life):
    job = life(policy=REMIND, closes="2027-01-10")
    assert job.run() == ["publish pilot announce"]
    assert job.run(days=9, hours=23) == []
    assert job.run(hours=1) == ["publish pilot remind-1"]
    assert job.run(days=10) == ["publish pilot remind-2"]
    assert job.run(days=20) == []
    assert job.run(days=5, hours=11) == []  # 7 January, 23:00
    assert job.run(hours=1) == ["publish pilot closing"]
    assert job.says() == ["announce", "closing", "remind-1", "remind-2"]
    assert "Last days" in job.town.of("pilot", "closing")[0].text
    assert (
        job.run(days=3)
        == [
            "withdraw pilot announce",
            "withdraw pilot closing",
            "withdraw pilot remind-1",
            "withdraw pilot remind-2",
        ]
        or job.says() == []
    )
    assert job.run(days=30) == []


def test_who_slept_sends_one_reminder_not_three(life):
    job = life(policy="remind = { every = 7, times = 4 }")
    job.run()
    assert job.run(days=22) == ["publish pilot remind-3"]
    assert job.run() == []
    assert job.run(days=6) == ["publish pilot remind-4"]


def test_what_slept_past_the_closing_date_is_dropped_and_noted(life):
    job = life(pace='hours = ["3:00-4:00"]', closes="2026-11-23")
    assert job.run() == []
    assert "no time left" in job.planned.notes[0]
    job.now += timedelta(days=1)
    plan = job.project.plan(now=job.now, wait=0).plan
    assert "never sent" in plan.notes[0]
    assert job.run(days=9) == []
    assert job.town.calls == []
    told = [one for one in history.of_job(job.project.ledger, "pilot") if one.what == "never sent"]
    assert [one.detail for one in told] == ["net: its turn had not come when the job closed"]
    assert job.project.plan(now=job.now, wait=0).plan.notes == ()


def test_what_waited_for_a_try_when_the_job_closed_is_dropped_and_noted(life):
    job = life(closes="2026-11-23")
    job.town.faults = ["unavailable"] * 3
    assert job.run() == ["publish pilot announce"]
    assert job.run(days=1) == ["drop pilot announce"]
    last = history.of_job(job.project.ledger, "pilot")[-1]
    assert (last.what, last.detail) == ("drop", "the job closed on 2026-11-23")


def test_a_reminder_too_near_to_the_last_call_is_left_out(life):
    job = life(policy=REMIND, closes="2026-12-06")  # last call on the 4th, reminder on the 3rd
    job.run()
    assert job.run(days=10, hours=5) == []
    assert job.run(days=1) == ["publish pilot closing"]


def test_a_job_announced_in_its_last_days_gets_no_last_call(life):
    job = life(policy=REMIND, closes="2026-11-25")
    assert job.run() == ["publish pilot announce"]
    assert job.run(hours=30) == []


def test_a_spec_may_leave_moments_out(life):
    job = life(policy=REMIND, closes="2027-01-10", moments=["announce"])
    job.run()
    assert job.run(days=46) == []


def test_a_reminder_that_is_out_stays_when_the_settings_change(life):
    job = life(policy=REMIND)
    job.run()
    job.run(days=10)
    text = (job.root / "rolecast.toml").read_text().replace(REMIND, "")
    (job.root / "rolecast.toml").write_text(text)
    job.project.ledger.close()
    job.project = job.town.project(job.root)
    assert job.run(days=1) == []
    assert job.says() == ["announce", "remind-1"]


def test_a_closed_job_may_say_so(life):
    job = life(policy='on_close = "mark"')
    job.run()
    drop(job.root, "pilot", spec(status="filled"))
    assert job.run() == ["edit pilot announce"]
    assert "This position is filled" in job.town.of("pilot")[0].text
    assert job.run(days=30) == []
    drop(job.root, "pilot", spec(status="closed"))
    assert job.run() == ["edit pilot announce"]
    assert "no longer open" in job.town.of("pilot")[0].text
    drop(job.root, "pilot", spec())
    assert job.run() == ["edit pilot announce"]
    assert "You bring the big ships in" in job.town.of("pilot")[0].text
    (job.root / "jobspecs/pilot.yaml").unlink()
    assert job.run() == ["edit pilot announce"]
    drop(job.root, "pilot", spec(status="draft"))
    assert job.run() == ["withdraw pilot announce"]


def test_a_network_that_cannot_edit_takes_it_down_when_the_job_closes(life):
    job = life("fixed", policy='on_close = "mark"')
    job.run()
    drop(job.root, "pilot", spec(status="filled"))
    assert job.run() == ["withdraw pilot announce"]


def test_what_cannot_be_edited_is_posted_anew(life):
    job = life("fixed", policy='cannot_edit = "repost"')
    job.run()
    drop(job.root, "pilot", spec(summary="By day only."))
    planned = job.project.plan(now=job.now, wait=0).plan
    assert "taken down, then posted anew" in planned.changes[0].reason
    assert job.run() == ["withdraw pilot announce", "publish pilot announce"]
    (there,) = job.town.posts.values()
    assert "By day only." in there.text
    assert job.run() == []


def test_what_cannot_be_edited_gets_a_reply(life):
    job = life("fixed", policy='cannot_edit = "reply"')
    job.run()
    drop(job.root, "pilot", spec(summary="By day only."))
    (change,) = job.project.plan(now=job.now, wait=0).plan.changes
    assert change.reason == "the text changed, and Fake cannot edit: a reply says so"
    (done,) = job.run()
    assert done.startswith("publish pilot change-")
    _, reply = job.town.posts.values()
    assert reply.reply_to == "1"
    assert "has changed" in reply.text
    assert job.run(days=1) == []
    drop(job.root, "pilot", spec(summary="At any time."))
    assert len(job.run()) == 1
    assert job.run(days=1) == []
    drop(job.root, "pilot", spec(status="filled"))
    assert len(job.run()) == 3
    assert job.town.posts == {}


def test_a_reply_whose_answer_was_lost_is_looked_for(life):
    job = life("fixed", policy='cannot_edit = "reply"')
    job.run()
    drop(job.root, "pilot", spec(summary="By day only."))
    job.town.faults = ["lost"]
    job.run()
    assert job.run(minutes=5) == []
    assert len(job.town.posts) == 2


@pytest.mark.parametrize("how", ["ask", "leave"])
def test_what_cannot_be_edited_waits_for_a_person_or_is_left(life, how):
    job = life("fixed", policy=f'cannot_edit = "{how}"')
    job.run()
    drop(job.root, "pilot", spec(summary="By day only."))
    assert job.run() == (["hold pilot announce"] if how == "ask" else [])


def test_fifty_jobs_share_one_account_fairly(life):
    job = life(pace='spacing = 60\nper_day = 8\nhours = ["9:00-17:00"]')
    for number in range(49):
        drop(job.root, f"job-{number:02}", spec(title=f"Job {number}"))
    drop(job.root, "urgent", spec(title="Urgent", priority="high"))
    went = []
    while len(went) < 51 and job.now < START + timedelta(days=20):
        went += [(job.now, one) for one in job.run(minutes=20)]
    assert went[0][1] == "publish urgent announce"
    assert len(job.town.posts) == len(went) == 51
    times = [at for at, _ in went]
    assert all(9 <= at.hour < 17 for at in times)
    assert all(b - a >= timedelta(hours=1) for a, b in pairwise(times))
    assert max(sum(at.date() == day.date() for at in times) for day in times) <= 8


def test_what_is_settled_is_not_rendered_again(life, monkeypatch):
    job = life(policy=REMIND)
    for number in range(20):
        drop(job.root, f"job-{number}", spec(title=f"Job {number}"))
    job.run()
    seen = []
    render = type(job.project.renderer).render
    monkeypatch.setattr(
        type(job.project.renderer),
        "render",
        lambda self, spec, channel, moment, *rest: (
            seen.append((spec.id, moment)) or render(self, spec, channel, moment, *rest)
        ),
    )
    job.run(days=10)
    assert {moment for _, moment in seen} == {"remind-1"}
    seen.clear()
    drop(job.root, "job-3", spec(title="Job 3", summary="Other words."))
    job.run()
    assert {id_ for id_, _ in seen} == {"job-3"}


BOARD = '[channels.board]\nconnector = "board"\n'


def looked_at(life, pace="", **fields):
    """A job on the board and on a network; what is done, with the channel."""
    job = life(pace=pace, **fields)
    path = job.root / "rolecast.toml"
    path.write_text(path.read_text() + BOARD)
    job.project.ledger.close()
    job.project = job.town.project(job.root)
    return job


def waits(job):
    return [
        (one.channel, one.moment, one.first_look, one.at - job.now) for one in job.planned.scheduled
    ]


def test_colleagues_have_a_first_look(life):
    job = looked_at(life, first_look=5)
    assert job.run() == ["publish pilot announce"]
    assert job.town.of("pilot") == []  # so it was on the board
    assert waits(job) == [("net", "announce", True, timedelta(days=5))]
    calendar = job.project.calendar(job.now)
    assert [(one.channel, one.first_look, one.at) for one in calendar] == [
        ("net", True, START + timedelta(days=5))
    ]
    assert job.run(days=4, hours=23) == []
    assert waits(job) == [("net", "announce", True, timedelta(hours=1))]
    assert job.run(hours=1) == ["publish pilot announce"]
    assert job.says() == ["announce"]
    assert job.run() == []


def test_a_first_look_begins_when_the_job_opens(life):
    job = looked_at(life, first_look=2, opens="2026-12-01")
    assert job.run(days=7) == []
    assert job.run(hours=12) == ["publish pilot announce"]  # 1 December
    assert job.run(hours=47) == []
    assert job.run(hours=1) == ["publish pilot announce"]
    assert len(job.town.posts) == 1


def test_a_draft_is_not_seen_so_its_first_look_has_not_begun(life):
    job = looked_at(life, first_look=3, status="draft")
    assert job.run() == []
    drop(job.root, "pilot", spec(first_look=3, title="Still a draft", status="draft"))
    assert job.run(days=10) == []
    drop(job.root, "pilot", spec(first_look=3))
    assert job.run(days=10) == ["publish pilot announce"]
    assert job.town.posts == {}
    assert job.run(days=2, hours=23) == []
    assert job.run(hours=1) == ["publish pilot announce"]
    assert len(job.town.posts) == 1


def test_what_is_out_stays_out_when_a_first_look_is_written_later(life):
    job = looked_at(life)
    job.run()
    drop(job.root, "pilot", spec(first_look=30))
    assert job.run(days=1) == []
    assert job.says() == ["announce"]
    assert job.planned.scheduled == ()


def test_a_first_look_that_is_taken_away_ends_at_once(life):
    job = looked_at(life, first_look=30)
    job.run()
    drop(job.root, "pilot", spec())
    assert job.run(days=1) == ["publish pilot announce"]
    assert job.says() == ["announce"]


def test_a_first_look_and_then_its_turn(life):
    job = looked_at(life, first_look=5, pace='hours = ["9:00-10:00"]')
    job.run()
    assert waits(job) == [("net", "announce", True, timedelta(days=5, hours=21))]
    assert job.run(days=5) == []
    assert [one[2] for one in waits(job)] == [False]
    assert job.run(hours=21) == ["publish pilot announce"]


def test_a_job_that_closes_within_its_first_look_stays_inside(life):
    job = looked_at(life, first_look=30, closes="2026-12-01")
    assert "stays inside" in job.project.plan(now=job.now, wait=0).plan.notes[0]
    job.run()
    assert job.run(days=10) == ["withdraw pilot announce"]
    assert job.town.calls == []


def test_a_first_look_that_leaves_no_day_for_others_is_refused(life):
    job = life(first_look=30, opens="2026-12-01", closes="2026-12-20")
    found = job.project.plan(now=job.now, wait=0)
    assert "nobody outside would see it" in found.problems[0].message
    drop(job.root, "pilot", spec(first_look="1 week"))
    problem = job.project.plan(now=job.now, wait=0).problems[0]
    assert (problem.code, problem.fix) == ("days", "first_look: 7")
