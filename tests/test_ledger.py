"""The ledger on SQLite and on PostgreSQL: the same schema, the same promises."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from rolecast import runs
from rolecast.ledger import (
    Ledger,
    LedgerError,
    attempts,
    grid,
    migrate,
    plans,
    publications,
    schema,
    schema_desk,
    schema_people,
    schema_results,
    states,
)
from rolecast.ledger.attempts import Claim, Finish
from rolecast.ledger.states import TRANSITIONS, Outcome, State, WrongTransition

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SLOT = ("pilot", "board", "announce")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def ledger(request, tmp_path):
    address = f"sqlite:///{tmp_path}/ledger.db"
    if request.param == "postgres":
        address = request.getfixturevalue("postgres").new_database()
    made = Ledger(address).open()
    yield made
    made.close()


def one(ledger) -> publications.Publication:
    with ledger.begin() as conn:
        if publications.get(conn, SLOT) is None:
            publications.ensure(conn, [SLOT], NOW)
        return publications.get(conn, SLOT)


def claim(ledger, found, owner="host:1:a", action="publish") -> set[int]:
    with ledger.begin() as conn:
        wanted = [Claim(found.id, found.revision, action, action, "{}")]
        return attempts.claim(conn, wanted, owner, NOW + timedelta(minutes=1), NOW)


def _is_described(name, kind, parents) -> bool:
    """Not the full texts, which each database keeps in its own way."""
    return kind != "table" or not name.startswith(("findable_words", "findable_grams"))


def test_the_tables_are_what_the_code_says(ledger):
    assert ledger.version() == schema.HEAD
    with ledger.engine.connect() as conn:
        context = MigrationContext.configure(conn, opts={"include_name": _is_described})
        assert schema_people.metadata is schema_results.metadata is schema_desk.metadata
        assert compare_metadata(context, schema_people.metadata) == []
    assert ScriptDirectory.from_config(migrate.config()).get_current_head() == schema.HEAD


def test_a_list_of_jobs_is_made_for_an_older_ledger(request, tmp_path, ledger):
    """What the desk's pages read of jobs comes out of what the ledger knows of them."""
    from alembic import command

    address = f"sqlite:///{tmp_path}/old.db"
    if not ledger.is_sqlite:
        address = request.getfixturevalue("postgres").new_database()
    old = Ledger(address)
    settings = migrate.config()
    with old.engine.begin() as conn:
        settings.attributes["connection"] = conn
        command.upgrade(settings, "0005")
    spec = '{"id": "pilot", "title": "Éclairage", "team": "Ropes", "closes": "2027-03-31"}'
    with old.begin() as conn:
        conn.execute(
            schema.jobs.insert().values(
                id="pilot", path="p", spec=spec, spec_hash="h", removed=1, first_seen=NOW,
                updated=NOW,
            )
        )  # fmt: skip
    old.open()
    with old.read() as conn:
        jobs, total = grid.page(conn, grid.View(search="eclairage ropes"), NOW.date(), 0, 10)
        seen = conn.execute(schema_desk.overview.select()).one().first_seen
    assert (total, jobs[0].title, jobs[0].closes, jobs[0].removed) == (
        1, "Éclairage", "2027-03-31", 1,
    )  # fmt: skip
    assert seen == NOW
    old.close()


def test_a_newer_ledger_is_refused(ledger):
    with ledger.begin() as conn:
        conn.exec_driver_sql("update alembic_version set version_num = '9999'")
    with pytest.raises(LedgerError, match="newer Rolecast"):
        ledger.open()


def test_times_keep_their_instant(ledger):
    found = one(ledger)
    assert found.updated == NOW
    assert found.updated.tzinfo is not None


def test_a_claim_is_had_once(ledger):
    found = one(ledger)
    assert claim(ledger, found) == {found.id}
    assert claim(ledger, found, "host:1:b") == set()


