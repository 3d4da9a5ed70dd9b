"""From the folder's files to job specs: what is new is read, what is known is not."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from rolecast.check import check_bytes, duplicate_id
from rolecast.folder import Entry
from rolecast.jobspec import JobSpec
from rolecast.ledger import Ledger, jobs
from rolecast.ledger.jobs import FileRow
from rolecast.problems import Problem
from rolecast.yamlfile import MAX_BYTES


@dataclass
class SpecFile:
    """A file that has to be looked at."""

    entry: Entry
    hash: str
    job_id: str | None = None
    spec: JobSpec | None = None
    fresh: bool = False  # read now, and not the same as in the ledger
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)  # of a good file; see rolecast.check


def read(
    folder: Path, ledger: Ledger, entries: list[Entry], rows: dict[str, FileRow], paths: set[str]
) -> list[SpecFile]:
    """The job specs of `entries`.

    rows: what the ledger knows of each path; paths: every path that is in the folder now. A file
    whose time changed and whose content did not is not parsed again.
    """
    files = [_read_one(folder, entry, rows.get(entry.path)) for entry in entries]
    _known_specs(folder, ledger, [f for f in files if f.spec is None and not f.problems])
    _refuse_twins(files, rows, paths)
    return files


def same(entry: Entry, row: FileRow) -> bool:
    """Whether a file is as it was, as far as its size, time and inode tell."""
    return (row.size, row.mtime_ns, row.inode) == (entry.size, entry.mtime_ns, entry.inode)


def _read_one(folder: Path, entry: Entry, row: FileRow | None) -> SpecFile:
    known = row is not None and row.job_id and not row.problems
    if known and same(entry, row):
        return SpecFile(entry, row.hash, row.job_id)
    raw, problem = _bytes(folder, entry)
    job_id = row.job_id if row else None
    if problem:
        return SpecFile(entry, "", job_id, problems=[problem])
    hash_ = digest(raw)
    if known and row.hash == hash_:
        return SpecFile(entry, hash_, row.job_id)
    spec, found = check_bytes(raw, entry.path)
    if spec is None:
        return SpecFile(entry, hash_, job_id, problems=found)
    return SpecFile(entry, hash_, spec.id, spec, True, warnings=found)


def _bytes(folder: Path, entry: Entry) -> tuple[bytes, Problem | None]:
    """The file's content, no more of it than a job spec may have."""
    try:
        with (folder / entry.path).open("rb") as file:
            return file.read(MAX_BYTES + 1), None
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        return b"", Problem(entry.path, 1, 1, "unreadable", message)


def _known_specs(folder: Path, ledger: Ledger, files: list[SpecFile]) -> None:
    """Files whose content is known: their specs come from the ledger."""
    with ledger.read() as conn:
        known = jobs.some_jobs(conn, [f.job_id for f in files if f.job_id])
    for file in files:
        row = known.get(file.job_id or "")
        if row and row.spec_hash == file.hash:
            file.spec = JobSpec.model_validate_json(row.spec)
            continue
        raw, problem = _bytes(folder, file.entry)
        file.spec, file.problems = (
            (None, [problem]) if problem else check_bytes(raw, file.entry.path, warnings=False)
        )
        file.fresh = file.spec is not None


def _refuse_twins(files: list[SpecFile], rows: dict[str, FileRow], paths: set[str]) -> None:
    """One id, one file: the one that had it before keeps it, else the first by name."""
    if not any(file.fresh for file in files):
        return
    now = {file.entry.path: file.spec.id if file.spec else None for file in files}
    owner: dict[str, str] = {}
    for path, row in rows.items():
        still = path in paths and now.get(path, row.job_id) == row.job_id
        if row.job_id and not row.problems and still:
            owner[row.job_id] = path
    for file in files:
        if file.spec is None:
            continue
        first = owner.setdefault(file.spec.id, file.entry.path)
        if first != file.entry.path:
            file.problems = [duplicate_id(file.entry.path, file.spec.id, first)]
            file.spec, file.fresh, file.job_id = None, False, None


def digest(raw: bytes) -> str:
    """Names a file's content."""
    return hashlib.blake2b(raw, digest_size=16).hexdigest()
