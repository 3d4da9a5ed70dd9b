"""The list of jobs and the job page with 10,000 jobs and 5,000 colleagues, at 50 requests a second.

    python bench/board.py [SECONDS]

One real process (`rolecast web`) is asked at a fixed rate, whether it has answered or not; each
request is somebody else's, who looks for the first time today. Words to search for come from the
jobs' titles, one in three with a letter missing. Printed are milliseconds until the answer is
there, the server's CPU time for each request, and bytes; and the same for a small file, which is
the least that any answer of this process takes.
"""

from __future__ import annotations

import asyncio
import gzip
import itertools
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote_plus

import specs
from sqlalchemy import text

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from rolecast.finding import Finder  # noqa: E402
from rolecast.jobspec import JobSpec  # noqa: E402
from rolecast.ledger import Ledger, jobs, people, publications  # noqa: E402
from rolecast.ledger.jobs import JobRow  # noqa: E402
from rolecast.people import Role, hashed  # noqa: E402
from rolecast.settings import Settings  # noqa: E402

JOBS, PEOPLE, RATE, CONNECTIONS = 10_000, 5_000, 50, 40
TEAMS = ("Harbour", "Quay", "Ropes", "Finance", "Research", "Data", "Platform", "Sales", "Care")
SETTINGS = """
[company]
name = "Ostrelund Works"
[channels.board]
connector = "board"
[people]
domains = ["ostrelund.example"]
"""
WANTED = "p95 < 50 ms, < 60 KB"


def fill(root: Path) -> tuple[list[str], list[str], list[str]]:
    """A folder whose ledger has jobs on the board and signed-in people; answers their cookies, the
    jobs' ids, and titles."""
    (root / "jobspecs").mkdir(parents=True)
    (root / "rolecast.toml").write_text(SETTINGS, "utf-8")
    ledger = Ledger(f"sqlite:///{root}/.rolecast/ledger.db").open()
    now, chance = datetime.now(UTC), random.Random(1)
    listings, adverts = itertools.cycle(specs.listings()), itertools.cycle(specs.adverts())
    rows, titles = [], []
    for number in range(JOBS):
        found = specs.convert(next(listings), next(adverts))
        found |= {"id": f"job-{number:05}", "team": chance.choice(TEAMS)}
        spec = JobSpec.model_validate(found)
        seen = now - timedelta(minutes=number)
        written = spec.model_dump_json(exclude_defaults=True)
        rows.append(JobRow(spec.id, f"{spec.id}.yaml", written, f"{number:032x}", 0, seen, seen))
        titles.append(spec.title)
    cookies = [f"secret-of-the-bench-{number:05}" for number in range(PEOPLE)]
    with ledger.begin() as conn:
        for start in range(0, JOBS, 500):
            some = rows[start : start + 500]
            jobs.save_jobs(conn, some)
            publications.ensure(conn, [(row.id, "board", "announce") for row in some], now)
        came = "select first_seen from jobs where id = job_id"
        conn.execute(text(f"update publications set state = 'live', made_at = ({came})"))
        for number, cookie in enumerate(cookies):
            name = f"Colleague {number}"
            someone = people.add(conn, f"c{number}@ostrelund.example", name, Role.employee, now)
            ends = now + timedelta(days=1)
            people.open_session(conn, hashed(cookie), someone.id, "Firefox", now, ends)
        conn.execute(text("update people set looked = :at"), {"at": str(now - timedelta(hours=9))})
    began = time.perf_counter()
    Finder(ledger, Settings()).catch_up()
    print(f"{JOBS} jobs made findable in {time.perf_counter() - began:.1f} s, once")
    ledger.close()
    return cookies, [row.id for row in rows], titles


