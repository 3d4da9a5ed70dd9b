"""Shared by the benches: running a command with its time and its peak memory, printing a table."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROLECAST = [sys.executable, "-m", "rolecast"]


@dataclass
class Run:
    """seconds: wall time; peak_mb: of the process and its children together."""

    seconds: float
    peak_mb: float
    output: str


def command(*words: str, cwd: Path | None = None) -> Run:
    """Run a command to its end. Raises CalledProcessError on an exit status above 1."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    began = time.perf_counter()
    process = subprocess.Popen(words, cwd=cwd, env=env, stdout=subprocess.PIPE, text=True)
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, peak), daemon=True)
    watcher.start()
    output = process.communicate()[0]
    seconds = time.perf_counter() - began
    if process.returncode > 1:
        raise subprocess.CalledProcessError(process.returncode, words, output)
    return Run(seconds, peak[0], output)


def best(times: int, work: Callable[[], Run]) -> Run:
    """The quickest of several runs, with the highest peak."""
    runs = [work() for _ in range(times)]
    quickest = min(runs, key=lambda run: run.seconds)
    return Run(quickest.seconds, max(run.peak_mb for run in runs), quickest.output)


def row(what: str, ours: float, peer: float, unit: str = "s", limit: str = "") -> None:
    """One line of a table: ours, the peer's, the ratio and what was promised."""
    print(f"{what:46} {ours:9.3f} {unit:8} {peer:9.3f} {unit:8} {ours / peer:6.2f}x   {limit}")


def head(peer: str) -> None:
    """The table's first line."""
    print(f"{'':46} {'ours':18} {peer:18} {'ratio':9} promised")


def _watch(process: subprocess.Popen[str], peak: list[float]) -> None:
    while process.poll() is None:
        peak[0] = max(peak[0], _tree_mb(process.pid))
        time.sleep(0.02)


def _tree_mb(pid: int) -> float:
    """Proportional set size of a process and its children, in MB (Linux)."""
    total = 0
    todo = [pid]
    while todo:
        one = todo.pop()
        try:
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        todo += [int(child) for child in children]
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line[:4] == "Pss:")
    return total / 1024
