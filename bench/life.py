"""Planning 10,000 jobs x 10 channels x 4 moments from the ledger: 300,000 publications that are
live (the announcement and two reminders), 100,000 that have just fallen due (the third).

Against the least it has to do: read every publication's state from the database, and parse every
job spec as JSON. Measured when time has made every job fall due, when one file has changed, and
when nothing has.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measure import ROOT, command, head, row
from specs import fill

sys.path.insert(0, str(ROOT))

CHANNELS = [f"x{n}" for n in range(10)]
SETTINGS = "".join(
    f'[channels.{name}]\nconnector = "x"\nhandle = "careers"\n'
    f"[channels.{name}.policy]\nremind = {{ every = 20, times = 3 }}\nclosing = 5\n"
    f'[channels.{name}.pace]\nhours = ["9:00-17:00"]\nspacing = 30\nper_day = 12\n'
    for name in CHANNELS
)
KEYS = ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")
ENV = {f"ROLECAST_{name.upper()}_{key}": "k" for name in CHANNELS for key in KEYS}
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def prepare(root: Path, count: int) -> None:
    """A ledger in which every job has been announced, and reminded of twice, on every channel."""
    from connectors import TABLE
    from rolecast.ledger import jobs, publications
    from rolecast.ledger.schema import publications as table
    from rolecast.project import Project

    fill(root / "jobspecs", count)
    (root / "rolecast.toml").write_text(SETTINGS)
    project = Project.open(root, TABLE, ENV)
    config = ":" + project.digest[:16]
    project.channels.clear()  # the files are to be read, nothing is to be rendered
    project.plan(now=NOW - timedelta(days=50), wait=0)
    with project.ledger.begin() as conn:
        ids = [row.id for row in jobs.all_jobs(conn)]
        moments = ("announce", "remind-1", "remind-2")
        have = {one.slot for one in publications.everything(conn)}
        slots = [(i, c, m) for i in ids for c in CHANNELS for m in moments]
        publications.ensure(conn, [s for s in slots if s not in have], NOW - timedelta(days=50))
        live = {
            "state": "live",
            "made_at": NOW - timedelta(days=45),
            "post_hash": "0" * 32,
            "receipt": json.dumps({"id": "1", "address": "https://x.com/a/status/1"}),
            "post": json.dumps({"text": "x" * 280}),
        }
        conn.execute(table.update().values(**live))
        specs = {row.id: row.spec_hash for row in jobs.all_jobs(conn)}
        conn.exec_driver_sql(
            "update publications set rendered_for = (select spec_hash from jobs "
            f"where jobs.id = publications.job_id) || '{config}' where state = 'live'"
        )
        assert len(specs) == count
    project.ledger.close()


def plan(root: Path, now: datetime) -> None:
    """What the measured process does; prints seconds and what was planned."""
    from connectors import TABLE
    from rolecast.project import Project

    project = Project.open(root, TABLE, ENV)
    began = time.perf_counter()
    made = project.plan(now=now, wait=0).plan
    seconds = time.perf_counter() - began
    counted = {str(c.moment) for c in made.changes}
    print(json.dumps([seconds, len(made.changes), len(made.scheduled), sorted(counted)]))
    project.ledger.close()


def measured(root: Path, now: datetime) -> tuple[float, float, int, int]:
    """Seconds, peak memory in MB, changes, scheduled; in a process of its own."""
    run = command(sys.executable, str(Path(__file__)), str(root), now.isoformat())
    seconds, changes, scheduled, _ = json.loads(run.output.splitlines()[-1])
    return seconds, run.peak_mb, changes, scheduled


def least(root: Path) -> float:
    """Seconds for reading all states and parsing all specs, and doing nothing with them."""
    began = time.perf_counter()
    ledger = sqlite3.connect(root / ".rolecast/ledger.db")
    query = "select id, job_id, channel, moment, state, made_at, revision from publications"
    rows = ledger.execute(query).fetchall()
    specs = [json.loads(text) for (text,) in ledger.execute("select spec from jobs")]
    ledger.close()
    assert rows and specs
    return time.perf_counter() - began


def main(count: int = 10_000) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        prepare(root, count)
        bare = min(least(root) for _ in range(3))
        head("read + parse only")
        later = NOW + timedelta(days=16)  # the third reminder of every job is due
        seconds, peak, changes, scheduled = measured(root, later)
        row(f"plan {count:,} x 10 x 4, all due", seconds, bare, limit="< 5 s, < 500 MB")
        print(f"  {changes} for now, {scheduled:,} in the timetable; peak {peak:.0f} MB")
        measured(root, NOW)  # everything is quiet from here on
        path = root / "jobspecs/job-00007.yaml"
        path.write_text(path.read_text("utf-8").replace("summary:", "summary: New,", 1), "utf-8")
        seconds, peak, changes, _ = measured(root, NOW)
        row("  after one changed file", seconds, bare, limit="< 1 s")
        print(f"  {changes} changes; peak {peak:.0f} MB")
        seconds, peak, *_ = measured(root, NOW)
        row("  when nothing has changed", seconds, bare)


if __name__ == "__main__":
    if sys.argv[1:]:
        plan(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))
    else:
        main()
