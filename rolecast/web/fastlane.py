"""Answers open links in the HTTP protocol itself; everything else goes the web app's way.

uvicorn looks after sockets, parsing, keep-alive and shutdown; a link that leads somewhere needs
no scope, no task and no framework. Browsers of one model send the same head but for the link's
code: what the parser has read in one is remembered by its bytes, and read once. The click is on the
disk before the answer leaves, here as there. What uvicorn leaves to a proxy is done here, since a
redirect server is met without one: headers may only be so long, and must arrive in time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rolecast.clicks import SECOND, Seen, seen
from rolecast.web import metrics
from rolecast.web.face import Face

LONGEST = 32 * 1024  # bytes of a request's head
IN_TIME = 10.0  # seconds in which a request's head must have arrived
IDLE = 15.0  # seconds for which a connection may have nothing to ask
LOOK = 5.0  # seconds between two looks at a connection
PATH = b"/r/"
GET = b"GET " + PATH
CODE_ENDS = len(GET) + 40  # bytes within which a request's code must end
KNOWN = 4096  # heads that are remembered, of at most
KNOWN_LONG = 2048  # bytes each
# A head with one of these is one person's: it is read and forgotten.
PERSONAL = frozenset(
    (b"cookie", b"authorization", b"from", b"forwarded", b"x-forwarded-for", b"x-real-ip")
)
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
    return type("FastLane", (FastLane,), {"face": face, "known": {}})


@dataclass(frozen=True, slots=True)
class Known:
    """What the parser has read in a head. last: the connection ends with the answer."""

    who: Seen
    last: bool


class FastLane(HttpToolsProtocol):
    """One connection."""

    face: Face
    known: dict[bytes, Known]  # by what follows the code in a request; bytes mean what they meant
    second: object = None  # the headers that uvicorn adds to every answer, new every second
    ends: tuple[bytes, bytes] = (b"", b"")  # of an answer then: after it others follow, or none

    def connection_made(self, transport) -> None:
        """A connection; a request's head must arrive in time."""
        super().connection_made(transport)
        self._peer = self.client[0] if self.client else ""
        self._head = 0  # bytes of a head that is not complete
        self._complete = self._between = True  # a head; requests
        self._read: Known | None = None  # what the head said that was read last
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
        fresh = self._between and not self._answering and self.cycle is None
        if fresh and self._recall(data):
            return
        self._head += len(data)
        super().data_received(data)
        if self._complete:
            self._head = 0
            # Whole, and one: a second request would have begun, and taken back what was read.
            if fresh and self._between and self._read is not None:
                self._remember(data, self._read)
        elif self._head > LONGEST and not self.transport.is_closing():
            self.transport.write(TOO_LONG)
            self.transport.close()

    def eof_received(self) -> bool:
        """Nothing more is asked; what was asked is still answered."""
        self._last = True
        return self._answering

    def on_message_begin(self) -> None:
        """A head begins. What a web app needs is made when a web app is asked."""
        self._complete = self._between = self._mine = False
        self._read = None
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
        self._between = True
        if not self._mine:
            super().on_message_complete()

    def shutdown(self) -> None:
        """The server ends: answer what is on its way, then close."""
        self.face.end()
        if self._answering:
            self._last = True
        else:
            super().shutdown()

    def _recall(self, data: bytes) -> bool:
        """Answer one whole request that differs from an earlier one in its code only; False when it
        has to be read."""
        if not data.startswith(GET):
            return False
        end = data.find(b" ", len(GET), CODE_ENDS)
        known = self.known.get(data[end:])
        if known is None:
            return False
        self._heard = self.loop.time()
        return self._redirect(data[len(GET) : end], self._peer, known.last, known.who)

    def _remember(self, data: bytes, read: Known) -> None:
        """Remember the head of the one request that `data` is."""
        rest = data[data.find(b" ", len(GET)) :]
        if data.startswith(GET) and len(rest) <= KNOWN_LONG:
            if len(self.known) >= KNOWN:
                self.known.clear()
            self.known[rest] = read

    def _follow(self) -> bool:
        """Answer a link that leads somewhere; False when that takes a page."""
        method = self.parser.get_method()
        busy = self.cycle is not None and not self.cycle.response_complete
        go = self.face.go
        code = self.url[len(PATH) :].partition(b"?")[0]
        if go is None or busy or method not in (b"GET", b"HEAD") or code not in go.links.targets:
            return False
        headers = dict(self.headers)
        address = go.address(self._peer, headers)
        last = not self.parser.should_keep_alive()
        if method == b"HEAD":
            return self._redirect(code, address, last, None)
        who = seen(headers)
        if PERSONAL.isdisjoint(headers):
            self._read = Known(who, last)
        return self._redirect(code, address, last, who)

    def _redirect(self, code: bytes, address: str, last: bool, who: Seen | None) -> bool:
        """Answer an open link; False when that takes a page. who: None counts nothing."""
        face, now = self.face, time.time()
        target = face.go.links.targets.get(code) if face.go else None
        if target is None:
            return False
        before, after, until = target.to
        if now * SECOND >= until or now * SECOND < target.out:
            return False
        if face.go.limiter.wait(address):
            return False
        if FastLane.second is not self.server_state.default_headers:
            self._new_second()
        self._last = last
        self._answer = b"".join((FOUND, before, code, after, FastLane.ends[last]))
        self._answering = True
        if who is None:
            self._done()
        else:
            face.group.add((code, who, address, now), self._done)
        return True

    def _new_second(self) -> None:
        """Put the date and what else uvicorn adds into the answers."""
        FastLane.second = self.server_state.default_headers
        added = b"".join(b"\r\n%b: %b" % header for header in FastLane.second)
        FastLane.ends = (CAUTION + added + KEEP, CAUTION + added + CLOSE)

    def _done(self) -> None:
        """The click is kept: the answer may leave."""
        self._answering = False
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
