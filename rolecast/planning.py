"""One look at the folder and the ledger, and the plan that comes of it.

Unchanged work is free: a file is not read while its size, time and inode are
the same, and its job is not planned while the settings, the templates and its
publications are the same and no date has passed (`quiet_*` in the ledger's
files).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from rolecast.folder import Entry
from rolecast.jobspec import JobSpec, Moment, Status
from rolecast.ledger import jobs, publications
from rolecast.ledger.jobs import FileRow, JobRow
from rolecast.ledger.publications import Publication, Slot
from rolecast.plan import Plan
from rolecast.problems import Problem
from rolecast.reading import SpecFile, read, same
from rolecast.render import RenderProblem
from rolecast.rules import Steps, Wanted, plan_job

if TYPE_CHECKING:
    from rolecast.project import Project


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
        self.ledger, self.zone = project.ledger, project.settings.company.timezone
        self.config = project.digest
        self.steps = Steps()
        self.problems: list[Problem] = []
        self.notes: list[str] = []

    def plan(self, entries: list[Entry], moving: list[str]) -> Planned:
        with self.ledger.read() as conn:
            rows = jobs.all_files(conn)
            revisions = publications.revisions(conn)
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
        specs = {f.spec.id: f.spec for f in files if f.spec}
        kept = {row.job_id for path, row in rows.items() if path not in gone} | set(specs)
        removed = ({id_ for id_ in gone.values() if id_} | removed_before) - kept
        wanted_slots = {id_: self._slots(spec) for id_, spec in specs.items()}
        known = self._publications(specs, removed, wanted_slots)
        per_job: dict[str, Steps] = {}
        for id_ in [*specs, *sorted(removed)]:
            wanted = self._wanted(specs.get(id_), wanted_slots.get(id_, []), known.get(id_, []))
            steps = plan_job(wanted, known.get(id_, []), self.project.channels, self.now)
            per_job[id_] = steps
            self.steps.changes.extend(steps.changes)
            self.steps.blocked.extend(steps.blocked)
        self._remember(files, gone, removed, per_job, known, rows)

    def _slots(self, spec: JobSpec) -> list[Slot]:
        if Moment.announce not in spec.moments or not spec.is_open(self.now, self.zone):
            return []
        return [
            (spec.id, name, str(Moment.announce))
            for name, channel in self.project.channels.items()
            if channel.takes(spec)
        ]

    def _publications(
        self,
        specs: Mapping[str, JobSpec],
        removed: set[str],
        slots: Mapping[str, list[Slot]],
    ) -> dict[str, list[Publication]]:
        """Job id → its publications, made where a slot has none yet."""
        ids = [*specs, *removed]
        with self.ledger.read() as conn:
            found = publications.of_jobs(conn, ids)
        have = {one.slot for one in found}
        missing = [slot for wanted in slots.values() for slot in wanted if slot not in have]
        if missing:
            with self.ledger.begin() as conn:
                found = publications.of_jobs(conn, ids)
                have = {one.slot for one in found}
                publications.ensure(conn, [s for s in missing if s not in have], self.now)
                found = publications.of_jobs(conn, ids)
        by_job: dict[str, list[Publication]] = {}
        for one in found:
            by_job.setdefault(one.job_id, []).append(one)
        return by_job

    def _wanted(self, spec: JobSpec | None, slots: list[Slot], known: list[Publication]) -> Wanted:
        if spec is None:
            return Wanted(why_not="its file was removed")
        posts, impossible = {}, {}
        by_slot = {one.slot: one for one in known}
        for slot in slots:
            _, name, moment = slot
            link = self.project.link(by_slot[slot].link)
            try:
                posts[name, moment] = self.project.renderer.render(
                    spec, self.project.channels[name], moment, link
                )
            except RenderProblem as problem:
                impossible[name, moment] = str(problem)
        return Wanted(posts, spec.closes_at(self.zone), impossible, self._why_not(spec))

    def _why_not(self, spec: JobSpec) -> str:
        opens, closes = spec.opens_at(self.zone), spec.closes_at(self.zone)
        if spec.status is not Status.open:
            return f"the job is {spec.status}"
        if opens and self.now < opens:
            return f"the job opens on {spec.opens}"
        if closes and self.now >= closes:
            return f"the job closed on {spec.closes}"
        return "the job does not go to this channel any more"

    def _remember(
        self,
        files: list[SpecFile],
        gone: dict[str, str | None],
        removed: set[str],
        per_job: dict[str, Steps],
        known: dict[str, list[Publication]],
        rows: dict[str, FileRow],
    ) -> None:
        file_rows = []
        for file in files:
            row = self._file_row(file, per_job, known)
            if row != rows.get(file.entry.path):
                file_rows.append(row)
        fresh = [self._job_row(f) for f in files if f.fresh]
        returned = [f.spec.id for f in files if f.spec and not f.fresh]
        with self.ledger.begin() as conn:
            jobs.save_files(conn, file_rows)
            jobs.forget_files(conn, list(gone))
            jobs.save_jobs(conn, fresh)
            flags = jobs.removed_flags(conn)
            back = [id_ for id_ in returned if flags.get(id_)]
            jobs.mark_removed(conn, back, False, self.now)
            jobs.mark_removed(conn, [i for i in removed if not flags.get(i, True)], True, self.now)

    def _file_row(
        self, file: SpecFile, per_job: dict[str, Steps], known: dict[str, list[Publication]]
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
        steps = per_job[file.spec.id]
        if steps.changes or steps.blocked:
            return row
        total = sum(one.revision for one in known.get(file.spec.id, []))
        return replace(
            row,
            quiet_for=self.config,
            quiet_revision=total,
            quiet_until=self._wakes(file.spec, steps),
        )

    def _wakes(self, spec: JobSpec, steps: Steps) -> datetime | None:
        instants = [spec.opens_at(self.zone), spec.closes_at(self.zone), *steps.wakes]
        return min((at for at in instants if at and at > self.now), default=None)

    def _job_row(self, file: SpecFile) -> JobRow:
        return JobRow(
            file.spec.id,
            file.entry.path,
            file.spec.model_dump_json(exclude_defaults=True),
            file.hash,
            0,
            self.now,
            self.now,
        )