def test_many_claim_at_once_and_one_has_it(ledger):
    found, won = one(ledger), []
    together = threading.Barrier(6)

    def run(number):
        together.wait()
        if claim(ledger, found, f"host:1:{number}"):
            won.append(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1


def test_a_finish_of_somebody_else_changes_nothing(ledger):
    found = one(ledger)
    claim(ledger, found)
    live = Finish(found.id, Outcome.done, State.live, receipt='{"id": "1"}', post_hash="h")
    with ledger.begin() as conn:
        attempts.finish(conn, [live], "host:1:other", NOW)
        assert publications.get(conn, SLOT).state is State.sending
        attempts.finish(conn, [live], "host:1:a", NOW)
        found = publications.get(conn, SLOT)
        tried = attempts.history(conn, found.id)
    assert (found.state, found.post_hash, found.received().id) == (State.live, "h", "1")
    assert [(a.action, a.outcome) for a in tried] == [("publish", "done")]


def test_what_a_dead_run_left_is_unknown_and_its_attempt_is_closed(ledger):
    found = one(ledger)
    claim(ledger, found, "elsewhere:1:a")
    assert runs.release_dead(ledger, NOW + timedelta(seconds=30)) == 0  # its lease holds
    assert runs.release_dead(ledger, NOW + timedelta(minutes=2)) == 1
    with ledger.read() as conn:
        found = publications.get(conn, SLOT)
        (attempt,) = attempts.history(conn, found.id)
    assert found.state is State.unknown
    assert (attempt.outcome, attempt.finished) != (None, None)


def test_links_are_unguessable_and_their_own(ledger):
    slots = [(f"job-{n}", "board", "announce") for n in range(500)]
    with ledger.begin() as conn:
        publications.ensure(conn, slots, NOW)
        found = publications.everything(conn)
    assert len({p.link for p in found}) == 500
    assert len({p.key for p in found}) == 500
    assert all(len(p.link) >= 7 for p in found)


def test_plans_are_kept_and_forgotten(ledger):
    with ledger.begin() as conn:
        plans.save(conn, "d1", '{"a": 1}', NOW)
        plans.save(conn, "d1", '{"a": 1}', NOW)
        assert plans.load(conn, "d1") == '{"a": 1}'
        plans.save(conn, "d2", "{}", NOW + timedelta(days=31))
        with pytest.raises(KeyError):
            plans.load(conn, "d1")


def test_only_the_steps_of_the_table_are_possible():
    assert set(TRANSITIONS) == set(State)
    states.check(State.planned, State.sending)
    with pytest.raises(WrongTransition):
        states.check(State.planned, State.live)


def test_an_address_that_is_no_ledger():
    with pytest.raises(LedgerError, match="write sqlite"):
        Ledger("mysql://x/y")


@pytest.mark.servers
def test_the_main_job_on_postgresql(postgres, tmp_path, monkeypatch):
    from connectors import TABLE
    from rolecast.project import Project
    from tests.house import drop, make, spec

    root = make(Path(tmp_path), pilot=spec())
    project = Project.open(root, TABLE, {"ROLECAST_LEDGER": postgres.new_database()})
    for summary in ("One.", "Two.", "Two."):
        drop(root, "pilot", spec(summary=summary))
        planned = project.plan(wait=0)
        project.publish(planned.plan.changes, lambda channel: None)
    assert project.plan(wait=0).plan.changes == ()
    with project.ledger.read() as conn:
        found = publications.get(conn, ("pilot", "board", "announce"))
        history = attempts.history(conn, found.id)
    assert [(a.action, a.outcome) for a in history] == [("publish", "done"), ("edit", "done")]
    project.ledger.close()


def test_codes_that_are_taken_or_equal_are_minted_again(ledger, monkeypatch):
    taken = one(ledger).link
    minted = iter([taken, "aaaaaaaa", "aaaaaaaa", taken, "bbbbbbbb"])
    monkeypatch.setattr(publications.links, "mint", lambda: next(minted))
    with ledger.begin() as conn:
        publications.ensure(conn, [("x", "board", "announce"), ("y", "board", "announce")], NOW)
        found = publications.of_jobs(conn, ["x", "y"])
    assert {p.link for p in found} == {"aaaaaaaa", "bbbbbbbb"}


def test_a_ledger_opens_while_somebody_writes(ledger):
    with ledger.begin() as conn:
        publications.ensure(conn, [("x", "board", "announce")], NOW)
        other = Ledger(str(ledger.url)).open()
        other.close()
