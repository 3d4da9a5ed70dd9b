"""Answers open links in the HTTP protocol itself; everything else goes the web app's way.

uvicorn looks after sockets, parsing, keep-alive and shutdown; a link that leads somewhere needs
no scope, no task and no framework. What was read once goes a quicker way yet (rolecast.web.lane).
The click is on the disk before the answer leaves, here as there. What uvicorn leaves to a proxy is
done here, since a redirect server is met without one: headers may only be so long, and must arrive
in time.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rolecast.clicks import seen
from rolecast.web import metrics
from rolecast.web.face import Face
from rolecast.web.lane import PATH, Answers, Known, Lane

LONGEST = 32 * 1024  # bytes of a request's head
IN_TIME = 10.0  # seconds in which a request's head must have arrived
IDLE = 15.0  # seconds for which a connection may have nothing to ask
LOOK = 5.0  # seconds between two looks at a connection
# A head with one of these is one person's: it is read and forgotten.
PERSONAL = frozenset(
    (b"cookie", b"authorization", b"from", b"forwarded", b"x-forwarded-for", b"x-real-ip")
)
TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


def protocol(face: Face) -> type[HttpToolsProtocol]:
    """The protocol class that answers for `face`; for uvicorn's `http` setting."""
    return type("FastLane", (FastLane,), {"face": face})


class FastLane(HttpToolsProtocol):
    """One connection."""

    face: Face
    answers: Answers | None = None  # of all connections, since the face has begun

    def connection_made(self, transport) -> None:
        """A connection; a request's head must arrive in time."""
        super().connection_made(transport)
        self._head = 0  # bytes of a head that is not complete
        self._complete = self._between = True  # a head; requests
        self._read: Known | None = None  # what the head said that was read last
        self._mine = False  # whether the request at hand is answered here
        peer = self.client[0] if self.client else ""
        self.lane = Lane(self._answers(), self, transport, peer)
        transport.set_protocol(self.lane)
        self._watch = self.loop.call_later(LOOK, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """Clicks that are on their way stay so."""
        self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes that the lane does not know."""
        lane = self.lane
        fresh = lane.clear and not lane.answering
        self._head += len(data)
        super().data_received(data)
        lane.clear = self._between and self.cycle is None
        if self._complete:
            self._head = 0
            # Whole, and one: a second request would have begun, and taken back what was read.
            if fresh and self._between and self._read is not None:
                lane.answers.remember(data, self._read)
        elif self._head > LONGEST and not self.transport.is_closing():
            self.transport.write(TOO_LONG)
            self.transport.close()

    def on_message_begin(self) -> None:
        """A head begins. What a web app needs is made when a web app is asked."""
        self._complete = self._between = self._mine = False
        self._read = None
        self.lane.heard = self.loop.time()
        self.url = b""
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """A head is there: answer it here, or let the web app."""
        self._complete = True
        if self.lane.answering:
            # A second request before the first is answered, as only programs send it: it is not
            # answered, and the connection ends, which tells them to ask again (RFC 9112, 9.3.2).
            self._mine = self.lane.last = True
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
        self._between = True
        if not self._mine:
            super().on_message_complete()

    def shutdown(self) -> None:
        """The server ends: answer what is on its way, then close."""
        self.face.end()
        if self.lane.answering:
            self.lane.last = True
        else:
            super().shutdown()

    def _answers(self) -> Answers:
        """What our connections share: of the face as it runs now."""
        kind, face = type(self), self.face
        if kind.answers is None or kind.answers.group is not face.group:
            kind.answers = Answers(face.go, face.group, self.server_state)
        return kind.answers

    def _follow(self) -> bool:
        """Answer a link that leads somewhere; False when that takes a page."""
        method = self.parser.get_method()
        go = self.lane.answers.go
        code = self.url[len(PATH) :].partition(b"?")[0]
        if (
            self._app_is_at_work()
            or method not in (b"GET", b"HEAD")
            or code not in go.links.targets
        ):
            return False
        headers = dict(self.headers)
        address = go.address(self.lane.peer, headers)
        last = not self.parser.should_keep_alive()
        if method == b"HEAD":
            return self.lane.redirect(code, address, last, None)
        who = seen(headers)
        if PERSONAL.isdisjoint(headers):
            self._read = Known(who, last)
        return self.lane.redirect(code, address, last, who)

    def _app_is_at_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _look(self) -> None:
        """Close a connection whose request does not come, or none any more.

        One timer for a connection's whole life: a timer for every answer would cost as much as
        the answer.
        """
        waited = self.loop.time() - self.lane.heard
        at_work = self.lane.answering or self._app_is_at_work()
        if (waited > IN_TIME and not self._complete) or (waited > IDLE and not at_work):
            metrics.SLOW.inc(not self._complete)
            self.transport.close()
            return
        self._watch = self.loop.call_later(LOOK, self._look)
