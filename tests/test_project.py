"""The main job on the board, from file to ledger and back."""

from datetime import UTC, datetime, timedelta

import pytest

from rolecast.ledger import attempts, publications
from rolecast.plan import Action
from rolecast.post import Post
from rolecast.project import Project
from tests.house import BOARD, drop, make, open_project, publish, spec, states

pytestmark = pytest.mark.both_ledgers

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def root(tmp_path):
    return make(tmp_path, harbour_pilot=spec())


@pytest.fixture
def project(root):
    opened = open_project(root)
    yield opened
    opened.ledger.close()


def actions(project: Project, **more) -> list[tuple[str, str]]:
    planned = project.plan(wait=0, **more)
    return [(str(change.action), change.job_id) for change in planned.plan.changes]


def carry_out(project: Project, **more) -> None:
    project.publish(project.plan(wait=0, **more).plan.changes, lambda channel: None)


def test_a_dropped_file_is_published_and_a_second_run_changes_nothing(project):
    assert actions(project) == [("publish", "harbour-pilot")]
    carry_out(project)
    with project.ledger.read() as conn:
        found = publications.get(conn, ("harbour-pilot", "board", "announce"))
    assert found.state == "live"
    assert found.received().address == "http://127.0.0.1:8080/jobs/harbour-pilot"
    assert found.link in found.sent().text
    assert actions(project) == []


def test_planning_twice_gives_the_same_plan(project):
    assert project.plan(wait=0).plan.digest == project.plan(wait=0).plan.digest


def test_a_changed_spec_is_an_edit_with_both_texts(root, project):
    carry_out(project)
    drop(root, "harbour-pilot", spec(summary="You bring the big ships in, by day."))
    (change,) = project.plan(wait=0).plan.changes
    assert change.action is Action.edit
    assert "at night" in change.before.text
    assert "by day" in change.post.text
    carry_out(project)
    assert actions(project) == []


def test_comments_and_key_order_change_nothing(root, project):
    carry_out(project)
    lines = spec().splitlines()
    drop(root, "harbour-pilot", "\n".join(["# hello", *lines[1:], lines[0]]) + "\n")
    assert actions(project) == []


@pytest.mark.parametrize(
    "how", [{"status": "closed"}, {"status": "filled"}, {"closes": "2026-11-22"}]
)
def test_a_closed_job_is_withdrawn_and_comes_back_as_a_new_post(root, project, how):
    carry_out(project, now=NOW)
    drop(root, "harbour-pilot", spec(**how))
    assert actions(project, now=NOW) == [("withdraw", "harbour-pilot")]
    carry_out(project, now=NOW)
    with project.ledger.read() as conn:
        gone = publications.get(conn, ("harbour-pilot", "board", "announce"))
    assert gone.state == "withdrawn"
    with project.ledger.read() as conn:
        (first, _) = attempts.history(conn, gone.id)
    gone_key = Post.model_validate_json(first.post).key
    drop(root, "harbour-pilot", spec())
    carry_out(project, now=NOW)
    with project.ledger.read() as conn:
        back = publications.get(conn, ("harbour-pilot", "board", "announce"))
    assert (back.state, back.round) == ("live", 1)
    assert back.key != gone_key
    assert back.link == gone.link


def test_time_alone_closes_a_job(root, project):
    drop(root, "harbour-pilot", spec(closes="2026-11-30", timezone="Europe/Berlin"))
    carry_out(project, now=NOW)
    end = datetime(2026, 11, 30, 23, tzinfo=UTC)  # midnight in Berlin
    assert actions(project, now=end - timedelta(seconds=1)) == []
    assert actions(project, now=end) == [("withdraw", "harbour-pilot")]


def test_a_job_waits_for_its_opening_day(root, project):
    drop(root, "harbour-pilot", spec(opens="2026-12-01"))
    assert actions(project, now=NOW) == []
    assert actions(project, now=datetime(2026, 12, 1, tzinfo=UTC)) == [("publish", "harbour-pilot")]


