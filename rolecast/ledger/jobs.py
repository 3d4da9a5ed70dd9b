"""Job specs as last read, and the files they came from."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update

from rolecast.ledger.schema import files, jobs

_DRAFT = '"status":"draft"'  # in no text, where the quotes have a backslash
_F = files.c
_J = jobs.c


@dataclass(frozen=True, slots=True)
class FileRow:
    """What we know of one file of the folder."""

    path: str
    size: int
    mtime_ns: int
    inode: str
    hash: str
    job_id: str | None
    problems: str | None
    quiet_for: str | None
    quiet_revision: int | None
    quiet_until: datetime | None


@dataclass(frozen=True, slots=True)
class JobRow:
    """The last valid version of a job; `spec` is JSON of a JobSpec."""

    id: str
    path: str
    spec: str
    spec_hash: str
    removed: int
    first_seen: datetime
    updated: datetime
    linted: str | None = None  # JSON: what `check` warns about
    apply_checked: datetime | None = None
    apply_problem: str | None = None


_FILE_COLUMNS = [files.c[name] for name in FileRow.__slots__]
_JOB_COLUMNS = [jobs.c[name] for name in JobRow.__slots__]


def all_files(conn: Connection) -> dict[str, FileRow]:
    """Path → what we know of it."""
    return {row[0]: FileRow(*row) for row in conn.execute(select(*_FILE_COLUMNS))}


def save_files(conn: Connection, rows: Iterable[FileRow]) -> None:
    """Insert or replace."""
    values = [{name: getattr(row, name) for name in FileRow.__slots__} for row in rows]
    _upsert(conn, files, "path", values)


def forget_files(conn: Connection, paths: Sequence[str]) -> None:
    """The files are not in the folder any more."""
    if paths:
        conn.execute(delete(files).where(_F.path == bindparam("b")), [{"b": p} for p in paths])


def all_jobs(conn: Connection, with_removed: bool = False) -> list[JobRow]:
    """Every job, newest first."""
    query = select(*_JOB_COLUMNS).order_by(_J.first_seen.desc(), _J.id)
    if not with_removed:
        query = query.where(_J.removed == 0)
    return [JobRow(*row) for row in conn.execute(query)]


def some_jobs(conn: Connection, ids: Sequence[str]) -> dict[str, JobRow]:
    """Job id → its last valid version; the whole table when very many are asked for."""
    query = select(*_JOB_COLUMNS)
    if len(ids) <= 500:
        query = query.where(_J.id.in_(ids))
    return {row[0]: JobRow(*row) for row in conn.execute(query)}


def ages(conn: Connection) -> dict[str, tuple[datetime, bool]]:
    """Job id → when it was first seen, and whether `check` warns about it."""
    query = select(_J.id, _J.first_seen, _J.linted.is_not(None))
    return {id_: (seen, bool(linted)) for id_, seen, linted in conn.execute(query)}


def is_draft(spec: str) -> bool:
    """Whether a job's spec, as it is kept, says that nothing goes out yet."""
    return _DRAFT in spec


def drafts(conn: Connection, ids: Sequence[str]) -> set[str]:
    """Which of these jobs were drafts when they were last read."""
    found: set[str] = set()
    for start in range(0, len(ids), 500):
        query = select(_J.id).where(_J.id.in_(ids[start : start + 500]), _J.spec.contains(_DRAFT))
        found.update(conn.scalars(query))
    return found


def seen_now(conn: Connection, ids: Sequence[str], now: datetime) -> None:
    """These were drafts, which nobody was shown: they are first seen now."""
    if ids:
        query = update(jobs).where(_J.id == bindparam("b")).values(first_seen=now)
        conn.execute(query, [{"b": id_} for id_ in ids])


def removed_flags(conn: Connection) -> dict[str, bool]:
    """Job id → whether its file was gone the last time we planned."""
    return {id_: bool(removed) for id_, removed in conn.execute(select(_J.id, _J.removed))}


def save_jobs(conn: Connection, rows: Iterable[JobRow]) -> None:
    """Insert or replace; `first_seen` of a job that is known stays."""
    values = [{name: getattr(row, name) for name in JobRow.__slots__} for row in rows]
    _upsert(conn, jobs, "id", values, keep=("first_seen", "apply_checked", "apply_problem"))


def applied(conn: Connection, found: Sequence[tuple[str, str | None]], now: datetime) -> None:
    """What is wrong with the jobs' places to apply; None: nothing."""
    if found:
        conn.execute(
            update(jobs)
            .where(_J.id == bindparam("b"))
            .values(apply_checked=now, apply_problem=bindparam("b_problem")),
            [{"b": id_, "b_problem": problem} for id_, problem in found],
        )


def broken(conn: Connection) -> list[JobRow]:
    """The jobs whose place to apply does not work."""
    query = select(*_JOB_COLUMNS).where(_J.apply_problem.is_not(None), _J.removed == 0)
    return [JobRow(*row) for row in conn.execute(query.order_by(_J.id))]


def mark_removed(conn: Connection, ids: Sequence[str], removed: bool, now: datetime) -> None:
    """The jobs' files are gone (or, removed=False, back)."""
    if ids:
        conn.execute(
            update(jobs).where(_J.id == bindparam("b")).values(removed=int(removed), updated=now),
            [{"b": id_} for id_ in ids],
        )


def insert_new(
    conn: Connection, table: Any, key: str, values: list[dict[str, Any]]
) -> list[tuple[int, Any]]:
    """Insert what is not there yet; answers (number, key) of what is new."""
    if not values:
        return []
    dialect = importlib.import_module(f"sqlalchemy.dialects.{conn.dialect.name}")
    found: list[tuple[int, Any]] = []
    for start in range(0, len(values), 500):
        query = dialect.insert(table).values(values[start : start + 500])
        query = query.on_conflict_do_nothing(index_elements=[key])
        rows = conn.execute(query.returning(table.c.number, table.c[key]))
        found += [(number, name) for number, name in rows]
    return found


def _upsert(
    conn: Connection, table: Any, key: str, values: list[dict[str, Any]], keep: tuple[str, ...] = ()
) -> None:
    if not values:
        return
    # The two databases write it alike; only the one in use is imported.
    dialect = importlib.import_module(f"sqlalchemy.dialects.{conn.dialect.name}")
    statement = dialect.insert(table)
    changed = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name != key and column.name not in keep
    }
    conn.execute(statement.on_conflict_do_update(index_elements=[key], set_=changed), values)
