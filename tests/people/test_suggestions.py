"""Other words for a job spec: suggested, taken over into the file, or kindly declined."""

import json
import os
import shutil
import tempfile
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from rolecast import suggestions
from rolecast.asking import NotPossible
from rolecast.check import check_file
from rolecast.ledger import events, people
from rolecast.ledger import suggestions as kept
from rolecast.publish import now_utc
from tests.colleagues import HOUSE, person
from tests.house import make, open_project, publish

pytestmark = pytest.mark.both_ledgers
NOW = now_utc()

SPEC = """\
# yaml-language-server: $schema=schema.json
title: Harbour Pilot   # as on the door
company: Ostrelund Works
summary: 'You bring the big ships in.'

# Written by those who do it.
description: |
  You board ships at sea and bring them
  safely to their berth.

  The boat is new and the crew is not.

requirements:
  - A licence      # any flag
  - "No fear: of heights"
locations: [{city: Bremerhaven, country: DE}]
apply: https://jobs.example.com/pilot
"""


@pytest.fixture
def project(tmp_path):
    made = opened(tmp_path)
    yield made
    made.ledger.close()


def opened(root):
    publish(make(root, HOUSE, pilot=SPEC))
    return open_project(root)


def named(project, old: str) -> str:
    """What names the text that begins so."""
    found = suggestions.choices(project.specs()["pilot"])
    return next(what for what, (_, text) in found.items() if text.startswith(old))


def suggest(project, old, new, who="kim", why="", named_=False, now=NOW):
    job, author = project.specs()["pilot"], person(project, who)
    what = named(project, old)
    return suggestions.suggest(project.ledger, author, job, what, new, why, named_, now)


def accept(project, id_, who="rita", folder=True):
    where = project.folder if folder else None
    return suggestions.accept(project.ledger, where, id_, person(project, who), now_utc())


def text(project) -> str:
    return (project.folder / "pilot.yaml").read_text("utf-8")


def state(project, id_) -> str:
    with project.ledger.read() as conn:
        return kept.get(conn, id_).state


def told(project, who="kim") -> list[dict]:
    mine = person(project, who).id
    with project.ledger.read() as conn:
        rows = list(conn.exec_driver_sql("select person_id, kind, about from notices"))
    return [json.loads(r.about) for r in rows if (r.person_id, r.kind) == (mine, "suggestion")]


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [
        ("Harbour", "Sea Pilot", "title: Harbour Pilot   #", "title: Sea Pilot   #"),
        ("Harbour", "Pilot: sea", "title: Harbour Pilot   #", "title: 'Pilot: sea'   #"),
        ("You bring", "It's big", "'You bring the big ships in.'", "'It''s big'"),
        ("A licence", "A licence # 4", "  - A licence      #", "  - 'A licence # 4'      #"),
        ("No fear", "No \\fear", '"No fear: of heights"', '"No \\\\fear"'),
        (
            "You board",
            "You climb aboard at sea, and bring them home.\r\n\r\n- by day\r\n- by night ",
            "  You board ships at sea and bring them\n  safely to their berth.\n\n"
            "  The boat is new and the crew is not.\n",
            "  You climb aboard at sea, and bring\n  them home.\n\n  - by day\n  - by night\n",
        ),
    ],
)
def test_one_click_changes_these_words_in_the_file_and_nothing_else(
    project, old, new, before, after
):
    id_ = suggest(project, old, new)
    accept(project, id_)
    assert text(project) == SPEC.replace(before, after)
    assert state(project, id_) == "accepted"
    assert [one["state"] for one in told(project)] == ["accepted"]
    with project.ledger.read() as conn:
        found = {(one.who, one.what) for one in events.of_job(conn, "pilot")}
    assert ("rita@ostrelund.example", "accepted other words") in found
    publish(project.root)
    job = project.specs()["pilot"]
    found = [" ".join(one.split()) for _, one in suggestions.choices(job).values()]
    assert " ".join(new.split()) in found


def test_who_agrees_is_credited_as_long_as_the_words_stand(project):
    for who, new, agrees in (("kim", "Sea Pilot", True), ("bo", "Pilot at Sea", False)):
        old = project.specs()["pilot"].title
        accept(project, suggest(project, old, new, who, named_=agrees))
        publish(project.root)
        with project.ledger.read() as conn:
            names = suggestions.credited(conn, project.specs()["pilot"])
        assert names == (["Kim"] if agrees else [])


