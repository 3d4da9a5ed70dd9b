"""The scribe: the one process that waits for a ledger on PostgreSQL, for all processes that answer
links.

What it is handed by several of them at the same time shares one transaction. It answers `kept` when
the clicks are in the ledger's intake (or on the disk while that is away), and says why not while it
tries again. It ends when its parent closes its standard input.

    python -m rolecast.scribe SOCKET FOLDER LEDGER
"""

from __future__ import annotations

import asyncio
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
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rolecast.spool import AGAIN, FRESH, RETRY

if TYPE_CHECKING:
    from rolecast.commit import Group

KEPT = b"kept"
AGAIN_SOON = 0.1  # seconds between two tries to reach the scribe
_HEAD = struct.Struct("!BI")  # FRESH or AGAIN, length of the JSON


class Store(Protocol):
    """Where clicks are made durable."""

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

    folder: the spool. ledger: its address.
    """

    def __init__(self, folder: Path, ledger: str):
        self.folder, self.ledger = folder, ledger
        self._place = tempfile.TemporaryDirectory(prefix="rolecast-")
        self.path = f"{self._place.name}/scribe"  # short: a socket's path may have 107 bytes
        self._process: subprocess.Popen[bytes] | None = None

    def revive(self) -> None:
        """Start one unless one lives."""
        if self._process is None or self._process.poll() is not None:
            words = ["-m", "rolecast.scribe", self.path, str(self.folder), self.ledger]
            self._process = subprocess.Popen(
                [sys.executable, *words],
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


class Link(asyncio.Protocol):
    """The way of one process's clicks to the scribe. See rolecast.commit.Way.

    path: the scribe's socket. revive: sees to it that there is a scribe; called when it cannot be
    reached.
    """

    def __init__(self, path: str, revive: Callable[[], object] = lambda: None):
        self.path, self.revive = path, revive
        self._waiting: deque[bytes] = deque()  # handed over or to be, not yet kept
        self._heard = b""
        self._scribe: asyncio.Transport | None = None
        self._closing = False

    async def open(self, group: Group) -> None:
        """Reach the scribe."""
        self._group = group
        await self._reach()

    def write(self, body: bytes) -> None:
        """Take a batch."""
        self._waiting.append(body)
        if self._scribe:
            self._scribe.write(frame(FRESH, body))

    async def close(self) -> None:
        """Leave the scribe."""
        self._closing = True
        if self._scribe:
            self._scribe.close()

    async def _reach(self) -> None:
        loop = asyncio.get_running_loop()
        while self._scribe is None and not self._closing:
            try:
                await loop.create_unix_connection(lambda: self, self.path)
            except OSError:
                self.revive()
                await asyncio.sleep(AGAIN_SOON)

    def connection_made(self, transport) -> None:
        """What an earlier scribe was handed and did not answer is handed over again, as such."""
        self._scribe, self._heard = transport, b""
        for body in self._waiting:
            transport.write(frame(AGAIN, body))

    def data_received(self, data: bytes) -> None:
        """One line each: that a batch is kept, or why not yet."""
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            if line == KEPT:
                self._waiting.popleft()
                self._group.kept()
            else:
                self._group.failed(line.decode("utf-8", "replace"))

    def connection_lost(self, error: Exception | None) -> None:
        """The scribe is gone: find the next one."""
        self._scribe = None
        if not self._closing:
            self._reaching = asyncio.get_running_loop().create_task(self._reach())


def main(path: str, folder: str, ledger: str) -> None:
    """Be a scribe."""
    from rolecast.gather import Intake
    from rolecast.ledger import Ledger

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # our standard input says when to end
    listening = socket.socket(socket.AF_UNIX)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listening.bind(path)
    os.chmod(path, 0o600)
    listening.listen(64)
    serve(listening, Intake(Ledger(ledger), Path(folder)), sys.stdin.fileno())


if __name__ == "__main__":
    main(*sys.argv[1:])
