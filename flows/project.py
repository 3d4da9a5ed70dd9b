"""The project that a flow works on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from connectors import TABLE
from flows import blocks
from rolecast.project import Project


@contextmanager
def project(root: str) -> Iterator[Project]:
    """The project in `root`, with secrets from the environment and from Prefect's blocks."""
    opened = Project.open(Path(root), TABLE, os.environ, blocks.secret)
    try:
        yield opened
    finally:
        opened.ledger.close()
