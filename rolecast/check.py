"""From a file to a JobSpec, or to the problems that HR can mend."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from pydantic import ValidationError

from rolecast import folder, yamlfile
from rolecast.jobspec import JobSpec
from rolecast.problems import Problem

MANY = 400  # files from which a second process pays


@dataclass(frozen=True, slots=True)
class Checked:
    """One file: its job's id when it could be read, and what is wrong with it."""

    path: str
    job_id: str | None
    problems: tuple[Problem, ...]

    @property
    def good(self) -> bool:
        """No errors; warnings do no harm."""
        return not any(problem.severity == "error" for problem in self.problems)


def check_bytes(
    raw: bytes, path: str, warnings: bool = True
) -> tuple[JobSpec | None, list[Problem]]:
    """The job spec in `raw` and its problems; None when one of them is an error.

    warnings: look for what can be read and is hardly meant, too. path: names the file in
    problems; its stem is the job's id unless `id:` says otherwise.
    """
    try:
        data = yamlfile.load(raw, path)
    except yamlfile.Unreadable as error:
        return None, error.problems
    data.setdefault("id", PurePath(path).stem)
    try:
        spec = JobSpec.model_validate(data)
    except ValidationError as error:
        from rolecast.hints.model import explain

        return None, explain(yamlfile.decode(raw, path), path, error)
    return spec, _warnings(raw, path) if warnings and _may_be_suspicious(raw) else []


def _may_be_suspicious(raw: bytes) -> bool:
    return b" #" in raw or b"\xe2\x80\x9c" in raw or b"\xe2\x80\x98" in raw


def _warnings(raw: bytes, path: str) -> list[Problem]:
    from rolecast.hints import suspicions

    return list(suspicions(yamlfile.decode(raw, path), path))


def check_file(path: Path, name: str | None = None) -> tuple[JobSpec | None, list[Problem]]:
    """As check_bytes; a file that cannot be read is a problem as well."""
    name = name or str(path)
    try:
        if path.stat().st_size > yamlfile.MAX_BYTES:
            raw = b" " * (yamlfile.MAX_BYTES + 1)  # refused for its size without being read
        else:
            raw = path.read_bytes()
    except OSError as error:
        return None, [Problem(name, 1, 1, "unreadable", f"cannot be read: {error.strerror}")]
    return check_bytes(raw, name)


def find(paths: Iterable[Path]) -> Iterator[Path]:
    """The job specs among `paths`; folders are searched. Raises FileNotFoundError."""
    for path in paths:
        if path.is_dir():
            yield from (path / entry.path for entry in folder.scan(path))
        elif path.exists():
            yield path
        else:
            raise FileNotFoundError(2, "no such file or folder", str(path))


def check_paths(paths: Iterable[Path]) -> Iterator[Checked]:
    """Every file, in order. One bad file never stops the others."""
    names = [str(path) for path in find(paths)]
    first: dict[str, str] = {}
    for checked in _all(names):
        if checked.job_id and checked.good:
            owner = first.setdefault(checked.job_id, checked.path)
            if owner != checked.path:
                twin = duplicate_id(checked.path, checked.job_id, owner)
                checked = replace(checked, problems=(*checked.problems, twin))
        yield checked


def duplicate_id(path: str, job_id: str, owner: str) -> Problem:
    """Two files for one job."""
    return Problem(
        path,
        1,
        1,
        "duplicate-id",
        f"the job id {job_id!r} belongs to {owner} already; write another `id:`, or remove one "
        "of the two files",
    )


def _all(names: list[str]) -> Iterator[Checked]:
    workers = min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2, 8)
    if len(names) < MANY or workers < 2:
        yield from map(_one, names)
        return
    size = 100
    chunks = [names[start : start + size] for start in range(0, len(names), size)]
    done = 0
    try:
        with ProcessPoolExecutor(workers) as pool:
            for result in pool.map(_several, chunks):
                yield from result
                done += len(result)
    except BrokenProcessPool:
        # A worker was killed. Nothing in a file should be able to do that; go on here.
        yield from map(_one, names[done:])


def _several(names: list[str]) -> list[Checked]:
    return [_one(name) for name in names]


def _one(name: str) -> Checked:
    spec, problems = check_file(Path(name), name)
    return Checked(name, spec.id if spec else None, tuple(problems))
