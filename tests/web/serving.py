"""Serves the pages of a project on a port of this machine, as `rolecast web` does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from rolecast.web import app
from rolecast.web.face import Face
from rolecast.web.fastlane import protocol


class Served:
    """A running server. url: without a slash at its end."""

    def __init__(self, project, **more):
        self.face = Face(project.ledger, project.settings, project.root / ".rolecast")
        self.app = app.create(
            project.ledger, project.settings, project.channels, face=self.face, **more
        )
        config = uvicorn.Config(self.app, port=0, log_level="error", http=protocol(self.face))
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 20
        while not self.server.started:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    def stop(self) -> float:
        """End it; answers how many seconds that took."""
        began = time.monotonic()
        self.server.should_exit = True
        self.thread.join(20)
        assert not self.thread.is_alive()
        return time.monotonic() - began


@contextmanager
def served(project, **more) -> Iterator[Served]:
    """The pages of a project, until the block ends."""
    made = Served(project, **more)
    try:
        yield made
    finally:
        if made.thread.is_alive():
            made.stop()
