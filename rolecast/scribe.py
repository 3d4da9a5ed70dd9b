"""The scribe: the one process that waits for the disk, for all processes that answer links.

What it is handed by several of them at the same time shares one flush. It owns the spool's segment
(or, with a ledger on PostgreSQL, the way to its intake), answers `kept` when the clicks are there,
and says why not while it tries again. It ends when its parent closes its standard input.

    python -m rolecast.scribe SOCKET FOLDER [LEDGER]
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Protocol

FRESH, AGAIN = 0, 1  # AGAIN: a scribe that has died may have written this
KEPT = b"kept"
RETRY = 0.5  # seconds before a failed write is tried again
_HEAD = struct.Struct("!BI")  # FRESH or AGAIN, length of the JSON


class Store(Protocol):
    """Where clicks are made durable: a spool, or a ledger on PostgreSQL."""

    def write(self, frames: list[tuple[int, bytes]]) -> None:
        """On return the frames are durable; otherwise raises OSError."""


def frame(kind: int, body: bytes) -> bytes:
    """The clicks of one commit, as they are handed over."""
    return _HEAD.pack(kind, len(body)) + body


class Client:
    """One process that answers links."""

    def __init__(self, connection: socket.socket):
        self.socket = connection
        self.heard = b""

    def hear(self) -> list[tuple[int, bytes]] | None:
        """The frames that are complete; None when it has left."""
        try:
            data = self.socket.recv(1 << 16)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        heard, place = self.heard + data, 0
        found = []
        while len(heard) >= place + _HEAD.size:
            kind, length = _HEAD.unpack_from(heard, place)
            start = place + _HEAD.size
            if len(heard) < start + length:
                break
            place = start + length
            found.append((kind, heard[start:place]))
        self.heard = heard[place:]
        return found

    def tell(self, lines: bytes) -> None:
        """Whole lines; who has left hears nothing."""
        with contextlib.suppress(OSError):
            self.socket.send(lines)


def serve(listening: socket.socket, store: Store, until: int) -> None:
    """Write what is handed over until file `until` is closed at its other end."""
    selector = selectors.DefaultSelector()
    selector.register(until, selectors.EVENT_READ)
    selector.register(listening, selectors.EVENT_READ)
    ended = False
    while not ended:
        handed: list[tuple[Client, tuple[int, bytes]]] = []
        for key, _ in selector.select():
            if key.fd == until:
                ended = not os.read(until, 1)
            elif key.fileobj is listening:
                connection, _ = listening.accept()
                connection.setblocking(False)
                selector.register(connection, selectors.EVENT_READ, Client(connection))
            else:
                frames = key.data.hear()
                if frames is None:
                    selector.unregister(key.fileobj)
                    key.fileobj.close()
                else:
                    handed += [(key.data, one) for one in frames]
        if handed:
            _write(store, handed)


def _write(store: Store, handed: list[tuple[Client, tuple[int, bytes]]]) -> None:
    clients = Counter(client for client, _ in handed)
    while True:
        try:
            store.write([one for _, one in handed])
            break
        except OSError as error:
            why = str(error).replace("\n", " ").encode() + b"\n"
            for client in clients:
                client.tell(why)
            time.sleep(RETRY)
            # Part of it may be there in spite of that.
            handed = [(client, (AGAIN, body)) for client, (_, body) in handed]
    for client, frames in clients.items():
        client.tell((KEPT + b"\n") * frames)  # all at once: each telling wakes somebody


class Scribe:
    """Starts a scribe and keeps one there.

    folder: the spool. ledger: its address, when clicks go into its intake.
    """

    def __init__(self, folder: Path, ledger: str | None = None):
        self.folder, self.ledger = folder, ledger
        self._place = tempfile.TemporaryDirectory(prefix="rolecast-")
        self.path = f"{self._place.name}/scribe"  # short: a socket's path may have 107 bytes
        self._process: subprocess.Popen[bytes] | None = None

    def revive(self) -> None:
        """Start one unless one lives."""
        if self._process is None or self._process.poll() is not None:
            words = [sys.executable, "-m", "rolecast.scribe", self.path, str(self.folder)]
            self._process = subprocess.Popen(
                [*words, *([self.ledger] if self.ledger else [])],
                stdin=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C ends those who hand over first
            )

    def stop(self) -> None:
        """Let it finish."""
        if self._process is not None:
            self._process.stdin.close()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._place.cleanup()


def main(path: str, folder: str, ledger: str | None = None) -> None:
    """Be a scribe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # our standard input says when to end
    if ledger:
        from rolecast.gather import Intake
        from rolecast.ledger import Ledger

        store: Store = Intake(Ledger(ledger), Path(folder))
    else:
        from rolecast.spool import Spool

        store = Spool(Path(folder))
    listening = socket.socket(socket.AF_UNIX)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listening.bind(path)
    os.chmod(path, 0o600)
    listening.listen(64)
    serve(listening, store, sys.stdin.fileno())


if __name__ == "__main__":
    main(*sys.argv[1:])
