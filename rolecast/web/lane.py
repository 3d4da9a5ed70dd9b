"""The quick way of an open link: what stands in front of one connection's HTTP protocol.

Browsers of one model send the same head but for the link's code: what the parser has read in one is
remembered by its bytes, and read once. Everything else goes to the protocol behind.

Compiled where `make compile` was run (see rolecast.compiled), which is why nothing here is
subclassed and every type is said.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from rolecast.clicks import SECOND, Asked, Seen, seen
from rolecast.commit import Group
from rolecast.go import Go

PATH: Final = b"/r/"
GET: Final = b"GET /r/"
STARTS: Final = 7  # where a request's code begins
CODE_ENDS: Final = 47  # bytes within which it must end
KNOWN = 4096  # heads that are remembered, of at most
KNOWN_LONG: Final = 2048  # bytes each
FOUND: Final = b"HTTP/1.1 302 Found\r\nlocation: "
KEEP: Final = b"\r\ncontent-length: 0\r\n\r\n"
CLOSE: Final = b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
CAUTION: Final = b"\r\ncache-control: no-store\r\nx-robots-tag: noindex\r\nreferrer-policy: origin"

NOBODY: Final = seen({})


class Known:
    """What the parser has read in a head. last: the connection ends with the answer."""

    def __init__(self, who: Seen, last: bool):
        self.who, self.last = who, last


class Answers:
    """What the connections of one process share. server: uvicorn's state, whose headers are added
    to every answer, new every second."""

    def __init__(self, go: Go, group: Group, server: Any):
        self.go, self.group, self.server = go, group, server
        # By what follows the code in a request: bytes mean what they meant.
        self.known: dict[bytes, Known] = {}
        self.second: object = None  # the headers of this second
        self.keep = self.close = b""  # how an answer ends then: others follow, or none

    def new_second(self) -> None:
        """Put the date and what else uvicorn adds into the answers."""
        headers: list[tuple[bytes, bytes]] = self.server.default_headers
        added = b"".join([b"\r\n" + name + b": " + value for name, value in headers])
        self.keep, self.close = CAUTION + added + KEEP, CAUTION + added + CLOSE
        self.second = headers

    def remember(self, data: bytes, read: Known) -> None:
        """Remember the head of the one request that `data` is, by what follows its code."""
        rest = data[data.find(b" ", STARTS) :]
        if data.startswith(GET) and len(rest) <= KNOWN_LONG:
            if len(self.known) >= KNOWN:
                self.known.clear()
            self.known[rest] = read


class Lane(Asked):
    """One connection, as the event loop sees it.

    behind: the HTTP protocol, which gets what is not known, and says in `clear` whether nothing is
    half read or with the web app. peer: the address at the other end.
    """

    def __init__(
        self,
        answers: Answers,
        behind: asyncio.Protocol,
        transport: asyncio.Transport,
        peer: str,
    ):
        super().__init__(b"", NOBODY, peer, 0.0)
        self.answers, self.behind, self.transport = answers, behind, transport
        self.peer = peer
        self.clear = True
        self.answering = False  # whether a click is on its way to the disk
        self.last = False  # whether the connection ends with this answer
        self.heard = answers.group.now  # when something came last, or a head began
        self._answer = b""

    def data_received(self, data: bytes) -> None:
        """Bytes of one request, or of several."""
        if not (self.clear and not self.answering and self._recall(data)):
            self.behind.data_received(data)

    def eof_received(self) -> bool:
        """Nothing more is asked; what was asked is still answered."""
        self.last = True
        return self.answering

    def connection_lost(self, error: Exception | None) -> None:
        """Clicks that are on their way stay so."""
        self.behind.connection_lost(error)

    def pause_writing(self) -> None:
        """Whoever is at the other end does not read."""
        self.behind.pause_writing()

    def resume_writing(self) -> None:
        """They read again."""
        self.behind.resume_writing()

    def _recall(self, data: bytes) -> bool:
        """Answer one whole request that differs from an earlier one in its code only; False when it
        has to be read."""
        if not data.startswith(GET):
            return False
        end: int = data.find(b" ", STARTS, CODE_ENDS)
        known = self.answers.known.get(data[end:])
        if known is None:
            return False
        self.heard = self.answers.group.now
        return self.redirect(data[STARTS:end], self.peer, known.last, known.who)

    def redirect(self, code: bytes, address: str, last: bool, who: Seen | None) -> bool:
        """Answer an open link; False when that takes a page. who: None counts nothing."""
        answers, now = self.answers, time.time()
        go = answers.go
        target = go.links.targets.get(code)
        if target is None:
            return False
        before, after, until = target.to
        at = now * SECOND
        if at >= until or at < target.out or go.limiter.wait(address):
            return False
        if answers.second is not answers.server.default_headers:
            answers.new_second()
        self.last = last
        end = answers.close if last else answers.keep
        self._answer = b"".join((FOUND, before, code, after, end))
        self.answering = True
        if who is None:
            self.kept()
        else:
            if who is not self.who or address != self.address:
                self.who, self.address, self.day = who, address, -1
            self.code, self.at = code, now
            answers.group.add(self)
        return True

    def kept(self) -> None:
        """The click is kept: the answer leaves."""
        self.answering = False
        if not self.transport.is_closing():
            self.transport.write(self._answer)
            if self.last:
                self.transport.close()