def test_nothing_is_published_after_the_closing_date_even_by_an_old_plan(root, project):
    drop(root, "harbour-pilot", spec(closes="2026-11-23"))
    planned = project.plan(now=NOW, wait=0)
    from rolecast.publish import carry_out as carry

    later = datetime(2026, 11, 24, 1, tzinfo=UTC)
    (result,) = carry(
        project.ledger, project.channels, planned.plan.changes, lambda c: None, clock=lambda: later
    )
    assert result.state == "planned"
    assert states(root) == {"harbour-pilot/board": "planned"}


def test_a_broken_file_stops_nobody_and_keeps_what_is_live(root, project):
    carry_out(project)
    drop(root, "harbour-pilot", "title: Harbour Pilot: Night\n")
    drop(root, "deck-hand", spec(title="Deck Hand"))
    planned = project.plan(wait=0)
    assert [(str(c.action), c.job_id) for c in planned.plan.changes] == [("publish", "deck-hand")]
    assert [p.code for p in planned.problems] == ["unquoted-colon"]
    carry_out(project)
    again = project.plan(wait=0)
    assert again.plan.changes == ()
    assert [p.code for p in again.problems] == ["unquoted-colon"]  # told until it is mended


def test_removing_a_file_withdraws_its_job(root, project):
    for number in range(4):
        drop(root, f"job-{number}", spec(title=f"Job {number}"))
    carry_out(project)
    (root / "jobspecs/job-1.yaml").unlink()
    assert actions(project) == [("withdraw", "job-1")]
    carry_out(project)
    assert states(root)["job-1/board"] == "withdrawn"
    assert actions(project) == []


def test_many_removals_at_once_wait_for_a_person(root, project):
    for number in range(9):
        drop(root, f"job-{number}", spec(title=f"Job {number}"))
    carry_out(project)
    for path in (root / "jobspecs").iterdir():
        path.unlink()
    planned = project.plan(wait=0)
    assert planned.plan.changes == ()
    assert "10 of 10 job specs are gone at once" in planned.plan.notes[0]
    assert len(actions(project, allow_removals=True)) == 10


def test_a_renamed_file_with_the_same_id_is_the_same_job(root, project):
    drop(root, "harbour-pilot", spec(id="harbour-pilot"))
    carry_out(project)
    (root / "jobspecs/harbour-pilot.yaml").rename(root / "jobspecs/pilot-2027.yaml")
    assert actions(project) == []


def test_two_files_with_one_id_are_told_and_the_first_owner_keeps_it(root, project):
    carry_out(project)
    drop(root, "a-copy", spec(id="harbour-pilot", title="Impostor"))
    planned = project.plan(wait=0)
    assert planned.plan.changes == ()
    assert [(p.path, p.code) for p in planned.problems] == [("a-copy.yaml", "duplicate-id")]
    assert actions(project) == []


def test_a_file_that_is_being_written_is_left_for_the_next_run(root, project, monkeypatch):
    import rolecast.folder as folder

    path = root / "jobspecs/harbour-pilot.yaml"
    monkeypatch.setattr(folder.time, "sleep", lambda s: path.write_text(spec(title="Whole")))
    planned = project.plan(wait=5)
    assert planned.moving == ["harbour-pilot.yaml"]
    assert planned.plan.changes == ()


def test_routing_skips_and_rules(tmp_path):
    channels = BOARD + (
        '[channels.nights]\nconnector = "board"\nroute = { tags = ["night work"] }\n'
        '[channels.paris]\nconnector = "board"\nroute = { countries = ["FR"] }\n'
    )
    root = make(tmp_path, channels, a=spec(), b=spec(channels={"skip": ["nights"]}))
    project = open_project(root)
    went = {(c.job_id, c.channel) for c in project.plan(wait=0).plan.changes}
    project.ledger.close()
    assert went == {("a", "board"), ("a", "nights"), ("b", "board")}


