"""A second plan over 10,000 unchanged specs × 3 channels, against the least it has to do:
scandir and stat of the folder, and one read of the ledger's state. Then `life.py`: ten channels and
four moments, when time has made everything due, and after one changed file.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from pathlib import Path

import life
from measure import ROLECAST, best, command, head, row
from specs import fill

from connectors import TABLE
from rolecast.project import Project

CHANNELS = "".join(f'[channels.{name}]\nconnector = "board"\n' for name in ("a", "b", "c"))


def bare(root: Path) -> float:
    """Seconds for scandir, stat and one read."""
    began = time.perf_counter()
    files = [(entry.name, entry.stat().st_mtime_ns) for entry in os.scandir(root / "jobspecs")]
    ledger = sqlite3.connect(root / ".rolecast" / "ledger.db")
    query = "select job_id, channel, moment, state, post_hash, revision from publications"
    rows = ledger.execute(query).fetchall()
    ledger.close()
    seconds = time.perf_counter() - began
    assert len(rows) == 3 * len(files)
    return seconds


def ours(root: Path) -> float:
    """Seconds for a plan in a process that is up."""
    project = Project.open(root, TABLE, {})
    began = time.perf_counter()
    assert project.plan().plan.changes == ()
    seconds = time.perf_counter() - began
    project.ledger.close()
    return seconds


def main(count: int = 10_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        fill(root / "jobspecs", count)
        (root / "rolecast.toml").write_text(CHANNELS)
        time.sleep(1)
        command(*ROLECAST, "publish", cwd=root)
        least, mine = min(bare(root) for _ in range(5)), min(ours(root) for _ in range(5))
        whole = best(3, lambda: command(*ROLECAST, "plan", cwd=root))
    head("scandir + read")
    row(f"plan again, {count:,} specs x 3 channels", mine, least, "s", "<= 5x")
    row("  as a command, start-up included", whole.seconds, least, "s", "< 1 s")
    print(f"  peak memory {whole.peak_mb:.0f} MB")


if __name__ == "__main__":
    main()
    life.main()
