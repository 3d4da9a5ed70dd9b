"""Pages that are open follow the ledger: GET /desk/events says what has changed (server-sent
events, html.spec.whatwg.org, 9.2), and the page fetches itself anew.

One thread watches the ledger for all of them, and only while somebody listens.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from rolecast.ledger import Ledger, pulse
from rolecast.people import Role
from rolecast.web.access import guarded

log = logging.getLogger("rolecast.live")

EVERY = 0.3  # seconds between two looks at the ledger
SLOWLY = {"clicks": 10.0}  # seconds between two times of telling, where a lot happens
BEAT = 15.0  # seconds after which a silent line says that it is there
LIFE = 600.0  # seconds of one connection: then the browser asks again, and is let in again
RETRY = 3000  # milliseconds after which it does
MOST, EACH = 200, 8  # connections in all, and of one person
HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx and its like pass every line on at once
}
ALL = "all"


@dataclass(eq=False)
class _Listener:
    who: str
    loop: asyncio.AbstractEventLoop
    watched: threading.Event  # set as soon as the ledger is being watched
    queue: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(32))

    def tell(self, text: str | None) -> None:
        """From any thread."""

        def put() -> None:
            if self.queue.full():  # it does not read: what it misses is in the next look
                self.queue.get_nowait()
            self.queue.put_nowait(text)

        try:
            self.loop.call_soon_threadsafe(put)
        except RuntimeError:  # the loop has ended
            return


class Live:
    """Tells open pages what has changed in the ledger."""

    def __init__(self, ledger: Ledger):
        self.ledger = ledger
        self._lock = threading.Lock()
        self._listeners: set[_Listener] = set()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._watched = threading.Event()

    def mark(self) -> str:
        """Names the state that a page shows: what changes from now on is told to who asks with
        it, even when they ask a little later."""
        try:
            with self.ledger.read() as conn:
                return _named(pulse.marks(conn))
        except Ledger.Error:
            return ""

    def before(self, request: Request) -> None:
        """To be called before a page reads what it shows."""
        request.state.mark = self.mark()

    def close(self) -> None:
        """The server ends: so do all connections, at once."""
        self._closed.set()
        with self._lock:
            listeners = set(self._listeners)
        for one in listeners:
            one.tell(None)

    @property
    def listening(self) -> int:
        """How many pages are open."""
        return len(self._listeners)

    def join(self, who: str) -> _Listener | None:
        """One more page; None when there are too many."""
        with self._lock:
            counts = Counter(other.who for other in self._listeners)
            if self._closed.is_set() or len(self._listeners) >= MOST or counts[who] >= EACH:
                return None
            if self._thread is None:
                self._watched = threading.Event()
                self._thread = threading.Thread(target=self._watch, name="live", daemon=True)
                self._thread.start()
            one = _Listener(who, asyncio.get_running_loop(), self._watched)
            self._listeners.add(one)
        return one

    def leave(self, one: _Listener) -> None:
        """A page less."""
        with self._lock:
            self._listeners.discard(one)

    async def stream(self, one: _Listener, since: str) -> AsyncIterator[str]:
        """The lines of one connection."""
        try:
            ends = time.monotonic() + LIFE
            yield f"retry: {RETRY}\n\n"
            # In this order nothing is missed: what happens from now on is told, and what happened
            # before is in the mark.
            await asyncio.to_thread(one.watched.wait, 5)
            mark = await asyncio.to_thread(self.mark)
            yield f"id: {mark}\nevent: mark\ndata: {mark}\n\n"
            if since != mark:
                yield _event(mark, ALL)
            while time.monotonic() < ends:
                try:
                    topics = await asyncio.wait_for(one.queue.get(), BEAT)
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if topics is None:
                    return
                yield topics
        finally:
            self.leave(one)

    def _watch(self) -> None:
        watch, told, ready = self.ledger.watch(), dict.fromkeys(SLOWLY, 0.0), self._watched
        last: dict[str, str] | None = None
        owed: set[str] = set()
        while not self._closed.is_set():
            try:
                if watch.changed() or last is None or owed:
                    with self.ledger.read() as conn:
                        now = pulse.marks(conn)
                    last = self._tell(last, now, told, owed)
                    ready.set()
            except Ledger.Error as error:
                log.warning("open pages wait, since the ledger cannot be read: %s", type(error))
                watch.close()
            self._closed.wait(EVERY)
            with self._lock:
                if not self._listeners:
                    self._thread = None
                    break
        watch.close()

    def _tell(
        self,
        last: dict[str, str] | None,
        now: dict[str, str],
        told: dict[str, float],
        owed: set[str],
    ) -> dict[str, str]:
        changed = {name for name in now if last is not None and now[name] != last[name]} | owed
        owed.clear()
        for name in changed & set(SLOWLY):
            if time.monotonic() - told[name] < SLOWLY[name]:
                owed.add(name)
            else:
                told[name] = time.monotonic()
        changed -= owed
        if changed:
            text = _event(_named(now), *sorted(changed))
            with self._lock:
                listeners = set(self._listeners)
            for one in listeners:
                one.tell(text)
        return now


def routes(site) -> list[Route]:
    """/desk/events"""

    def events(request: Request) -> Response:
        # A browser that comes back says by itself what it heard last.
        since = request.headers.get("last-event-id") or request.query_params.get("since", "")
        return _Later(site.live, request.state.person.id, since)

    return [guarded(site, "/desk/events", events, Role.recruiter)]


class _Later(Response):
    """Joins when the answer begins, in the server's loop, and not in the thread that checked who
    asks."""

    def __init__(self, live: Live, who: str, since: str):
        super().__init__()
        self.live, self.who, self.since = live, who, since

    async def __call__(self, scope, receive, send) -> None:
        one = self.live.join(self.who)
        if one is None:
            answer: Response = PlainTextResponse(
                "too many pages are open", 503, {"Retry-After": "30"}
            )
        else:
            answer = StreamingResponse(
                self.live.stream(one, self.since), 200, HEADERS, "text/event-stream"
            )
        try:
            await answer(scope, receive, send)
        finally:
            if one is not None:
                self.live.leave(one)


def _event(mark: str, *topics: str) -> str:
    return f"id: {mark}\nevent: changed\ndata: {' '.join(topics)}\n\n"


def _named(marks: dict[str, str]) -> str:
    text = "\x1f".join(f"{name}={mark}" for name, mark in sorted(marks.items()))
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
