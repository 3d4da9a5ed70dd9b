"""Starts Prefect's server, the watcher and the web apps as one tree, and ends them together."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 90.0  # seconds for one part to answer
GRACE = 12.0  # seconds for one part to end
RESTARTS = 5  # of one part within a minute


class Trouble(Exception):
    """The tree cannot run; the message says what to do."""


@dataclass
class Part:
    """One process of the tree."""

    name: str
    command: list[str]
    ready: str | None = None  # an address that answers when the part works
    process: subprocess.Popen[bytes] | None = None
    starts: list[float] = field(default_factory=list)


class Tree:
    """The processes of `rolecast up`.

    root: the folder with rolecast.toml. say: how to tell the person at the terminal. when_up:
    called once when every part answers, with a function that says whether to give up.
    """

    def __init__(
        self,
        root: Path,
        host: str,
        port: int,
        prefect_port: int,
        say: Callable[[str], object],
        when_up: Callable[[Callable[[], bool]], object] = lambda stopping: None,
    ):
        self.root, self.say, self.when_up = root, say, when_up
        self.state = root / ".rolecast"
        self.web = f"http://{host}:{port}"
        self.prefect = f"http://{host}:{prefect_port}"
        python = sys.executable

        def at(number: int) -> list[str]:
            return ["--host", host, "--port", str(number)]

        self.parts = [
            Part(
                "Prefect's server",
                [python, "-m", "prefect", "server", "start", *at(prefect_port)],
                f"{self.prefect}/api/health",
            ),
            Part(
                "board, desk and links",
                [
                    python,
                    "-m",
                    "rolecast",
                    "--root",
                    str(root),
                    "web",
                    *at(port),
                    "--prefect-ui",
                    self.prefect,
                ],
                f"{self.web}/livez",
            ),
            Part("watcher", [python, "-m", "flows.serve", "--root", str(root)]),
        ]
        self.ports = {"--port": port, "--prefect-port": prefect_port}
        self.host = host
        self.stopping = False

    def run(self) -> int:
        """Start, watch over, stop. Answers the exit status. Raises Trouble."""
        self._check_ports()
        (self.state / "logs").mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        began = time.monotonic()
        try:
            for part in self.parts[:-1]:
                self._start(part)
            for part in self.parts[:-1]:
                self._wait_for(part)
            self._start(self.parts[-1])  # the watcher needs Prefect's server
            if not self.stopping:
                self.say(f"Everything runs after {time.monotonic() - began:.0f} s.")
                self.when_up(lambda: self.stopping)
                self._addresses()
            while not self.stopping:
                time.sleep(0.3)
                self._watch_over()
        finally:
            self._stop()
        return 0

    def _on_signal(self, number: int, frame: object) -> None:
        self.stopping = True

    def _check_ports(self) -> None:
        for option, port in self.ports.items():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((self.host, port))
                except OSError as error:
                    raise Trouble(
                        f"port {port} is taken by another program; stop that, or use {option}"
                    ) from error

    def _start(self, part: Part) -> None:
        part.starts.append(time.monotonic())
        self.say(f"  starting {part.name} …")
        with (self.state / "logs" / f"{part.command[2]}.log").open("ab") as log:
            part.process = subprocess.Popen(
                part.command,
                cwd=self.root,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C comes to us, and we end the parts in order
                preexec_fn=die_with_parent,
            )

    def environment(self) -> dict[str, str]:
        """The parts' environment: Prefect keeps its files in ours, and tells nobody of us."""
        home = self.state / "prefect"
        defaults = {
            "PREFECT_HOME": str(home),
            "PREFECT_API_URL": f"{self.prefect}/api",
            "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home}/prefect.db",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "PREFECT_UI_API_URL": f"{self.prefect}/api",
            "PREFECT_LOGGING_LEVEL": "INFO",
            "PYTHONUNBUFFERED": "1",
        }
        home.mkdir(parents=True, exist_ok=True)
        here = str(Path(__file__).parent.parent)  # where flows and connectors are found
        path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))
        return {**os.environ, **defaults, "PYTHONPATH": path}

    def _wait_for(self, part: Part) -> None:
        """Until the part answers. Raises Trouble."""
        deadline = time.monotonic() + PATIENCE
        while part.ready and not self.stopping and not _answers(part.ready):
            if part.process.poll() is not None:
                raise Trouble(f"{part.name} ended at once; {self._log_of(part)} says why")
            if time.monotonic() > deadline:
                raise Trouble(f"{part.name} does not answer; {self._log_of(part)} may say why")
            time.sleep(0.1)

    def _log_of(self, part: Part) -> Path:
        return self.state / "logs" / f"{part.command[2]}.log"

    def _watch_over(self) -> None:
        for part in self.parts:
            if part.process.poll() is None or self.stopping:
                continue
            recent = [at for at in part.starts if at > time.monotonic() - 60]
            if len(recent) > RESTARTS:
                raise Trouble(f"{part.name} keeps ending; {self._log_of(part)} says why")
            self.say(f"  {part.name} ended; starting it again")
            time.sleep(min(len(recent), 3))
            self._start(part)

    def _addresses(self) -> None:
        self.say(
            f"\n  Board     {self.web}/\n  Desk      {self.web}/desk\n"
            f"  Prefect   {self.prefect}/  (artifacts: {self.prefect}/artifacts)\n\n"
            f"Drop a job spec into {self.root / 'jobspecs'} and watch. Ctrl-C ends everything."
        )

    def _stop(self) -> None:
        self.say("\nStopping …")
        for part in reversed(self.parts):
            if part.process is None or part.process.poll() is not None:
                continue
            _signal(part.process, signal.SIGTERM)
            try:
                part.process.wait(GRACE)
            except subprocess.TimeoutExpired:
                self.say(f"  {part.name} did not end; killed")
            _signal(part.process, signal.SIGKILL)  # and what it may have left behind
        self.say("Stopped.")


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def die_with_parent() -> None:
    """On Linux a part ends with us even when we are killed (prctl PR_SET_PDEATHSIG)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
