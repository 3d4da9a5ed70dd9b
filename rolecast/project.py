"""One Rolecast folder: its settings, channels, ledger and job specs, composed.

`plan` compares the folder with the ledger. Unchanged work is free: a file is
not read while its size, time and inode are the same, and its job is not
planned while the settings, the templates and its publications are the same
and no date has passed (`quiet_*` in the ledger's files).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from rolecast import __version__, channels, folder, links, publish, runs, settings
from rolecast.channels import Channel
from rolecast.connector import Connector, Http
from rolecast.folder import Entry
from rolecast.jobspec import JobSpec, Moment, Status
from rolecast.ledger import Ledger, jobs, publications
from rolecast.ledger.jobs import FileRow, JobRow
from rolecast.ledger.publications import Publication, Slot
from rolecast.plan import Blocked, Change, Plan, Steps, Wanted, plan_job
from rolecast.post import Post
from rolecast.problems import Problem
from rolecast.publish import Result
from rolecast.render import Renderer, RenderProblem

SETTLE = 0.3  # seconds for which a file must not have been touched


@dataclass
class Planned:
    """A plan and what stood in its way; `moving` files were still being written."""

    plan: Plan
    problems: list[Problem] = field(default_factory=list)
    moving: list[str] = field(default_factory=list)


@dataclass
class _File:
    """A file that has to be looked at."""

    entry: Entry
    hash: str
    job_id: str | None = None
    spec: JobSpec | None = None
    fresh: bool = False  # read now, and not the same as in the ledger
    problems: list[Problem] = field(default_factory=list)


class Project:
    """Everything that belongs to one rolecast.toml."""

    def __init__(
        self,
        root: Path,
        config: settings.Settings,
        all_channels: dict[str, Channel],
        ledger: Ledger,
    ):
        self.root, self.settings, self.channels, self.ledger = root, config, all_channels, ledger
        own = root / config.templates if config.templates else None
        self.renderer = Renderer(own, config.company.name)

    @classmethod
    def open(
        cls,
        root: Path,
        table: Mapping[str, type[Connector]],
        env: Mapping[str, str] = os.environ,
        block: channels.SecretSource | None = None,
    ) -> Project:
        """Read `root`/rolecast.toml and open the ledger. Raises SettingsError, LedgerError."""
        config = settings.load(root)
        ledger = Ledger(settings.ledger_address(config, root, dict(env))).open()
        return cls(root, config, channels.build(config, table, env, block), ledger)

    @property
    def folder(self) -> Path:
        """Where HR drops job specs."""
        return self.root / self.settings.folder

    @property
    def digest(self) -> str:
        """Changes with the settings, the templates, the secrets' presence and our version."""
        parts = [
            __version__,
            json.dumps(settings.as_dict(self.settings), sort_keys=True),
            self.renderer.digest,
            *(f"{name}:{one.cannot_send() is None}" for name, one in self.channels.items()),
        ]
        return _hash("\x1f".join(parts).encode())

    def plan(
        self, now: datetime | None = None, allow_removals: bool = False, wait: float = SETTLE
    ) -> Planned:
        """What has to change. Writes nothing but the ledger's memory of files and links.

        allow_removals: carry on although more than a fifth of the files are gone at once.
        """
        now = now or publish.now_utc()
        runs.release_dead(self.ledger, now)
        entries, moving = folder.settle(self.folder, folder.scan(self.folder), wait)
        return _Planning(self, now, allow_removals).plan(entries, moving)

    def link(self, code: str) -> str:
        """The public address of a short code."""
        return f"{self.settings.company.url.rstrip('/')}/r/{code}"

    def specs(self) -> dict[str, JobSpec]:
        """The last valid version of every job that has a file."""
        with self.ledger.read() as conn:
            return {row.id: JobSpec.model_validate_json(row.spec) for row in jobs.all_jobs(conn)}

    def preview(self, spec: JobSpec, channel: Channel, moment: str) -> Post:
        """The post as it would be sent, link and all: the same code path as a plan's.

        For a channel that the job does not go to, the link is a stand-in of the same length.
        Raises RenderProblem.
        """
        if not channel.takes(spec):
            link = self.link("x" * links.LENGTH)
            return self.renderer.render(spec, channel, moment, link)
        slot = (spec.id, channel.name, moment)
        with self.ledger.begin() as conn:
            if publications.get(conn, slot) is None:
                publications.ensure(conn, [slot], publish.now_utc())
            publication = publications.get(conn, slot)
        link = self.link(publication.link)
        return self.renderer.render(spec, channel, moment, link, publication.key)

    def publish(
        self,
        changes: Iterable[Change],
        http: Callable[[Channel], Http],
        on_result: Callable[[Result], None] = lambda result: None,
    ) -> list[Result]:
        """Carry out changes of a plan. See rolecast.publish.carry_out."""
        return publish.carry_out(self.ledger, self.channels, changes, http, on_result=on_result)


