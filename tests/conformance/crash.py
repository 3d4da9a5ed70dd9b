"""Publishes like `rolecast publish`, and kills itself at a named step.

python -m tests.conformance.crash ROOT STEP
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from rolecast import publish
from tests.house import http, open_project


def main(root: str, deadly: str) -> None:
    def step(name: str) -> None:
        if name == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

    project = open_project(Path(root), dict(os.environ))
    changes = project.plan(wait=0).plan.changes
    publish.carry_out(project.ledger, project.channels, changes, http, step=step)


if __name__ == "__main__":
    main(*sys.argv[1:])
