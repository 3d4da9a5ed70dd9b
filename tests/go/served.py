"""A real `rolecast go` with its processes, and clients that remember what was answered."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).parents[2]
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/139.0 Safari/537.36"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served:
    """`rolecast go` on a folder."""

    running: ClassVar[set[Served]] = set()  # to be ended even after a test that fails

    def __init__(self, root: Path, workers: int = 1, *more: str, env: dict[str, str] | None = None):
        self.root, self.port = root, free_port()
        words = ["go", "--workers", str(workers), "--port", str(self.port), *more]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rolecast", "--root", str(root), *words],
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.running.add(self)
        deadline = time.monotonic() + 30
        while self._listening() < workers:
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def _listening(self) -> int:
        """How many processes listen at our port."""
        table = Path("/proc/net/tcp").read_text()
        return len(re.findall(rf":{self.port:04X} 00000000:0000 0A", table))

    def get(self, path: str, *headers: str, method="GET", timeout=5.0) -> bytes:
        """The whole answer to one request."""
        with socket.create_connection(("127.0.0.1", self.port), timeout) as connection:
            lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
            connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
            answer = b""
            while data := connection.recv(65536):
                answer += data
            return answer

    def figures(self) -> dict[str, float]:
        """What /metrics says."""
        text = self.get("/metrics").partition(b"\r\n\r\n")[2].decode()
        pairs = [line.split() for line in text.splitlines() if line and line[0] != "#"]
        return {name: float(value) for name, value in pairs}

    def pids(self, what: str) -> list[int]:
        """The processes below ours whose command line holds `what`."""
        found = []
        todo = [self.process.pid]
        while todo:
            pid = todo.pop()
            try:
                todo += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
                words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            except FileNotFoundError:
                continue
            if what in words:
                found.append(pid)
        return found

    def scribe(self) -> int:
        (pid,) = self.pids("rolecast.scribe")
        return pid

    def stall(self) -> int:
        """Stop the scribe, as a ledger that stalls would; its number, for SIGCONT."""
        scribe = self.scribe()
        os.kill(scribe, signal.SIGSTOP)
        while Path(f"/proc/{scribe}/stat").read_text().rpartition(")")[2].split()[0] != "T":
            time.sleep(0.001)  # until what it is about to write is written
        return scribe

    def workers(self) -> list[int]:
        return self.pids("--worker ")

    def kill_everything(self):
        """As when the machine's power goes: nobody gets to say anything."""
        self.running.discard(self)
        everybody = [self.process.pid, *self.pids("rolecast")]
        for pid in everybody:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
        deadline = time.monotonic() + 10
        while any(_lives(pid) for pid in everybody):
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(30) is not None
        self.running.discard(self)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Crowd:
    """Many clients that follow links at the same time, each click known by a number of its own,
    which travels as the referring site's name."""

    def __init__(self, port: int, codes: list[str], clients: int = 32):
        self.port, self.codes, self.clients = port, codes, clients
        self.numbers = itertools.count()  # of clicks
        self.answered: dict[str, str] = {}  # referring host → code
        self.slowest = 0.0

    async def run(self, seconds: float):
        """Click for a while; a server that dies or is away does not stop us."""
        end = time.monotonic() + seconds
        await asyncio.gather(*(self._client(end) for _ in range(self.clients)))

    async def _client(self, end: float):
        while time.monotonic() < end:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                while time.monotonic() < end:
                    await self._click(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.02)
            finally:
                if "writer" in locals():
                    writer.close()

    async def _click(self, reader, writer):
        code, host = random.choice(self.codes), f"n{next(self.numbers)}.example"
        began = time.monotonic()
        writer.write(
            f"GET /r/{code} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {BROWSER}\r\n"
            f"Accept-Language: de-DE\r\nDNT: 1\r\nReferer: https://{host}/\r\n\r\n".encode()
        )
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 302"), answer
        assert f"={code}".encode() in answer
        self.answered[host] = code
        self.slowest = max(self.slowest, time.monotonic() - began)