class _Planning:
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
        files = self._read(loud, rows, {e.path for e in entries})
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
            and (row.size, row.mtime_ns, row.inode) == (entry.size, entry.mtime_ns, entry.inode)
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

    def _read(self, loud: list[Entry], rows: dict[str, FileRow], paths: set[str]) -> list[_File]:
        files = [self._read_one(entry, rows.get(entry.path)) for entry in loud]
        self._known_specs([f for f in files if f.spec is None and f.job_id and not f.problems])
        self._refuse_twins(files, rows, paths)
        for file in files:
            self.problems.extend(file.problems)
        return files

    def _read_one(self, entry: Entry, row: FileRow | None) -> _File:
        from rolecast.check import check_bytes

        same = row is not None and (row.size, row.mtime_ns, row.inode) == (
            entry.size,
            entry.mtime_ns,
            entry.inode,
        )
        if same and not row.problems and row.job_id:
            return _File(entry, row.hash, row.job_id)
        raw = (self.project.folder / entry.path).read_bytes()
        digest = _hash(raw)
        if row is not None and row.hash == digest and not row.problems and row.job_id:
            return _File(entry, digest, row.job_id)
        spec, errors = check_bytes(raw, entry.path, warnings=False)
        job_id = spec.id if spec else (row.job_id if row else None)
        return _File(entry, digest, job_id, spec, spec is not None, errors)

    def _known_specs(self, files: list[_File]) -> None:
        """Files whose content is known: their specs come from the ledger."""
        with self.ledger.read() as conn:
            known = jobs.some_jobs(conn, [f.job_id for f in files if f.job_id])
        for file in files:
            row = known.get(file.job_id or "")
            if row and row.spec_hash == file.hash:
                file.spec = JobSpec.model_validate_json(row.spec)
            else:
                self._reread(file)

    def _reread(self, file: _File) -> None:
        from rolecast.check import check_bytes

        raw = (self.project.folder / file.entry.path).read_bytes()
        file.spec, file.problems = check_bytes(raw, file.entry.path, warnings=False)
        file.fresh = file.spec is not None

    def _refuse_twins(self, files: list[_File], rows: dict[str, FileRow], paths: set[str]) -> None:
        """One id, one file: the one that had it before keeps it, else the first by name."""
        loud = {f.entry.path for f in files}
        owner = (
            {
                row.job_id: path
                for path, row in rows.items()
                if row.job_id
                and not row.problems
                and path in paths
                and (
                    path not in loud
                    or any(
                        f.entry.path == path and f.spec and f.spec.id == row.job_id for f in files
                    )
                )
            }
            if any(f.fresh for f in files)
            else {}
        )
        for file in files:
            if file.spec is None:
                continue
            first = owner.setdefault(file.spec.id, file.entry.path)
            if first != file.entry.path:
                file.problems = [
                    Problem(
                        file.entry.path,
                        1,
                        1,
                        "duplicate-id",
                        f"the job id {file.spec.id!r} belongs to {first} already; write another "
                        "`id:`, or remove one of the two files",
                    )
                ]
                file.spec, file.fresh, file.job_id = None, False, None

    def _old_problems(self, bad: set[str], files: list[_File], rows: dict[str, FileRow]) -> None:
        """Files that are as broken as they were: their problems come from the ledger."""
        for path in sorted(bad - {f.entry.path for f in files}):
            self.problems.extend(Problem(**item) for item in json.loads(rows[path].problems))

    def _plan_jobs(
        self,
        files: list[_File],
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
        files: list[_File],
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
        self, file: _File, per_job: dict[str, Steps], known: dict[str, list[Publication]]
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
        if file.spec is None:
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

    def _job_row(self, file: _File) -> JobRow:
        return JobRow(
            file.spec.id,
            file.entry.path,
            file.spec.model_dump_json(exclude_defaults=True),
            file.hash,
            0,
            self.now,
            self.now,
        )


def _hash(raw: bytes) -> str:
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def blocked_by_reason(blocked: Iterable[Blocked]) -> dict[tuple[str, str], int]:
    """(channel, reason) → how many: a channel's trouble is told once, not once a job."""
    found: dict[tuple[str, str], int] = {}
    for one in blocked:
        found[one.channel, one.reason] = found.get((one.channel, one.reason), 0) + 1
    return found
