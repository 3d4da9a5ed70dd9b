"""Answers open links in the HTTP protocol itself; everything else goes the web app's way.

uvicorn looks after sockets, parsing, keep-alive and shutdown; a link that leads somewhere needs
no scope, no task and no framework. The click is on the disk before the answer leaves, here as
there. What uvicorn leaves to a proxy is done here, since a redirect server is met without one:
headers may only be so long, and must arrive in time.
"""

from __future__ import annotations

import time

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rolecast.clicks import SECOND
from rolecast.web import metrics
from rolecast.web.face import Face

LONGEST = 32 * 1024  # bytes of a request's head
IN_TIME = 10.0  # seconds in which a request's head must have arrived
IDLE = 15.0  # seconds for which a connection may have nothing to ask
LOOK = 5.0  # seconds between two looks at a connection
PATH = b"/r/"
TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)
FOUND = b"HTTP/1.1 302 Found\r\nlocation: "
KEEP = b"\r\ncontent-length: 0\r\n\r\n"
CLOSE = b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
CAUTION = b"\r\ncache-control: no-store\r\nx-robots-tag: noindex\r\nreferrer-policy: origin"


def protocol(face: Face) -> type[HttpToolsProtocol]:
    """The protocol class that answers for `face`; for uvicorn's `http` setting."""
    return type("FastLane", (FastLane,), {"face": face})


class FastLane(HttpToolsProtocol):
    """One connection."""

    face: Face
    headers_of: object = None
    headers_as = b""

    def connection_made(self, transport) -> None:
        """A connection; a request's head must arrive in time."""
        super().connection_made(transport)
        self._head = 0  # bytes of a head that is not complete
        self._complete = True
        self._mine = False  # whether the request at hand is answered here
        self._last = False  # whether the connection ends with this answer
        self._answering = False  # whether a click is on its way to the disk
        self._heard = self.loop.time()  # when something came last, or a head began
        self._watch = self.loop.call_later(LOOK, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Clicks that are on their way stay so."""
        self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of one request, or of several."""
        self._head += len(data)
        super().data_received(data)
        if self._complete:
            self._head = 0
        elif self._head > LONGEST and not self.transport.is_closing():
            self.transport.write(TOO_LONG)
            self.transport.close()

    def eof_received(self) -> bool:
        """Nothing more is asked; what was asked is still answered."""
        self._last = True
        return self._answering

    def on_message_begin(self) -> None:
        """A head begins. What a web app needs is made when a web app is asked."""
        self._complete = self._mine = False
        self._heard = self.loop.time()
        self.url = b""
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """A head is there: answer it here, or let the web app."""
        self._complete = True
        if self._answering:
            # A second request before the first is answered, as only programs send it: it is not
            # answered, and the connection ends, which tells them to ask again (RFC 9112, 9.3.2).
            self._mine = self._last = True
        elif self.url.startswith(PATH) and self._follow():
            self._mine = True
        else:
            url, headers = self.url, self.headers
            super().on_message_begin()
            self.on_url(url)
            for name, value in headers:
                super().on_header(name, value)
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Bodies are the web app's."""
        if not self._mine:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """A whole request."""
        if not self._mine:
            super().on_message_complete()

    def shutdown(self) -> None:
        """The server ends: answer what is on its way, then close."""
        self.face.end()
        if self._answering:
            self._last = True
        else:
            super().shutdown()

    def _follow(self) -> bool:
        """Answer a link that leads somewhere; False when that takes a page."""
        go, group = self.face.go, self.face.group
        method = self.parser.get_method()
        busy = self.cycle is not None and not self.cycle.response_complete
        if go is None or busy or method not in (b"GET", b"HEAD"):
            return False
        code = self.url[len(PATH) :].partition(b"?")[0]
        target = go.links.targets.get(code)
        if target is None:
            return False
        before, after, until = target.to
        now = time.time()
        if now * SECOND >= until or now * SECOND < target.out:
            return False
        headers = dict(self.headers)
        address = go.address(self.client[0] if self.client else "", headers)
        if go.limiter.wait(address):
            return False
        self._last = not self.parser.should_keep_alive()
        self._answer = b"".join(
            (FOUND, before, code, after, CAUTION, self._defaults(), CLOSE if self._last else KEEP)
        )
        self._answering = True
        if method == b"HEAD":
            self._done()
        else:
            group.add(go.click(code.decode(), headers, address, now), self._done)
        return True

    def _defaults(self) -> bytes:
        """The headers that uvicorn adds to every answer, such as the date; new every second."""
        state = self.server_state
        if FastLane.headers_of is not state.default_headers:
            FastLane.headers_of = state.default_headers
            FastLane.headers_as = b"".join(
                b"\r\n" + name + b": " + value for name, value in state.default_headers
            )
        return FastLane.headers_as

    def _done(self) -> None:
        """The click is kept: the answer may leave."""
        self._answering = False
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.transport.write(self._answer)
        if self._last:
            self.transport.close()

    def _look(self) -> None:
        """Close a connection whose request does not come, or none any more.

        One timer for a connection's whole life: a timer for every answer would cost as much as
        the answer.
        """
        waited = self.loop.time() - self._heard
        at_work = self._answering or (self.cycle is not None and not self.cycle.response_complete)
        if (waited > IN_TIME and not self._complete) or (waited > IDLE and not at_work):
            metrics.SLOW.inc(not self._complete)
            self.transport.close()
            return
        self._watch = self.loop.call_later(LOOK, self._look)
