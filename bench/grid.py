"""The desk's grid over 10,000 jobs × 10 channels: server time of its pages in every order and by
every filter, and of what runs all the time beside them.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

import desk  # noqa: E402
from starlette.testclient import TestClient  # noqa: E402

from rolecast.ledger import Ledger, pulse  # noqa: E402

JOBS, CHANNELS, PROMISED = 10_000, 10, 150.0  # milliseconds
NAMES = [f"net-{number}" for number in range(CHANNELS)]
SETTINGS = "".join(f'[channels.{name}]\nconnector = "board"\n' for name in NAMES)
WORDS = ["Crane", "Harbour", "Night", "Deck", "Pilot", "Signal", "Rope", "Tide", "Quay", "Fog"]
TEXT = "You bring the big ships in, at night and in fog. " * 40  # about as long as an advert
VIEWS = [
    "", "page=200", "sort=title", "sort=closes", "sort=clicks", "sort=trouble", "needs=1",
    "state=held", "state=live", "state=failed", "state=edited", "state=asked", "state=none",
    "channel=net-3", "channel=net-3&state=live", "moment=closing", "q=harbour+night",
    "team=Team+3&sort=trouble", "needs=1&sort=clicks&q=crane",
]  # fmt: skip
PATHS = [*(f"/desk/grid?{view}" for view in VIEWS), "/desk/grid/job-77/net-3", "/desk/channels",
         "/desk/audit", "/healthz", "/metrics"]  # fmt: skip


def fill(path: Path) -> None:
    """A ledger with jobs, publications in many states, clicks and questions."""
    Ledger(f"sqlite:///{path}").open().close()
    chance = random.Random(1)
    db = sqlite3.connect(path)
    db.execute("pragma synchronous=off")
    now = "2026-11-23 12:00:00.000000"
    spec = (
        '{"id": "job-%s", "title": "%s", "company": {"name": "Ostrelund"}, "apply": {"url": '
        '"https://jobs.example.com/1"}, "workplace": "remote", "remote_from": ["DE"], '
        '"description": "' + TEXT + '"}'
    )
    titles = [" ".join(chance.sample(WORDS, 3)) for _ in range(JOBS)]
    db.executemany(
        "insert into jobs (id, path, spec, spec_hash, first_seen, updated) values "
        "(?, '', ?, '', ?, ?)",
        ((f"job-{n}", spec % (n, titles[n]), now, now) for n in range(JOBS)),
    )
    db.executemany(
        "insert into overview (job_id, title, sorting, team, status, closes, removed, first_seen, "
        "words) values (?, ?, ?, ?, 'open', ?, 0, ?, ?)",
        (
            (f"job-{n}", titles[n], titles[n].lower(), f"Team {n % 9}",
             f"2099-{1 + n % 12:02}-{1 + n % 28:02}" if n % 3 else None,
             f"2026-{1 + n % 12:02}-{1 + n % 28:02} 12:00:00.000000", titles[n].lower())
            for n in range(JOBS)
        ),
    )  # fmt: skip
    states = ["live"] * 180 + ["waiting"] * 8 + ["planned"] * 5 + ["held", "refused", "gone",
              "unknown", "withdrawn", "dropped"]  # fmt: skip
    post = '{"job_id": "%s", "channel": "%s", "moment": "%s", "link": "%s", "text": "' + TEXT + '"}'
    links, rows = [], []
    for number in range(JOBS * CHANNELS):
        job, name = f"job-{number % JOBS}", NAMES[number // JOBS]
        moment = "closing" if number % 50 == 7 else "announce"
        state = chance.choice(states)
        link = f"c{number:07}"
        links.append((link, job, name, moment, now))
        reason = None if state in ("live", "planned") else "the network asks to wait"
        drift = "somebody else's words" if number % 400 == 3 and state == "live" else None
        text = post % (job, name, moment, link)
        rows.append((job, name, moment, state, link, link, text, reason, drift, now))
    db.executemany("insert into links values (?, ?, ?, ?, ?)", links)
    db.executemany(
        "insert into publications (job_id, channel, moment, state, key, link, post, reason, drift,"
        " updated) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    db.executemany(
        "insert into clicks_total values (?, ?, ?, ?)",
        (
            (job, link, verdict, chance.randrange(1, 200))
            for link, job, *_ in links
            for verdict in ("human", "bot")
        ),
    )
    db.executemany(
        "insert into approvals (job_id, channel, moment, action, post_hash, who, at, revision) "
        "values (?, ?, ?, 'publish', ?, 'plan', ?, 0)",
        ((row[0], row[1], row[2], row[4], now) for row in rows if row[3] == "planned"),
    )
    db.executemany(
        "insert into attempts (publication_id, action, owner, started, finished, outcome) values "
        "(?, ?, ?, ?, ?, 'done')",
        (
            (1 + n % (JOBS * CHANNELS), "decide" if n % 40 == 0 else "publish",
             "kim@example.com" if n % 40 == 0 else "host:1:a", now, now)
            for n in range(2 * JOBS * CHANNELS)
        ),
    )  # fmt: skip
    db.executemany(
        "insert into events (job_id, at, who, what) values (?, ?, 'folder', 'new')",
        ((f"job-{n}", now) for n in range(JOBS)),
    )
    db.commit()
    db.execute("analyze")
    db.close()


def main(times: int = 20) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / ".rolecast").mkdir()
        fill(root / ".rolecast" / "ledger.db")
        with desk.browser(root, SETTINGS) as web:
            for path in PATHS[:3]:  # links are read, templates compiled
                web.get(path)
            print(f"{'':40} {'median':>9} {'p95':>9} {'processor':>12}  < {PROMISED:.0f} ms")
            worst = max(measure(web, path, times) for path in PATHS)
        print(f"the slowest p95: {worst:.0f} ms")
        ledger = Ledger(f"sqlite:///{root}/.rolecast/ledger.db").open()
        began = time.process_time()
        for _ in range(100):
            with ledger.read() as conn:
                pulse.marks(conn)
        look = (time.process_time() - began) * 10
        what = "a look for all open pages, when somebody has written"
        print(f"{what}: {look:.1f} ms of the processor")
        ledger.close()


def measure(web: TestClient, path: str, times: int) -> float:
    """The p95 of one page, in milliseconds."""
    spent, size = [], 0
    used = time.process_time()
    for _ in range(times):
        began = time.perf_counter()
        answer = web.get(path)
        spent.append((time.perf_counter() - began) * 1000)
        assert answer.status_code in (200, 503), path
        size = len(answer.content)
    late = sorted(spent)[max(0, int(len(spent) * 0.95) - 1)]
    used = (time.process_time() - used) * 1000 / times
    told = f"{statistics.median(spent):6.1f} ms {late:6.1f} ms {used:9.1f} ms"
    print(f"{path:40} {told} {size // 1000:5} kB")
    return late


if __name__ == "__main__":
    main()
