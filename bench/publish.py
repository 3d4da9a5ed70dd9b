"""rolecast publish of 1,000 specs to the board, ledger included, against the least that a
durable ledger costs: the same number of rows in three SQLite transactions for each 100.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path

from measure import ROLECAST, command, head, row
from specs import fill

from connectors import TABLE
from rolecast.project import Project

CHANNEL = '[channels.board]\nconnector = "board"\n'


def bare(root: Path, texts: list[str]) -> float:
    """Seconds for claim, attempt and receipt as plain rows."""
    ledger = sqlite3.connect(root / "bare.db", isolation_level=None)
    ledger.execute("pragma journal_mode=wal")
    ledger.execute("pragma synchronous=full")
    ledger.execute("create table t (a integer primary key, b text, c text)")
    began = time.perf_counter()
    for start in range(0, len(texts), 100):
        part = texts[start : start + 100]
        for statement in ("insert into t (b) values (?)", "update t set c = ? where a = 1"):
            ledger.execute("begin immediate")
            ledger.executemany(statement, [(text,) for text in part])
            ledger.execute("commit")
    return time.perf_counter() - began


def main(count: int = 1_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        paths = fill(root / "jobspecs", count)
        least = bare(root, [path.read_text("utf-8") for path in paths])
        (root / "rolecast.toml").write_text(CHANNEL)
        time.sleep(1)
        project = Project.open(root, TABLE, {})
        began = time.perf_counter()
        planned = project.plan()
        middle = time.perf_counter()
        results = project.publish(planned.plan.changes, lambda channel: None)
        end = time.perf_counter()
        assert len(results) == count and all(result.ok for result in results)
        project.ledger.close()
        (root / ".rolecast" / "ledger.db").unlink()
        for rest in (root / ".rolecast").glob("ledger.db-*"):
            rest.unlink()
        whole = command(*ROLECAST, "publish", cwd=root)
        assert f"{count} done, 0 not" in whole.output
    head("bare SQLite rows")
    row(f"carry out {count:,} posts", end - middle, least)
    print(f"  carry out alone             {count / (end - middle):8.0f} posts/s")
    print(
        f"  read, check, render, plan and carry out {count / (end - began):8.0f} posts/s   >= 1,000"
    )
    print(f"  as a command on an empty ledger, start-up and tables included: {whole.seconds:.2f} s")


if __name__ == "__main__":
    main()
