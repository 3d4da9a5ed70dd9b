"""Flows that serve a folder, on the Prefect server of the tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import end


@pytest.fixture
def serving(prefect):
    """``serving(root)`` has the flows that serve a folder run, until the test ends."""
    running = []

    def serve(root: Path) -> Path:
        command = [sys.executable, "-m", "flows.serve", "--root", str(root)]
        with (root / "serve.log").open("wb") as log:
            running.append(
                subprocess.Popen(
                    command, env=prefect, stdout=log, stderr=log, start_new_session=True
                )
            )
        return root

    yield serve
    for process in running:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(90)
        finally:
            end(process)
