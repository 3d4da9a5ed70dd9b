"""Sums of ten million clicks: one more hour of clicks brought in, against counting all of them
again in DuckDB over the same rows; and the query of the report's page.
"""

from __future__ import annotations

import csv
import random
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import duckdb

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from rolecast import reports  # noqa: E402
from rolecast.clicks import HOUR, Click  # noqa: E402
from rolecast.ledger import Ledger  # noqa: E402
from rolecast.ledger import clicks as kept  # noqa: E402

CLICKS, LINKS, JOBS, DAYS = 10_000_000, 100_000, 10_000, 90
START = 20_600 * 24 * HOUR
RECOUNT = 'select link, "at" // 3600000000, class, count(*) from clicks group by all'


def fill(path: Path) -> int:
    """A ledger with links and clicks; answers the clicks in an hour."""
    ledger = Ledger(f"sqlite:///{path}").open()
    ledger.close()
    chance = random.Random(1)
    kinds = [("human", "")] * 6 + [("bot", "preview")] * 3 + [("suspect", "double")]
    db = sqlite3.connect(path)
    db.execute("pragma synchronous=off")
    db.executemany(
        "insert into links values (?, ?, ?, 'announce', '2026-01-01 00:00:00.000000')",
        ((f"c{n:07}", f"job-{n % JOBS}", f"net-{n // JOBS}") for n in range(LINKS)),
    )
    db.executemany(
        "insert into jobs (id, path, spec, spec_hash, first_seen, updated) values "
        "(?, '', '{}', '', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000')",
        ((f"job-{n}",) for n in range(JOBS)),
    )
    step = DAYS * 24 * HOUR // CLICKS
    rows = (
        (f"c{int(chance.random() ** 2 * LINKS):07}", START + n * step, n, *kinds[n % 10])
        for n in range(CLICKS)
    )
    db.executemany(
        "insert into clicks (link, at, device, visitor, class, reason, rules) "
        "values (?, ?, 'phone', ?, ?, ?, 1)",
        rows,
    )
    db.commit()
    db.close()
    return HOUR // step


def timed(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        an_hour = fill(path)
        ledger = Ledger(f"sqlite:///{path}").open()

        def all_of_them() -> None:
            with ledger.begin() as conn:
                kept.recount(conn)

        print(f"sums of {CLICKS:,} clicks made from nothing: {timed(all_of_them):.1f} s")
        chance, now = random.Random(2), START + DAYS * 24 * HOUR
        new = [
            Click(f"c{int(chance.random() ** 2 * LINKS):07}", now + n * HOUR // an_hour, "phone",
                  None, "DE", "", "", chance.randrange(1 << 40))
            for n in range(an_hour)
        ]  # fmt: skip

        def one_hour() -> None:
            with ledger.begin() as conn:
                kept.add(conn, new)

        ours = timed(one_hour)
        peer = duckdb.connect()
        with sqlite3.connect(path) as db:
            rows = db.execute("select link, at, class from clicks").fetchall()
        peer.execute('create table clicks (link varchar, "at" bigint, class varchar)')
        table = Path(folder) / "clicks.csv"
        with table.open("w", newline="") as file:
            csv.writer(file).writerows(rows)
        peer.execute(f"insert into clicks select * from read_csv('{table}', header = false)")
        again_all = f"create or replace table sums as {RECOUNT}"
        theirs = min(timed(lambda: peer.execute(again_all)) for _ in range(3))
        print(f"one more hour, {len(new):,} clicks, judged and summed: {ours:.3f} s")
        print(f"DuckDB counts all again: {theirs:.3f} s; ours takes {ours / theirs:.2f}x of that")
        counted = peer.execute(f"select sum(c) from ({RECOUNT}) t(l, h, k, c)").fetchone()[0]
        with ledger.read() as conn:
            exact = conn.exec_driver_sql("select sum(count) from clicks_hourly").scalar()
            assert exact == counted == CLICKS + len(new)
            again = {tuple(row) for row in conn.exec_driver_sql("select * from clicks_hourly")}
            assert again == set(peer.execute(RECOUNT).fetchall())
            print("every sum by hour, link and class is DuckDB's")
            for what in ("job", "channel", "moment"):
                query = (lambda: reports.of_jobs(conn)) if what == "job" else (
                    lambda what=what: reports.by(conn, what))  # fmt: skip
                query()
                print(f"the page by {what}: {min(timed(query) for _ in range(5)) * 1000:.1f} ms"
                      " (< 50 ms)")  # fmt: skip
        ledger.close()


if __name__ == "__main__":
    main()
