"""The folder of job specs, as files."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its path under the folder, and what tells cheaply that it is unchanged."""

    path: str
    size: int
    mtime_ns: int
    inode: str


def is_spec(name: str) -> bool:
    """Whether a file of this name is a job spec: editors' swap and hidden files are not."""
    return name.endswith(SUFFIXES) and not name.startswith((".", "~", "#", "_"))


def scan(folder: Path) -> list[Entry]:
    """The job specs in `folder` and below, by path. Raises OSError when it cannot be read."""
    return sorted(_walk(str(folder), ""), key=lambda entry: entry.path)


def _walk(folder: str, prefix: str) -> Iterator[Entry]:
    with os.scandir(folder) as found:
        for item in found:
            name = item.name
            if is_spec(name):
                if item.is_file():
                    stat = item.stat()
                    yield Entry(prefix + name, stat.st_size, stat.st_mtime_ns, str(stat.st_ino))
            elif not name.startswith(".") and item.is_dir(follow_symlinks=False):
                yield from _walk(item.path, f"{prefix}{name}/")


def settle(folder: Path, entries: list[Entry], seconds: float) -> tuple[list[Entry], list[str]]:
    """Leave out the files that are still being written.

    A file that was touched within `seconds` is looked at again after that time; one that has
    changed meanwhile is left for the next run. Answers the steady entries and the others' paths.
    """
    now = time.time_ns()
    limit = int(seconds * 1e9)
    young = [entry for entry in entries if 0 <= now - entry.mtime_ns < limit]
    if not young:
        return entries, []
    time.sleep(seconds)
    moving = {entry.path for entry in young if not _same(folder, entry)}
    return [entry for entry in entries if entry.path not in moving], sorted(moving)


def _same(folder: Path, entry: Entry) -> bool:
    try:
        stat = os.stat(folder / entry.path)
    except FileNotFoundError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == (entry.size, entry.mtime_ns)