def test_a_channel_without_its_secret_is_held_back_and_named_once(tmp_path):
    channels = BOARD + '[channels.sky]\nconnector = "bluesky"\nhandle = "a.example"\n'
    root = make(tmp_path, channels, a=spec(), b=spec())
    project = open_project(root)
    planned = project.plan(wait=0)
    project.ledger.close()
    assert [c.channel for c in planned.plan.changes] == ["board", "board"]
    assert {b.reason.split(" (")[0] for b in planned.plan.blocked} == {
        "not connected: set ROLECAST_SKY_PASSWORD"
    }


def test_a_text_that_is_too_long_blocks_with_its_count(tmp_path):
    channels = '[channels.sky]\nconnector = "bluesky"\nhandle = "a.example"\n'
    root = make(tmp_path, channels, a=spec(words={"sky": "ü" * 300}))
    project = open_project(root, {"ROLECAST_SKY_PASSWORD": "x"})
    planned = project.plan(wait=0)
    project.ledger.close()
    assert planned.plan.changes == ()
    assert "33 more than the 300 that Bluesky takes" in planned.plan.blocked[0].reason


def test_posts_by_hand_are_held_until_a_person_gives_the_address(tmp_path):
    from rolecast import desk

    root = make(tmp_path, '[channels.campus]\nconnector = "byhand"\nwhere = "Campus"\n', a=spec())
    publish(root)
    assert states(root) == {"a/campus": "held"}
    project = open_project(root)
    slot = ("a", "campus", "announce")
    with pytest.raises(desk.NotPossible, match="write it whole, with https"):
        desk.it_is_there(project.ledger, slot, "on the wall", "kim", NOW)
    desk.it_is_there(project.ledger, slot, "https://campus.example/1", "kim", NOW)
    assert project.plan(wait=0).plan.changes == ()
    drop(root, "a", spec(status="closed"))
    publish(root)
    with project.ledger.read() as conn:
        held = publications.get(conn, slot)
    assert (held.state, held.pending) == ("held", "withdraw")
    desk.it_is_gone(project.ledger, slot, "kim", NOW)
    assert states(root) == {"a/campus": "withdrawn"}
    project.ledger.close()


def test_approval_always_needs_a_reviewed_plan(tmp_path):
    root = make(tmp_path, BOARD + 'policy = { approval = "always" }\n', a=spec())
    project = open_project(root)
    (change,) = project.plan(wait=0).plan.changes
    project.ledger.close()
    assert change.needs_approval


def test_unchanged_files_are_not_even_read(root, project, monkeypatch):
    carry_out(project)
    assert actions(project) == []
    from pathlib import Path

    def never(self):
        raise AssertionError(f"{self} was read")

    monkeypatch.setattr(Path, "read_bytes", never)
    assert actions(project) == []


def test_a_long_run_keeps_its_claims_on_what_is_not_yet_written(tmp_path):
    from dataclasses import replace

    from connectors.board import Board
    from rolecast.publish import carry_out as carry

    now, lapsed = [NOW], []

    class Slow(Board):
        """Takes two minutes for a post, and looks each time whose claims have lapsed."""

        local = False

        def publish(self, http, post):
            now[0] += timedelta(minutes=2)
            with project.ledger.read() as conn:
                lapsed.extend(p for p in publications.sending(conn) if p.lease_until <= now[0])
            return super().publish(http, post)

    jobs = {f"job_{n}": spec(title=f"Job {n}") for n in range(12)}
    root = make(tmp_path, BOARD + "policy = { workers = 1 }\n", **jobs)
    project = open_project(root)
    changes = project.plan(now=NOW, wait=0).plan.changes
    board = project.channels["board"]
    slow = replace(board, connector=Slow.model_construct(**dict(board.connector)))
    results = carry(
        project.ledger, {"board": slow}, changes, lambda channel: None, clock=lambda: now[0]
    )
    project.ledger.close()
    assert [result.state for result in results] == ["live"] * 12
    assert lapsed == []