@contextmanager
def served(root: Path) -> Iterator[tuple[int, int]]:
    """`rolecast web`; gives its port and process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "rolecast", "--root", str(root), "web", "--port", str(port)]
    process = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has had, in all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Client:
    """Asks at a fixed rate over connections that stay open."""

    def __init__(self, port: int, cookies: list[str], chance: random.Random):
        self.port, self.cookies, self.chance = port, cookies, chance
        self.free: asyncio.Queue[tuple] = asyncio.Queue()
        self.times: list[float] = []
        self.bodies: list[bytes] = []
        self.wrong = 0

    async def run(self, path: Callable[[], str], seconds: float, rate: int) -> None:
        """Ask for what `path` gives."""
        for _ in range(CONNECTIONS):
            self.free.put_nowait(await asyncio.open_connection("127.0.0.1", self.port))
        began, tasks = time.perf_counter(), []
        for number in range(int(seconds * rate)):
            at = began + number / rate
            await asyncio.sleep(max(0.0, at - time.perf_counter()))
            tasks.append(asyncio.create_task(self._ask(path(), at)))
        await asyncio.gather(*tasks)
        while not self.free.empty():
            self.free.get_nowait()[1].close()

    async def _ask(self, path: str, at: float) -> None:
        reader, writer = await self.free.get()
        at = max(at, time.perf_counter() - 0.001)  # the client's own lateness is not the server's
        cookie = self.chance.choice(self.cookies)
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
        writer.write(f"{head}Cookie: rolecast={cookie}\r\n\r\n".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        size = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(size)
        self.times.append(time.perf_counter() - at)
        self.wrong += b" 200 " not in answer[:20]
        self.bodies.append(body)
        self.free.put_nowait((reader, writer))


def measure(
    what: str, served_: tuple[int, int], cookies: list[str], path: Callable[[], str], seconds: float
) -> float:
    """One line of the table; answers p95 in milliseconds."""
    port, pid = served_
    client, before = Client(port, cookies, random.Random(2)), cpu(pid)
    asyncio.run(client.run(path, seconds, RATE))
    used = (cpu(pid) - before) / len(client.times) * 1000
    cuts = statistics.quantiles([one * 1000 for one in client.times], n=100)
    largest = max(client.bodies, key=len)
    print(
        f"{what:30} {cuts[49]:7.1f} {cuts[94]:7.1f} {cuts[98]:7.1f} {used:9.1f} "
        f"{statistics.mean(map(len, client.bodies)) / 1024:8.1f} {len(largest) / 1024:8.1f} "
        f"{len(gzip.compress(largest, 6)) / 1024:8.1f}   {client.wrong or ''}"
    )
    return cuts[94]


def main(seconds: float) -> None:
    """Fill, serve, ask, print."""
    chance = random.Random(3)
    with tempfile.TemporaryDirectory() as folder:
        cookies, ids, titles = fill(Path(folder))

        def words() -> str:
            found = [word for word in chance.choice(titles).split() if len(word) > 3]
            picked = chance.sample(found, min(len(found), chance.choice((1, 1, 2)))) or ["pilot"]
            if chance.random() < 0.33 and len(picked[0]) > 5:
                at = chance.randrange(1, len(picked[0]) - 1)
                picked[0] = picked[0][:at] + picked[0][at + 1 :]
            return f"/?q={quote_plus(' '.join(picked))}"

        def filters() -> str:
            team, kind = chance.choice(TEAMS), chance.choice(("remote", "onsite"))
            return f"/?team={team}&workplace={kind}&page={chance.randrange(1, 4)}"

        kinds: list[tuple[str, Callable[[], str]]] = [
            ("/", lambda: "/"),
            ("/?q=…", words),
            ("/?team=…&workplace=…", filters),
            ("/jobs/ID", lambda: f"/jobs/{chance.choice(ids)}"),
        ]
        mixed = [path for _, path in kinds]
        with served(Path(folder)) as it:
            measure("(warming up)", it, cookies, lambda: chance.choice(mixed)(), 2)
            print(
                f"{RATE} a second, {JOBS} jobs, {PEOPLE} colleagues; wanted: {WANTED}\n"
                f"{'':30} {'p50 ms':>7} {'p95':>7} {'p99':>7} {'CPU ms':>9} "
                f"{'mean KB':>8} {'max KB':>8} {'gzipped':>8}   not 200"
            )
            measure("a small file", it, cookies, lambda: "/static/copy.js", seconds / 4)
            for name, path in kinds:
                measure(name, it, cookies, path, seconds / 4)
            measure("all of these", it, cookies, lambda: chance.choice(mixed)(), seconds)
        style = (ROOT / "templates/web/static/rolecast.css").stat().st_size
        print(f"and the style sheet, once: {style / 1024:.1f} KB")


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 24.0)
