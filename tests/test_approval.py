"""Approvals: bound to the exact text, asked again when it changes, kept with who and when."""

import pytest
from click.testing import CliRunner

from rolecast import desk, history
from rolecast.cli import main
from rolecast.ledger import approvals
from tests.house import drop, spec

pytestmark = pytest.mark.both_ledgers


def waiting(job):
    with job.project.ledger.read() as conn:
        return approvals.waiting(conn)


def decide(job, approved=True, note=None):
    for one in waiting(job):
        desk.decide(job.project.ledger, one, approved, "kim", job.now, note)


def test_nothing_goes_out_before_somebody_agreed_to_exactly_that(life):
    job = life(policy='approval = "always"')
    assert job.run() == []
    (asked,) = waiting(job)
    assert "You bring the big ships in" in asked.text().text
    assert (asked.action, asked.note) == ("publish", "new")
    drop(job.root, "pilot", spec(summary="By day only."))
    assert job.run() == []
    (again,) = waiting(job)
    assert again.post_hash != asked.post_hash
    with pytest.raises(desk.NotPossible, match="changed meanwhile"):
        desk.decide(job.project.ledger, asked, True, "kim", job.now)
    decide(job)
    assert waiting(job) == []
    assert job.run() == ["publish pilot announce"]
    assert "By day only." in job.town.of("pilot")[0].text


def test_a_text_that_goes_back_to_an_approved_one_needs_no_other(life):
    job = life(policy='approval = "always"')
    job.run()
    decide(job)
    job.run()
    drop(job.root, "pilot", spec(summary="By day only."))
    assert job.run() == []
    assert waiting(job)[0].action == "edit"
    drop(job.root, "pilot", spec())
    assert job.run() == []
    assert waiting(job) == []


def test_a_refused_text_stays_away_and_says_by_whom(life):
    job = life(policy='approval = "always"')
    job.run()
    decide(job, approved=False, note="the pay is wrong")
    assert job.run() == []
    (blocked,) = job.planned.blocked
    assert blocked.reason.startswith("refused by kim: the pay is wrong")
    assert waiting(job) == []
    drop(job.root, "pilot", spec(summary="Better."))
    job.run()
    decide(job)
    assert job.run() == ["publish pilot announce"]


def test_the_first_text_of_a_job_only(life):
    job = life(policy='approval = "first"\nremind = { every = 7 }')
    assert job.run() == []
    decide(job)
    assert job.run() == ["publish pilot announce"]
    drop(job.root, "pilot", spec(summary="By day only."))
    assert job.run() == ["edit pilot announce"]
    assert job.run(days=7) == ["publish pilot remind-1"]


def test_what_check_warns_about_waits_and_the_rest_does_not(life):
    job = life(policy='approval = "linted"')
    assert job.run() == ["publish pilot announce"]
    text = spec(title="Odd One").replace("in, at night", "in #1, at night")
    drop(job.root, "odd", text)
    assert job.run() == []
    assert [one.job_id for one in waiting(job)] == ["odd"]
    decide(job)
    assert job.run() == ["publish odd announce"]


def test_kinds_of_change_apart(life):
    job = life(policy='approval = { publish = "never", edit = "always", withdraw = "always" }')
    assert job.run() == ["publish pilot announce"]
    drop(job.root, "pilot", spec(summary="By day only."))
    assert job.run() == []
    decide(job)
    assert job.run() == ["edit pilot announce"]
    drop(job.root, "pilot", spec(status="filled"))
    assert job.run() == []
    assert waiting(job)[0].text() is None
    decide(job)
    assert job.run() == ["withdraw pilot announce"]


def test_a_job_that_closes_first_is_asked_for_no_more(life):
    job = life(policy='approval = "always"')
    job.run()
    drop(job.root, "pilot", spec(status="closed"))
    job.run()
    assert waiting(job) == []


def test_who_waits_for_approval_does_not_hold_up_the_others(life):
    job = life(policy='approval = "linted"', pace="spacing = 600")
    drop(job.root, "pilot", spec().replace("in, at night", "in #1, at night"))
    drop(job.root, "deck-hand", spec(title="Deck Hand"))
    assert job.run() == ["publish deck-hand announce"]
    assert [(one.job_id, one.asks) for one in job.project.calendar(job.now)] == [("pilot", True)]
    decide(job)
    assert job.run() == []  # its turn comes
    assert job.run(hours=10) == ["publish pilot announce"]


def test_all_of_it_is_in_the_history(life):
    job = life(policy='approval = "always"')
    job.run()
    decide(job, note="fine by me")
    job.run()
    entries = [(one.who, one.what) for one in history.of_job(job.project.ledger, "pilot")]
    assert entries[0] == ("folder", "new")
    assert ("kim", "approved publish") in entries
    assert entries[-1][1] == "publish"


def test_on_the_command_line(life):
    job = life(policy='approval = "always"')
    toml = (job.root / "rolecast.toml").read_text()
    (job.root / "rolecast.toml").write_text(toml.replace('"fake"', '"board"'))
    said = CliRunner().invoke(main, ["--root", str(job.root), "approve"])
    assert "Waiting: 1. Agree with: rolecast approve JOB" in said.output
    assert "You bring the big ships in" in said.output
    words = ["approve", "pilot", "--refuse", "--note", "too short"]
    assert (
        "refused: publish pilot"
        in CliRunner().invoke(main, ["--root", str(job.root), *words]).output
    )
    said = CliRunner().invoke(main, ["--root", str(job.root), "plan"])
    assert "refused by" in said.output
    drop(job.root, "pilot", spec(summary="Longer than that."))
    words = ["approve", "--all"]
    assert (
        "approved: publish pilot"
        in CliRunner().invoke(main, ["--root", str(job.root), *words]).output
    )
    done = CliRunner().invoke(main, ["--root", str(job.root), "publish"])
    assert (done.exit_code, "1 done" in done.output) == (0, True), done.output
    said = CliRunner().invoke(main, ["--root", str(job.root), "history", "pilot"])
    assert "approved publish" in said.output
    assert "Longer than that." in said.output
