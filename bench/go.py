"""Links under load, against nginx's bare `return 302` in the same run, with wrk on the same two
cores; clicks lost when everything is killed; memory of a million links.

Needs nginx and wrk (Debian: nginx-light, wrk). Every answer's click is on the disk before it
leaves; bringing clicks into the ledger waits while they come in a rush, and its time is told.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from measure import _tree_mb, command, ROLECAST  # noqa: E402, I001
from specs import fill  # noqa: E402

from tests.go.served import Crowd, Served, free_port  # noqa: E402

SECONDS = 6
TICKS = os.sysconf("SC_CLK_TCK")
NGINX = """daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; server {{ listen 127.0.0.1:{port};
location / {{ return 302 https://jobs.example.com/apply?ref=abcdefgh; }} }} }}
"""


@dataclass
class Load:
    """What wrk said, and the seconds of CPU that each side had."""

    rate: float
    p99: float  # milliseconds
    server: float
    generator: float
    raw: str


def wrk(port: int, codes: Path, pids: list[int], *more: str, connections: int = 64) -> Load:
    """Load for SECONDS. pids: the server's processes."""
    before = sum(_cpu(pid) for pid in pids)
    script = more or ("-s", str(ROOT / "bench" / "go.lua"))
    words = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", *script]
    process = subprocess.Popen(
        [*words, f"http://127.0.0.1:{port}", "--", str(codes)], stdout=subprocess.PIPE, text=True
    )
    raw = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if "Non-2xx" in raw or "Socket errors" in raw:
        print(raw)
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", raw)[1])
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", raw).groups()
    p99 = float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]
    server = sum(_cpu(pid) for pid in pids) - before
    return Load(rate, p99, server, usage.ru_utime + usage.ru_stime, raw)


def best_of_two(port: int, codes: Path, pids: list[int]) -> Load:
    """The quicker of two loads, of the peer as of ours: neighbours on the machine come and go."""
    return max((wrk(port, codes, pids) for _ in range(2)), key=lambda load: load.rate)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def nginx(folder: Path, codes: Path) -> Load:
    """The peer: one worker, no log."""
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port))
    process = subprocess.Popen(["nginx", "-c", str(config)])
    time.sleep(1)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    found = best_of_two(port, codes, [process.pid, *map(int, children)])
    process.terminate()
    process.wait()
    return found


def folder_of(root: Path, jobs: int = 100) -> Path:
    """A folder whose jobs are live, and a file with their codes."""
    fill(root / "jobspecs", jobs)
    (root / "rolecast.toml").write_text('[channels.board]\nconnector = "board"\n')
    time.sleep(0.5)
    command(*ROLECAST, "publish", cwd=root)
    with sqlite3.connect(root / ".rolecast" / "ledger.db") as ledger:
        codes = [row[0] for row in ledger.execute("select code from links")]
    (root / "codes.txt").write_text("\n".join(codes) + "\n")
    return root


def half_load(served: Served, codes: Path, rate: float) -> Load:
    """256 connections that pause so long that about half of the most is asked for."""
    script = codes.with_name("half.lua")
    pause = 1000 * 256 / (rate / 2) - 0.5  # an answer takes its time too
    script.write_text(
        f'dofile("{ROOT}/bench/go.lua")\n'
        # wrk takes whole milliseconds
        f"function delay() return math.floor(math.random() * 2 * {pause:.3f} + 0.5) end\n"
    )
    return wrk(served.port, codes, served.pids("rolecast"), "-s", str(script), connections=256)


def throughput(root: Path) -> None:
    codes = root / "codes.txt"
    peer = nginx(root, codes)
    _row("nginx: return 302, nothing kept", peer, peer, "")
    best = 0.0
    for workers, promised in ((1, ">= 33 %"), (2, ">= 50 %")):
        served = Served(root, workers)
        pids = served.pids("rolecast")
        load = best_of_two(served.port, codes, pids)
        _row(f"rolecast go, {workers} process(es)", load, peer, promised)
        best = max(best, load.rate)
        if workers == 1:
            print(f"  against Kutt's and YOURLS' 560 to 890/s: {load.rate / 890:.0f}x (>= 40x)")
            time.sleep(1)
            half = half_load(served, codes, load.rate)
            print(f"  at {half.rate:,.0f}/s, {half.rate / load.rate:.0%} of the most: "
                  f"p99 {half.p99:.2f} ms (< 15 ms)")  # fmt: skip
        began, figures = time.monotonic(), served.figures()
        served.stop()
        kept = int(figures["rolecast_clicks_kept_total"])
        print(f"  {kept:,} clicks kept, {int(figures['rolecast_clicks_late_total'])} late;"
              f" in the ledger {time.monotonic() - began:.1f} s after the load")  # fmt: skip


def _row(what: str, load: Load, peer: Load, promised: str) -> None:
    print(f"{what:34} {load.rate:9,.0f}/s  {load.rate / peer.rate:6.1%}  p99 {load.p99:6.2f} ms  "
          f"CPU {load.server / SECONDS:.2f} + wrk {load.generator / SECONDS:.2f} cores"
          f"  {promised}")  # fmt: skip


def kills(root: Path, rounds: int = 20) -> None:
    """Kill every process with -9 at a random moment under load; then count."""
    codes = (root / "codes.txt").read_text().split()
    answered: dict[str, str] = {}
    before = _counted(root)
    print(f"\n{'round':>6} {'answered':>9} {'lost':>5} {'twice':>6} {'not answered, kept':>19}")
    for number in range(rounds):
        served = Served(root, 1 + number % 2)
        crowd = Crowd(served.port, codes, clients=48)
        crowd.numbers = iter(range(number * 10**7, (number + 1) * 10**7))
        asyncio.run(_while_clicking(crowd, served, 0.3 + number * 0.03))
        command(*ROLECAST, "clicks", "gather", cwd=root)
        rows = [row for row in _rows(root) if row[0].startswith("n")]
        mine = [row for row in rows if int(row[0][1:-8]) // 10**7 == number]
        lost = set(crowd.answered.items()) - set(mine)
        answered |= crowd.answered
        print(f"{number + 1:6} {len(crowd.answered):9,} {len(lost):5} "
              f"{len(mine) - len(set(mine)):6} {len(mine) - len(crowd.answered):19}")  # fmt: skip
    total = _counted(root) - before
    sums = _sum(root)
    print(f"{len(answered):,} answered, {total:,} in the ledger; sums by hour hold {sums:,}, "
          f"single clicks {_counted(root):,}")  # fmt: skip


async def _while_clicking(crowd: Crowd, served: Served, seconds: float) -> None:
    async def kill() -> None:
        await asyncio.sleep(seconds)
        await asyncio.to_thread(served.kill_everything)

    await asyncio.gather(crowd.run(seconds + 0.3), kill())


def _rows(root: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(root / ".rolecast" / "ledger.db") as ledger:
        return ledger.execute(
            "select referrer, link from clicks where referrer like 'n%'"
        ).fetchall()


def _counted(root: Path) -> int:
    with sqlite3.connect(root / ".rolecast" / "ledger.db") as ledger:
        return ledger.execute("select count(*) from clicks").fetchone()[0]


def _sum(root: Path) -> int:
    with sqlite3.connect(root / ".rolecast" / "ledger.db") as ledger:
        return ledger.execute("select sum(count) from clicks_hourly").fetchone()[0]


def memory(root: Path, count: int = 1_000_000) -> None:
    """One process with a million live links."""
    with sqlite3.connect(root / ".rolecast" / "ledger.db") as ledger:
        jobs = [row[0] for row in ledger.execute("select id from jobs")]
        ledger.executemany(
            "insert into links (code, job_id, channel, moment, made) "
            "values (?, ?, ?, 'announce', ?)",
            (
                (
                    f"z{number:07}".translate(str.maketrans("01", "yx")),
                    jobs[number % len(jobs)],
                    f"bench-{number // len(jobs)}",
                    "2026-01-01 00:00:00.000000",
                )
                for number in range(count)
            ),
        )  # fmt: skip
    served = Served(root, 1)
    (worker,) = served.workers()
    deadline = time.monotonic() + 60
    while served.figures()["rolecast_links"] < count and time.monotonic() < deadline:
        time.sleep(0.2)
    links = served.figures()["rolecast_links"]
    mb = _tree_mb(worker)
    served.stop()
    print(f"\n{links:,.0f} links in memory: {mb:.0f} MB (< 400 MB)")


def main() -> None:
    for program in ("nginx", "wrk"):
        if not shutil.which(program):
            sys.exit(f"{program} is not installed: apt-get install nginx-light wrk")
    with tempfile.TemporaryDirectory() as folder:
        root = folder_of(Path(folder))
        throughput(root)
        kills(root)
        memory(root)


if __name__ == "__main__":
    main()
