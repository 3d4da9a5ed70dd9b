"""One look at the folder and the ledger, and the plan that comes of it.

Unchanged work is free: a file is not read while its size, time and inode are
the same, and its job is not planned while the settings, the templates and its
publications are the same and no date has passed (`quiet_*` in the ledger's
files).
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from rolecast.agenda import Agenda
from rolecast.folder import Entry
from rolecast.jobspec import JobSpec
from rolecast.known import Job
from rolecast.ledger import approvals, coming, events, jobs, overview, publications
from rolecast.ledger.approvals import Asked
from rolecast.ledger.events import Event
from rolecast.ledger.jobs import FileRow, JobRow
from rolecast.plan import Change, Plan, Scheduled
from rolecast.problems import Problem
from rolecast.reading import SpecFile, read, same
from rolecast.rules import Steps

if TYPE_CHECKING:
    from rolecast.project import Project


MANY = 1000  # files


@contextmanager
def _without_collector(pause: bool) -> Iterator[None]:
    """Many small lasting objects and no cycles: looking for cycles takes a fifth of the time."""
    pause = pause and gc.isenabled()
    if pause:
        gc.disable()
    try:
        yield
    finally:
        if pause:
            gc.enable()


@dataclass
class Planned:
    """A plan and what stood in its way; `moving` files were still being written."""

    plan: Plan
    problems: list[Problem] = field(default_factory=list)
    moving: list[str] = field(default_factory=list)


class Planning:
    """One run of Project.plan."""

    def __init__(self, project: Project, now: datetime, allow_removals: bool):
        self.project, self.now, self.allow_removals = project, now, allow_removals
        self.ledger = project.ledger
        self.config = project.digest
        self.steps = Steps()
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.scheduled: list[Scheduled] = []
        self.revisions: dict[str, int] = {}

    def plan(self, entries: list[Entry], moving: list[str]) -> Planned:
        with _without_collector(len(entries) > MANY):
            return self._plan(entries, moving)

    def _plan(self, entries: list[Entry], moving: list[str]) -> Planned:
        with self.ledger.read() as conn:
            rows = jobs.all_files(conn)
            self.revisions = revisions = publications.revisions(conn)
            removed_before = {id_ for id_, gone in jobs.removed_flags(conn).items() if gone}
        loud = [e for e in entries if not self._is_quiet(e, rows.get(e.path), revisions)]
        gone = self._gone(rows, entries, moving)
        files = read(self.project.folder, self.ledger, loud, rows, {e.path for e in entries})
        for file in files:
            self.problems.extend(file.problems)
        bad = {f.entry.path for f in files if f.spec is None} | {
            e.path
            for e in entries
            if (row := rows.get(e.path))
            and row.problems
            and e.path not in {f.entry.path for f in files}
        }
        self._old_problems(bad, files, rows)
        if files or gone or removed_before:
            self._plan_jobs(files, gone, rows, removed_before)
        plan = Plan(
            made_at=self.now,
            changes=tuple(self.steps.changes),
            jobs=len(entries),
            blocked=tuple(self.steps.blocked),
            scheduled=tuple(self.scheduled),
            files_with_problems=len(bad),
            notes=tuple(self.notes),
        )
        return Planned(plan, self.problems, moving)

    def _is_quiet(self, entry: Entry, row: FileRow | None, revisions: dict[str, int]) -> bool:
        return (
            row is not None
            and row.quiet_for == self.config
            and same(entry, row)
            and row.quiet_revision == revisions.get(row.job_id, 0)
            and (row.quiet_until is None or self.now < row.quiet_until)
        )

    def _gone(
        self, rows: dict[str, FileRow], entries: list[Entry], moving: list[str]
    ) -> dict[str, str | None]:
        """Path → job id of the files that were removed; none when too many are gone at once."""
        there = {entry.path for entry in entries} | set(moving)
        gone = {path: row.job_id for path, row in rows.items() if path not in there}
        if len(gone) > max(2, len(rows) // 5) and not self.allow_removals:
            self.notes.append(
                f"{len(gone)} of {len(rows)} job specs are gone at once; nothing is withdrawn "
                "for them until somebody says `rolecast publish --allow-removals`"
            )
            return {}
        return gone

    def _old_problems(self, bad: set[str], files: list[SpecFile], rows: dict[str, FileRow]) -> None:
        """Files that are as broken as they were: their problems come from the ledger."""
        for path in sorted(bad - {f.entry.path for f in files}):
            self.problems.extend(Problem(**item) for item in json.loads(rows[path].problems))

    def _plan_jobs(
        self,
        files: list[SpecFile],
        gone: dict[str, str | None],
        rows: dict[str, FileRow],
        removed_before: set[str],
    ) -> None:
        specs = {f.spec.id: f for f in files if f.spec}
        kept = {row.job_id for path, row in rows.items() if path not in gone} | set(specs)
        removed = ({id_ for id_ in gone.values() if id_} | removed_before) - kept
        todo = [
            Job(id_, f.spec, f.hash, fresh=f.fresh, linted=bool(f.warnings))
            for id_, f in specs.items()
        ]
        todo += self._removed(removed)
        agenda = Agenda(self.project, self.now)
        per_job = agenda.steps(todo)
        for steps in per_job.values():
            self.steps.changes.extend(steps.changes)
            self.steps.blocked.extend(steps.blocked)
        self.scheduled, self.notes = agenda.scheduled, self.notes + agenda.notes
        self._remember(files, gone, removed, {job.id: job for job in todo}, per_job, rows, agenda)

    def _removed(self, ids: set[str]) -> list[Job]:
        """Jobs without a file, as they were last."""
        with self.ledger.read() as conn:
            known = jobs.some_jobs(conn, sorted(ids))
        return [
            Job(id_, JobSpec.model_validate_json(row.spec), row.spec_hash, removed=True)
            for id_, row in sorted(known.items())
            if id_ in ids
        ]

    def _remember(
        self,
        files: list[SpecFile],
        gone: dict[str, str | None],
        removed: set[str],
        todo: dict[str, Job],
        per_job: dict[str, Steps],
        rows: dict[str, FileRow],
        agenda: Agenda,
    ) -> None:
        file_rows = []
        for file in files:
            row = self._file_row(file, todo, per_job, agenda)
            if row != rows.get(file.entry.path):
                file_rows.append(row)
        fresh = [self._job_row(f) for f in files if f.fresh]
        returned = [f.spec.id for f in files if f.spec and not f.fresh]
        with self.ledger.begin(alone="planning") as conn:
            known = {row.id: row for row in jobs.some_jobs(conn, [r.id for r in fresh]).values()}
            jobs.save_files(conn, file_rows)
            jobs.forget_files(conn, list(gone))
            jobs.save_jobs(conn, fresh)
            overview.save(conn, [f.spec for f in files if f.fresh], self.now)
            opened = self._opened(fresh, known)
            jobs.seen_now(conn, opened, self.now)
            overview.seen_now(conn, opened, self.now)
            flags = jobs.removed_flags(conn)
            back = [id_ for id_ in returned if flags.get(id_)]
            away = [id_ for id_ in sorted(removed) if not flags.get(id_, True)]
            jobs.mark_removed(conn, back, False, self.now)
            jobs.mark_removed(conn, away, True, self.now)
            overview.mark(conn, back, False)
            overview.mark(conn, away, True)
            events.add(conn, self._events(fresh, known, back, away))
            events.add_once(conn, agenda.happened)
            asked = [self._asked(c) for c in self.steps.changes if c.needs_approval]
            approvals.ask(conn, asked, todo.keys())
            broken = {file.job_id for file in files if file.spec is None and file.job_id}
            coming.replace(conn, agenda.coming(), todo.keys() | broken)

    def _opened(self, fresh: list[JobRow], known: dict[str, JobRow]) -> list[str]:
        """The jobs that are no drafts any more."""
        before = {id_ for id_, row in known.items() if jobs.is_draft(row.spec)}
        return [row.id for row in fresh if row.id in before and not jobs.is_draft(row.spec)]

    def _asked(self, change: Change) -> Asked:
        return Asked(
            *change.slot,
            str(change.action),
            change.text_hash,
            self.now,
            change.reason,
            change.post.model_dump_json() if change.post else None,
            change.revision,
        )

    def _events(
        self, fresh: list[JobRow], known: dict[str, JobRow], back: list[str], away: list[str]
    ) -> Iterator[Event]:
        """What happened to the files, for the jobs' histories."""
        for row in fresh:
            before = known.get(row.id)
            if before is None:
                yield Event(row.id, self.now, "folder", "new", row.path)
            elif before.spec != row.spec:
                detail = ", ".join(_changed_fields(before.spec, row.spec))
                yield Event(row.id, self.now, "folder", "changed", detail)
            elif before.removed:
                yield Event(row.id, self.now, "folder", "back", row.path)
        for id_ in back:
            yield Event(id_, self.now, "folder", "back", None)
        for id_ in away:
            yield Event(id_, self.now, "folder", "removed", "its file is gone")

    def _file_row(
        self, file: SpecFile, todo: dict[str, Job], per_job: dict[str, Steps], agenda: Agenda
    ) -> FileRow:
        entry = file.entry
        row = FileRow(
            entry.path,
            entry.size,
            entry.mtime_ns,
            entry.inode,
            file.hash,
            file.job_id,
            json.dumps([p.as_dict() for p in file.problems]) if file.problems else None,
            None,
            None,
            None,
        )
        if file.spec is None or file.spec.image:  # a picture may change without its spec
            return row
        job, steps = todo[file.spec.id], per_job[file.spec.id]
        if steps.changes or steps.blocked or job.later:
            return row
        return replace(
            row,
            quiet_for=self.config,
            quiet_revision=self.revisions.get(job.id, 0),
            quiet_until=agenda.wakes(job, steps),
        )

    def _job_row(self, file: SpecFile) -> JobRow:
        return JobRow(
            file.spec.id,
            file.entry.path,
            file.spec.model_dump_json(exclude_defaults=True),
            file.hash,
            0,
            self.now,
            self.now,
            json.dumps([p.as_dict() for p in file.warnings]) if file.warnings else None,
        )


def _changed_fields(before: str, after: str) -> list[str]:
    """The fields of a job spec that differ, by name."""
    old, new = json.loads(before), json.loads(after)
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
