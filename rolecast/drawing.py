"""Draws charts in a process of its own, which is started with the first one and begun anew after
some hundreds.

The drawing library works without letting other threads run, and keeps some memory of each chart for
ever: neither is for a process that answers links. It ends with us, since its pipe does.
"""

from __future__ import annotations

import atexit
import pickle
import socket
import subprocess
import sys
import threading
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Any

from rolecast import charts
from rolecast.charts import Chart

MANY = 500  # charts that one process draws
PATIENCE = 30.0  # seconds for one chart, the start of the process included


class NotDrawn(Exception):
    """The chart could not be drawn."""


class Drawer:
    """The process and the way to it. One chart at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection | None = None
        self._left = 0

    def draw(self, kind: str, *of: Any) -> bytes:
        """What `rolecast.charts` makes of it; kind: svg or png. Raises NotDrawn."""
        asked = pickle.dumps((kind, of))
        with self._lock:
            for last in (False, True):  # whoever has died meanwhile is replaced once
                try:
                    return self._ask(asked)
                except (OSError, EOFError) as error:
                    self._end()
                    if last:
                        raise NotDrawn(str(error) or "the drawing process ended") from error
        raise AssertionError

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _ask(self, asked: bytes) -> bytes:
        if not self._left:
            self._end()
            self._start()
        assert self._pipe
        self._left -= 1
        self._pipe.send_bytes(asked)
        if not self._pipe.poll(PATIENCE):
            raise OSError("the drawing took too long")
        drawn, answer = pickle.loads(self._pipe.recv_bytes())
        if not drawn:
            raise NotDrawn(answer)
        return answer

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            number = theirs.fileno()
            command = [sys.executable, "-m", __name__, str(number)]
            self._process = subprocess.Popen(command, pass_fds=(number,), stdin=subprocess.DEVNULL)
        self._pipe, self._left = Connection(ours.detach()), MANY

    def _end(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            try:
                self._process.wait(1)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process, self._pipe, self._left = None, None, 0


_drawer = Drawer()
atexit.register(_drawer.close)


@lru_cache(256)
def svg(chart: Chart, dark: bool = False, phone: bool = False) -> bytes:
    """See rolecast.charts.svg."""
    return _drawer.draw("svg", chart, dark, phone)


@lru_cache(32)
def png(chart: Chart, title: str) -> bytes:
    """See rolecast.charts.png."""
    return _drawer.draw("png", chart, title)


def serve(pipe: Connection) -> None:
    """The process: draws what it is asked for until nobody asks any more."""
    makers = {"svg": charts.svg, "png": charts.png}
    while True:
        try:
            kind, of = pickle.loads(pipe.recv_bytes())
        except (EOFError, OSError):
            return
        try:
            answer = True, makers[kind](*of)
        except Exception as error:
            answer = False, f"{type(error).__name__}: {error}"
        pipe.send_bytes(pickle.dumps(answer))


if __name__ == "__main__":
    with Connection(int(sys.argv[1])) as inherited:
        serve(inherited)