def test_a_second_click_and_a_second_recruiter_change_nothing(project):
    id_ = suggest(project, "Harbour", "Sea Pilot")
    accept(project, id_)
    kept_as = text(project)
    for again in (
        lambda: accept(project, id_, "ada"),
        lambda: suggestions.decline(project.ledger, id_, person(project, "ada"), "No", NOW),
    ):
        with pytest.raises(NotPossible, match="decided already"):
            again()
    assert text(project) == kept_as
    assert len(told(project)) == 1


def test_recruiters_at_the_same_moment(project):
    """Each suggestion is decided once, and no change to the file is lost."""
    ids = [suggest(project, "Harbour", "Sea Pilot"), suggest(project, "A licence", "A permit")]
    ids.append(suggest(project, "You bring", "You bring ships in.", "bo"))
    recruiters = [person(project, "rita"), person(project, "ada")]
    done, refused = [], []
    start = threading.Barrier(6)

    def click(id_, who):
        start.wait()
        try:
            suggestions.accept(project.ledger, project.folder, id_, who, now_utc())
            done.append(id_)
        except NotPossible:
            refused.append(id_)

    threads = [threading.Thread(target=click, args=(i, who)) for i in ids for who in recruiters]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(done) == sorted(refused) == sorted(ids)
    job, problems = check_file(project.folder / "pilot.yaml", "pilot.yaml")
    assert (job.title, job.requirements[0], job.summary) == (
        "Sea Pilot", "A permit", "You bring ships in.",
    )  # fmt: skip
    assert problems == []
    assert len(told(project)) == 2


def test_what_hr_changed_elsewhere_meanwhile_stays(project):
    id_ = suggest(project, "No fear", "No fear of anything")
    edited = SPEC.replace("- A licence", "- Good eyes\n  - A licence").replace("sea", "the sea")
    (project.folder / "pilot.yaml").write_text(edited, "utf-8")
    accept(project, id_)
    assert text(project) == edited.replace('"No fear: of heights"', '"No fear of anything"')


def test_words_that_are_gone_are_not_overwritten(project):
    id_ = suggest(project, "Harbour", "Sea Pilot")
    edited = SPEC.replace("Harbour Pilot", "Harbour Pilot (m/w/d)")
    (project.folder / "pilot.yaml").write_text(edited, "utf-8")
    with pytest.raises(NotPossible, match="not there any more"):
        accept(project, id_)
    assert (text(project), state(project, id_)) == (edited, "open")


def test_words_that_were_written_before_a_crash_are_found(project):
    id_ = suggest(project, "Harbour", "Sea Pilot")
    edited = SPEC.replace("Harbour Pilot", "Sea Pilot")
    (project.folder / "pilot.yaml").write_text(edited, "utf-8")
    accept(project, id_)
    assert (text(project), state(project, id_)) == (edited, "accepted")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda path: path.unlink(), "not in the folder any more"),
        (lambda path: path.write_text("title: Harbour Pilot\n  x: ["), "mended first"),
        (lambda path: path.write_text(SPEC + "id: other\n"), "another job"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be read"),
        (lambda path: path.write_bytes(b"#" * 300_000), "mended first"),
    ],
    ids=["gone", "broken", "another job", "a folder", "too large"],
)
def test_a_file_that_cannot_take_it_is_told_in_a_sentence(project, change, why):
    id_ = suggest(project, "Harbour", "Sea Pilot")
    change(project.folder / "pilot.yaml")
    with pytest.raises(NotPossible, match=why):
        accept(project, id_)
    assert state(project, id_) == "open"


def test_what_check_would_refuse_is_not_written(project):
    """A rule of the house may come after a suggestion was made."""
    id_ = suggest(project, "Harbour", "Sea Pilot")
    with project.ledger.begin() as conn:
        kept.decide(conn, id_, after="x" * 201)
    with pytest.raises(NotPossible, match="would have a mistake"):
        accept(project, id_)
    assert (text(project), state(project, id_)) == (SPEC, "open")


@contextmanager
def as_nobody(folder: Path):
    """For the system's administrator, too, a folder of others is not to be written into."""
    folder.chmod(0o555)
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)
        folder.chmod(0o755)


