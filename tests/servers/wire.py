"""The HTTP side of the fault proxy: messages, the port, its connections."""

import contextlib
import socket
import struct
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Headers = list[tuple[str, str]]


@dataclass(frozen=True)
class Answer:
    """What goes back. ``sent`` bytes of the body are sent when it is given."""

    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    sent: int | None = None


@dataclass
class Request:
    """What came in, and what became of it (``status`` None: the line was cut)."""

    method: str
    path: str
    headers: Headers
    body: bytes
    fault: str = ""
    forwarded: bool = False
    upstream_status: int | None = None
    status: int | None = None

    def matches(self, method: str | None, path: str) -> bool:
        return method in (None, self.method) and path in self.path


class Listener(ThreadingHTTPServer):
    """The port, and the connections that are open on it."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], treat) -> None:
        """``treat(request)`` returns the Answer, or None to reset the connection."""
        self.treat = treat
        self.open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self.open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address) -> None:
        """A client that went away is part of the game."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        super().finish()

    def handle_any(self) -> None:
        request = Request(self.command, self.path, self.headers.items(), self._body())
        answer = self.server.treat(request)
        if answer is None:
            self._reset()
        else:
            request.status = answer.status
            self._send(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_any

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunk(self) -> bytes:
        chunk = self.rfile.read(int(self.rfile.readline().split(b";")[0], 16))
        self.rfile.readline()
        return chunk

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status >= 200 and answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[: answer.sent])
        if answer.sent is not None:
            self.close_connection = True

    def _reset(self) -> None:
        """End the connection with RST: closing with a linger time of zero does that."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()

    def log_message(self, *_) -> None:
        """Quiet: the requests are recorded."""
