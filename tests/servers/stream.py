"""A proxy in front of a server that talks in a stream, which breaks it off where it is told to.

    with StreamProxy("127.0.0.1", prosody.port, b'type="groupchat"') as proxy:
        proxy.fault = "cut"

`fault`, once, when the client first sends something that holds the mark: "cut" (it is passed on,
nothing comes back any more), "drop" (it is not passed on), or a function called after it was.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable


class TcpProxy:
    """Takes connections on a port of its own; what to do with each is `_talk`'s."""

    def __init__(self, host: str, port: int) -> None:
        self.upstream = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        raise NotImplementedError


class StreamProxy(TcpProxy):
    """Passes bytes on in both directions."""

    def __init__(self, host: str, port: int, mark: bytes) -> None:
        self.mark = mark
        self.fault: str | Callable[[], None] | None = None
        self.marks = 0  # how many sendings held the mark
        super().__init__(host, port)

    def _talk(self, client: socket.socket) -> None:
        with (
            client,
            contextlib.suppress(OSError),
            socket.create_connection(self.upstream) as server,
        ):
            deaf = threading.Event()  # the client hears nothing more
            back = threading.Thread(target=self._back, args=(server, client, deaf))
            back.start()
            while part := client.recv(65536):
                if self.mark in part and not self._marked(part, client, server, deaf):
                    break
                server.sendall(part)
            for connection in (server, client):
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            back.join(10)

    def _marked(self, part: bytes, client, server, deaf: threading.Event) -> bool:
        """The client has sent the mark; whether the conversation goes on."""
        self.marks += 1
        fault, self.fault = self.fault, None
        if fault is None:
            return True
        deaf.set()
        if fault != "drop":
            server.sendall(part)
            time.sleep(0.3)  # a stream has no answer to wait for: let the server read it
        if callable(fault):
            fault()
        return False

    @staticmethod
    def _back(server: socket.socket, client: socket.socket, deaf: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while part := server.recv(65536):
                if not deaf.is_set():
                    client.sendall(part)