def test_a_folder_that_may_not_be_written_to_is_told_in_a_sentence():
    root = Path(tempfile.mkdtemp())
    try:
        project = opened(root)
        id_ = suggest(project, "Harbour", "Sea Pilot")
        for path in (root, *root.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o666)
        rita = person(project, "rita")
        with as_nobody(project.folder), pytest.raises(NotPossible, match="cannot be written"):
            suggestions.accept(project.ledger, project.folder, id_, rita, NOW)
        assert (text(project), state(project, id_)) == (SPEC, "open")
        assert os.listdir(project.folder) == ["pilot.yaml"]
        accept(project, id_)
        project.ledger.close()
    finally:
        shutil.rmtree(root)


def test_apart_from_the_folder_the_file_is_changed_by_hand_first(project):
    id_ = suggest(project, "A licence", "A licence: any")
    with project.ledger.read() as conn:
        assert suggestions.by_hand(kept.get(conn, id_)) == (
            "requirements:\n  - A licence",
            "requirements:\n  - 'A licence: any'",
        )
    with pytest.raises(NotPossible, match="does not say so yet"):
        accept(project, id_, folder=False)
    edited = SPEC.replace("- A licence", "- 'A licence: any'")
    (project.folder / "pilot.yaml").write_text(edited, "utf-8")
    publish(project.root)
    accept(project, id_, folder=False)
    assert state(project, id_) == "accepted"


def test_declining_needs_a_reason_which_the_author_reads(project):
    id_, rita = suggest(project, "Harbour", "Sea Pilot"), person(project, "rita")
    for reason in ("", "  \n", "x" * 501):
        with pytest.raises(NotPossible):
            suggestions.decline(project.ledger, id_, rita, reason, NOW)
    suggestions.decline(project.ledger, id_, rita, "Thank you; the door says so.", NOW)
    (about,) = told(project)
    assert (about["state"], about["reason"]) == ("declined", "Thank you; the door says so.")
    with pytest.raises(NotPossible):
        accept(project, id_)
    assert text(project) == SPEC


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Harbour", ""),
        ("Harbour", " \u200b "),
        ("Harbour", " Harbour  Pilot "),
        ("Harbour", "x" * 201),
        ("You bring", "x" * 301),
        ("You board", "Too short"),
        ("You board", "x" * 25_001),
        ("A licence", "x" * 1001),
    ],
)
def test_words_that_the_spec_would_not_take_are_refused_at_once(project, old, new):
    with pytest.raises(NotPossible):
        suggest(project, old, new)


def test_a_text_that_is_not_there_cannot_be_chosen(project):
    job, kim = project.specs()["pilot"], person(project, "kim")
    for what in ("", "title", "title.0123", "apply.0", "requirements.0"):
        with pytest.raises(NotPossible, match="Choose it again"):
            suggestions.suggest(project.ledger, kim, job, what, "x", "", False, NOW)


def test_the_same_twice_and_too_many_in_a_day(project):
    suggest(project, "Harbour", "Sea Pilot")
    with pytest.raises(NotPossible, match="the same already"):
        suggest(project, "Harbour", "Sea  Pilot")
    for number in range(1, suggestions.PER_DAY):
        suggest(project, "Harbour", f"Pilot {number}")
    with pytest.raises(NotPossible, match="tomorrow"):
        suggest(project, "Harbour", "One more")
    suggest(project, "Harbour", "One more", now=NOW + timedelta(days=1, minutes=1))
    suggest(project, "Harbour", "Sea Pilot", "bo")


def test_ones_own_is_taken_back_and_nobody_elses(project):
    id_ = suggest(project, "Harbour", "Sea Pilot")
    assert not suggestions.take_back(project.ledger, person(project, "bo"), id_)
    assert suggestions.take_back(project.ledger, person(project, "kim"), id_)
    with pytest.raises(KeyError):
        accept(project, id_)


def test_a_suggestion_goes_with_its_author(project):
    accept(project, suggest(project, "Harbour", "Sea Pilot", named_=True))
    publish(project.root)
    with project.ledger.begin() as conn:
        assert suggestions.credited(conn, project.specs()["pilot"]) == ["Kim"]
        people.forget(conn, people.of_address(conn, "kim@ostrelund.example").id)
        assert suggestions.credited(conn, project.specs()["pilot"]) == []
    assert "Sea Pilot" in text(project)
