"""The desk over 10,000 jobs, 100,000 posts and ten million clicks: server time of its pages.

`fill` makes the ledger; other benches of the desk may use it, too.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from starlette.testclient import TestClient  # noqa: E402

from connectors import TABLE  # noqa: E402
from rolecast.finding import Finder  # noqa: E402
from rolecast.gather import catch_up  # noqa: E402
from rolecast.jobspec import JobSpec  # noqa: E402
from rolecast.ledger import Ledger, results  # noqa: E402
from rolecast.project import Project  # noqa: E402
from rolecast.web import app  # noqa: E402
from rolecast.web.face import Face  # noqa: E402

JOBS, POSTS, CLICKS, DAYS = 10_000, 100_000, 10_000_000, 90
SHARES, APPLICATIONS = 20_000, 60_000
TIMES, LIMIT = 40, 150  # requests of each page; milliseconds that were promised, p95
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SETTINGS = """
[company]
name = "Ostrelund Works"
timezone = "Europe/Berlin"
[channels.board]
connector = "board"
[channels.bluesky]
connector = "bluesky"
handle = "careers.example.com"
[channels.mastodon]
connector = "mastodon"
server = "https://social.example"
[channels.x]
connector = "x"
handle = "ostrelund"
[channels.linkedin]
connector = "linkedin"
author = "urn:li:organization:2414183"
[channels.telegram]
connector = "telegram"
chat = "@ostrelund"
[channels.slack]
connector = "slack"
channel = "C0123456789"
[channels.discord]
connector = "discord"
channel = "123456789012345678"
server = "223456789012345678"
[channels.blog]
connector = "wordpress"
url = "https://blog.example.com"
user = "rolecast"
[channels.blog.cost]
per_month = 49
[channels.campus]
connector = "byhand"
where = "Campus"
"""
CHANNELS = [line[10:-1] for line in SETTINGS.splitlines() if line.startswith("[channels.")
            and "." not in line[10:]]  # fmt: skip
COUNTED = ("mastodon", "linkedin", "discord")  # where the network tells impressions
SPEC = {
    "title": "Harbour Pilot",
    "company": "Ostrelund Works",
    "summary": "You bring the big ships in, at night and in fog.",
    "description": "You board ships at sea and bring them safely to their berth. " * 20,
    "locations": [{"city": "Bremerhaven", "country": "DE"}],
    "salary": {"min": 72000, "max": 88000, "currency": "EUR"},
    "apply": "https://jobs.example.com/pilot",
    "tags": ["harbour", "night work"],
}
FORMS = ("long", "medium", "short", "long, own words")


def stamp(at: datetime) -> str:
    """A time as SQLite keeps it."""
    return at.strftime("%Y-%m-%d %H:%M:%S.000000")


def fill(path: Path, seed: int = 1) -> None:
    """A ledger of that size at `path`, its sums by link caught up with."""
    Ledger(f"sqlite:///{path}").open().close()
    db = sqlite3.connect(path)
    db.execute("pragma synchronous=off")
    db.execute("pragma foreign_keys=off")
    chance = random.Random(seed)
    posts = _posts(chance)
    _jobs(db)
    _publications(db, posts)
    shares = _shares(db, chance)
    links = [(link, job, at) for link, job, _, _, at in posts] + shares
    _clicks(db, chance, sorted(links))
    _news(db, chance, links)
    db.commit()
    db.close()
    ledger = Ledger(f"sqlite:///{path}").open()
    began = time.perf_counter()
    catch_up(ledger)
    print(f"sums by link made from nothing: {time.perf_counter() - began:.1f} s")
    with ledger.begin() as conn:
        shown = {
            link: chance.randrange(5000) for link, _, channel, _, _ in posts if channel in COUNTED
        }
        results.show(conn, shown)
    ledger.close()


def _posts(chance: random.Random) -> list[tuple[str, str, str, str, datetime]]:
    """(link, job, channel, moment, when) of each post."""
    found = []
    for number in range(POSTS):
        job, channel = number % JOBS, CHANNELS[number // JOBS]
        moment = chance.choices(("announce", "remind-1", "closing"), (8, 1, 1))[0]
        at = NOW - timedelta(hours=chance.randrange(1, DAYS * 24))
        found.append((f"c{number:07}", f"job-{job}", channel, moment, at))
    return found


def _jobs(db: sqlite3.Connection) -> None:
    text = JobSpec.model_validate({"id": "job-0", **SPEC}).model_dump_json()
    rows = (
        (f"job-{n}", f"job-{n}.yaml", text.replace('"job-0"', f'"job-{n}"'), "h",
         stamp(NOW - timedelta(days=n % DAYS)), stamp(NOW))
        for n in range(JOBS)
    )  # fmt: skip
    db.executemany(
        "insert into jobs (id, path, spec, spec_hash, first_seen, updated) "
        "values (?, ?, ?, ?, ?, ?)",
        rows,
    )


def _publications(db: sqlite3.Connection, posts: list) -> None:
    chance = random.Random(7)
    db.executemany(
        "insert into links values (?, ?, ?, ?, ?)",
        ((link, job, channel, moment, stamp(at)) for link, job, channel, moment, at in posts),
    )
    text = "You bring the big ships in, at night and in fog. Bremerhaven. " * 6

    def rows() -> Iterator[tuple]:
        for number, (link, job, channel, moment, at) in enumerate(posts):
            post = (
                f'{{"job_id":"{job}","channel":"{channel}","moment":"{moment}","language":"en",'
                f'"text":"{text}https://127.0.0.1/r/{link}","link":"https://127.0.0.1/r/{link}",'
                f'"variant":"{chance.choice(FORMS)}"}}'
            )
            state, reason = ("live", None) if number % 500 else ("held", "look whether it is there")
            yield (
                number + 1, job, channel, moment, state, link, link, stamp(at), post, "h",
                f'{{"id":"{link}","address":"https://x.example/{link}"}}', reason, stamp(at),
            )  # fmt: skip

    db.executemany(
        "insert into publications (id, job_id, channel, moment, state, key, link, made_at, post, "
        "post_hash, receipt, reason, updated) values (?,?,?,?,?,?,?,?,?,?,?,?,?)",
        rows(),
    )
    db.executemany(
        "insert into attempts (publication_id, action, owner, started, finished, outcome) "
        "values (?, 'publish', 'host:1:a', ?, ?, 'done')",
        ((number + 1, stamp(one[4]), stamp(one[4])) for number, one in enumerate(posts)),
    )


def _shares(db: sqlite3.Connection, chance: random.Random) -> list[tuple[str, str, datetime]]:
    db.executemany(
        "insert into people (id, email, name, role, made) values (?, ?, ?, 'employee', ?)",
        ((f"p{n:015}", f"p{n}@example.com", f"P {n}", stamp(NOW)) for n in range(2000)),
    )
    found = []
    for number in range(SHARES):
        at = NOW - timedelta(hours=chance.randrange(1, DAYS * 24))
        found.append((f"s{number:07}", f"job-{number % JOBS}", at))
    db.executemany(
        "insert into links values (?, ?, 'share', 'whatsapp', ?)",
        ((link, job, stamp(at)) for link, job, at in found),
    )
    db.executemany(
        "insert into shares (id, person_id, job_id, place, link, made) "
        "values (?, ?, ?, 'whatsapp', ?, ?)",
        (
            (link, f"p{number % 1999:015}", job, link, stamp(at))
            for number, (link, job, at) in enumerate(found)
        ),
    )
    return found


def _clicks(db: sqlite3.Connection, chance: random.Random, links: Iterable[tuple]) -> None:
    """Most of a link's clicks come soon after it is out; three of five are persons'."""
    hours = int(NOW.timestamp()) // 3600
    weights = [chance.random() ** 3 for _ in links]
    scale = CLICKS / sum(weights)
    kinds = ("human", "human", "human", "bot", "suspect")

    def rows() -> Iterator[tuple]:
        for (link, _, at), weight in zip(links, weights, strict=True):
            first, left = int(at.timestamp()) // 3600, round(weight * scale)
            cells: dict[tuple[int, str], int] = {}
            size = max(1, left // 24)
            while left > 0:
                hour = min(hours, first + int(chance.expovariate(1 / 40)))
                key = hour, kinds[chance.randrange(5)]
                cells[key] = cells.get(key, 0) + min(size, left)
                left -= size
            for (hour, kind), count in sorted(cells.items()):
                yield link, hour, kind, count

    db.executemany("insert into clicks_hourly values (?, ?, ?, ?)", rows())
    db.execute(
        "insert into clicks_daily select hour / 24, channel, moment, class, sum(count) "
        "from clicks_hourly join links on code = link group by 1, 2, 3, 4"
    )
    db.execute(
        "insert into clicks_total select job_id, link, class, sum(count) "
        "from clicks_hourly join links on code = link group by 1, 2, 3"
    )


def _news(db: sqlite3.Connection, chance: random.Random, links: list) -> None:
    stages = ("applied", "rejected", "interviewed", "hired")
    outcomes, credits = [], []
    for number in range(APPLICATIONS):
        link, job, at = links[chance.randrange(len(links))]
        came = stamp(min(NOW, at + timedelta(hours=chance.expovariate(1 / 100))))
        stage = chance.choices(stages, (60, 25, 12, 3))[0]
        party = "share" if link[0] == "s" else "channel"
        outcomes.append(("ats", f"k{number}", f"a{number}", "applied", came, came, job))
        credits.append(("ats", f"a{number}", stage, "v1", came, job, party, "", link, "[]", "f"))
    db.executemany(
        "insert into outcomes (source, key, application, stage, at, received, job_id) "
        "values (?, ?, ?, ?, ?, ?, ?)",
        outcomes,
    )
    db.executemany(
        "insert into credits (source, application, stage, rules, at, job_id, party, who, link, "
        "steps, facts) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        credits,
    )


@contextmanager
def browser(root: Path, settings: str = SETTINGS) -> Iterator[TestClient]:
    """A browser on the pages of the ledger in `root`/.rolecast/ledger.db."""
    (root / "jobspecs").mkdir(exist_ok=True)
    (root / "rolecast.toml").write_text(settings, "utf-8")
    project = Project.open(root, TABLE, {})
    Finder(project.ledger, project.settings).catch_up()  # as a server does beside its work, once
    face = Face(project.ledger, project.settings, root / ".rolecast", gathers=False)
    made = app.create(
        project.ledger, project.settings, project.channels, face=face, previews=project.previews
    )
    with TestClient(made, follow_redirects=False) as web:
        yield web
    project.ledger.close()


def measure(web: TestClient, name: str, paths: list[str]) -> float:
    """Prints a line for a page (or several of a kind, in turn); answers its p95 in ms."""
    web.get(paths[0])  # what is loaded once
    took, busy = [], []
    for number in range(TIMES):
        began, worked = time.perf_counter(), time.process_time()
        answer = web.get(paths[number % len(paths)])
        busy.append((time.process_time() - worked) * 1000)
        took.append((time.perf_counter() - began) * 1000)
        assert answer.status_code == 200, answer.text[:300]
    p95 = statistics.quantiles(took, n=20)[-1]
    size = len(answer.content) // 1024
    verdict = "" if p95 < LIMIT else f"   over {LIMIT} ms"
    middle, work = statistics.median(took), statistics.median(busy)
    print(f"{name:38} {middle:7.1f} {p95:7.1f} {work:9.1f} {size:6} KB{verdict}")
    return p95


PAGES = {
    "/desk": ["/desk"],
    "/desk/insights, 90 days": ["/desk/insights"],
    "/desk/insights, all": ["/desk/insights?days=0"],
    "/desk/jobs/ID": [f"/desk/jobs/job-{n * 251}" for n in range(20)],
    "chart of channels, new data": [f"/desk/charts/channels.svg?days={d}" for d in (30, 90)],
    "table of channels as CSV": ["/desk/insights/channels.csv"],
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / ".rolecast").mkdir()
        began = time.perf_counter()
        fill(root / ".rolecast" / "ledger.db")
        size = (root / ".rolecast" / "ledger.db").stat().st_size / 2**20
        print(f"filled in {time.perf_counter() - began:.0f} s, {size:.0f} MB")
        with browser(root) as web:
            print(f"{'server time, ms':38} {'median':>7} {'p95':>7} {'computing':>9}")
            for name, paths in PAGES.items():
                measure(web, name, paths)


if __name__ == "__main__":
    main()
