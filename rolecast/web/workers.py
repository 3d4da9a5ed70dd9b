"""Several processes that answer links on one port, and one that brings their clicks together."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rolecast import compiled
from rolecast.ledger import Ledger
from rolecast.settings import Settings
from rolecast.supervise import die_with_parent
from rolecast.web.face import Gatherer, scribe_of

LOOK = 0.2  # seconds between two looks at whether everybody lives
GRACE = 10.0  # seconds for a worker to end


def run(
    ledger: Ledger,
    settings: Settings,
    folder: Path,
    words: Sequence[str],
    count: int,
    gathers: bool,
    say: Callable[[str], object],
) -> None:
    """Run `count` workers (`rolecast WORDS`) until told to stop, and, if `gathers`, bring what they
    keep into the ledger.

    A worker that ends is started again. Gathering yields to them: it runs at a lower priority.
    Where there are as many workers as cores, each has one of its own.
    """
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    figures = folder / "metrics"
    shutil.rmtree(figures, ignore_errors=True)
    figures.mkdir(parents=True)
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(figures)}

    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []

    def start(place: int) -> subprocess.Popen[bytes]:
        def settle() -> None:
            die_with_parent()
            if count == len(cores):
                with contextlib.suppress(OSError):  # where that is not allowed, it works anyway
                    _settle(cores[place])

        return subprocess.Popen(
            [sys.executable, "-m", "rolecast", *words],
            env=environment,
            start_new_session=True,
            preexec_fn=settle,
        )

    scribe = scribe_of(ledger, settings, folder)
    revive = scribe.revive if scribe else lambda: None
    revive()
    words = [*words, "--worker", *(["--scribe", scribe.path] if scribe else [])]
    processes = [start(place) for place in range(count)]
    _yield_to_others()
    gatherer = Gatherer(ledger, folder / "spool", settings.go.keep_days, thread=False)
    how = "" if compiled.are_used() else ", as Python (`make compile` makes them quicker)"
    say(f"{count} processes answer links{how}. Ctrl-C ends them.")
    while not stop.wait(LOOK):
        revive()
        for place, process in enumerate(processes):
            if process.poll() is not None:
                say("a process that answered links ended; starting it again")
                processes[place] = start(place)
        if gathers:
            gatherer.soon()
    _end(processes)
    if scribe:
        scribe.stop()
    if gathers:
        gatherer.once()


def _settle(core: int) -> None:
    """Have one core: what one works with is in its cache. Interrupt nobody there at every request:
    those who ask at the same time are read together."""
    os.sched_setaffinity(0, {core})
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _yield_to_others() -> None:
    """Run only when nobody else wants to; what we start later does not inherit that."""
    if hasattr(os, "SCHED_IDLE"):
        policy = os.SCHED_IDLE | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(0))


def _end(processes: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + GRACE
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
