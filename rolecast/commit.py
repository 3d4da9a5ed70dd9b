"""Group commit: an answer leaves when its click is on the disk, and many share one flush.

Clicks that arrive while flushes are under way share the next one. A scribe, a process of its own,
waits for the disk (see rolecast.scribe); the event loop never does. When the disk stalls or fails,
people are still redirected after `PATIENCE`: their clicks wait in memory, are marked `late`, and
are counted for the metrics page.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from rolecast import spool
from rolecast.clicks import Asked, Row
from rolecast.scribe import AGAIN, FRESH, KEPT, frame

PATIENCE = 0.15  # seconds for which an answer waits for the disk
TICK = 0.025  # seconds between two looks at who has waited too long
UNDER_WAY = 2  # batches: one waits at the scribe while the other is written
RETRY = 0.1  # seconds between two tries to reach the scribe
FEW = 5000  # clicks that go to the disk at once, after a stall
MOST = 1_000_000  # clicks that may wait in memory, about 300 MB

Done = Callable[[], None]


@dataclass
class Counters:
    """What the metrics page shows of one process, since it started."""

    kept: int = 0  # on the disk
    late: int = 0  # answered before they were
    lost: int = 0  # more than memory could hold: redirected, and not counted
    failed: int = 0  # writes that failed and were tried again
    trouble: str = ""  # what the last one said


@dataclass(slots=True)
class Batch:
    """Clicks that are handed over together. began: when the first came, by the loop's clock.
    waiters: who waits for their being kept; none when they were answered without."""

    clicks: list[Row]
    waiters: list[Done]
    began: float


class Group(asyncio.Protocol):
    """Hands clicks to the scribe and tells each one's waiter when it is kept.

    path: the scribe's socket. clicks: makes of links that were asked for what is kept of them.
    revive: sees to it that there is a scribe; called when it cannot be reached. Used from one event
    loop.
    """

    def __init__(
        self,
        path: str,
        clicks: Callable[[list[Asked]], list[Row]],
        revive: Callable[[], object] = lambda: None,
    ):
        self.path, self.clicks, self.revive = path, clicks, revive
        self.loop = asyncio.get_running_loop()
        self.counters = Counters()
        self._new: list[Asked] = []  # not yet handed over
        self._waiters: list[Done] = []  # for these
        self._began = 0.0  # when the first of them came
        self._handed: deque[Batch] = deque()  # not yet kept, in the order in which they were sent
        self._late: deque[Row] = deque()  # answered, not yet handed over
        self._stalls = False  # whether the disk has kept somebody waiting too long
        self._enough = 1  # as many are handed over before those under way are kept
        self._looks = False  # whether a look at who has come is due
        self._before = 0  # how many had come at the last look
        self._heard = b""
        self._scribe: asyncio.Transport | None = None
        self._closing = False
        self._timer = self.loop.call_later(TICK, self._tick)

    async def open(self) -> Group:
        """Reach the scribe."""
        while self._scribe is None and not self._closing:
            try:
                await self.loop.create_unix_connection(lambda: self, self.path)
            except OSError:
                self.revive()
                await asyncio.sleep(RETRY)
        return self

    async def close(self, patience: float = 5.0) -> None:
        """Wait until everything is on the disk, or for `patience` seconds."""
        deadline = self.loop.time() + patience
        while self.pending and self.loop.time() < deadline:
            await asyncio.sleep(0.005)
        self._closing = True
        self._timer.cancel()
        if self._scribe:
            self._scribe.close()

    def add(self, asked: Asked, done: Done) -> None:
        """Keep a click; `done` is called in the loop when its answer may leave."""
        new = self._new
        if not new:
            self._began = self.loop.time()
        new.append(asked)
        self._waiters.append(done)
        if self._handed:
            if len(new) >= self._enough and len(self._handed) < UNDER_WAY:
                self._hand_over()
        elif not self._looks:
            self._look_soon()

    async def keep(self, asked: Asked) -> None:
        """Return when the click's answer may leave."""
        done = self.loop.create_future()
        self.add(asked, lambda: done.done() or done.set_result(None))
        await done

    @property
    def pending(self) -> int:
        """Clicks in memory only."""
        return self._asking + len(self._late)

    @property
    def _asking(self) -> int:
        """Clicks that came lately and are not kept; but for a stall, as many wait for an answer."""
        return len(self._new) + sum(len(batch.clicks) for batch in self._handed)

    def _look_soon(self) -> None:
        self._looks, self._before = True, 0
        self.loop.call_soon(self._look)

    def _look(self) -> None:
        """Hand over once an iteration of the loop has brought nobody else."""
        count, self._looks = len(self._new), False
        if self._handed:
            return
        if count > self._before:
            self._before, self._looks = count, True
            self.loop.call_soon(self._look)
        else:
            self._hand_over()

    def _hand_over(self) -> None:
        """Send what has come; the scribe writes together what reaches it meanwhile."""
        if self._new and self._scribe is not None and not self._stalls:
            self._send(self._take())

    def _take(self) -> Batch:
        """What has come, as it is kept: made together, which is quicker than one by one."""
        batch = Batch(self.clicks(self._new), self._waiters, self._began)
        self._new, self._waiters = [], []
        return batch

    def _send(self, batch: Batch, kind: int = FRESH) -> None:
        if kind == FRESH:
            self._handed.append(batch)
        self._scribe.write(frame(kind, spool.body(batch.clicks)))

    def _kept(self) -> None:
        """The scribe has written the oldest batch."""
        # Half of those who ask at the same time: the other half is read while they are written.
        self._enough = max(1, self._asking // 2)
        batch = self._handed.popleft()
        self.counters.kept += len(batch.clicks)
        for tell in batch.waiters:
            tell()
        if not self._handed:
            self._stalls = False
        if self._late and not self._handed:
            self._catch_up()
        elif len(self._new) >= self._enough:
            self._hand_over()
        elif self._new and not self._handed and not self._looks:
            self._look_soon()

    def _catch_up(self) -> None:
        """Hand over those who were answered first, in parts."""
        if self._late and self._scribe is not None:
            part = [self._late.popleft() for _ in range(min(FEW, len(self._late)))]
            self._send(Batch(part, [], self.loop.time()))
        self._hand_over()

    # The scribe

    def connection_made(self, transport) -> None:
        """What an earlier scribe was handed and did not answer is handed over again, as such."""
        self._scribe, self._heard = transport, b""
        for batch in self._handed:
            self._send(batch, AGAIN)
        if not self._handed:
            self._stalls = False
            self._catch_up()

    def data_received(self, data: bytes) -> None:
        """One line each: that a batch is written, or why not yet."""
        *lines, self._heard = (self._heard + data).split(b"\n")
        for line in lines:
            if line == KEPT:
                self.counters.trouble = ""
                self._kept()
            else:
                self.counters.failed += 1
                self.counters.trouble = line.decode("utf-8", "replace")

    def connection_lost(self, error: Exception | None) -> None:
        """The scribe is gone: find the next one."""
        self._scribe = None
        if not self._closing:
            self._opening = self.loop.create_task(self.open())

    # Patience

    def _tick(self) -> None:
        """Answer whoever has waited too long."""
        self._timer = self.loop.call_later(TICK, self._tick)
        due = self.loop.time() - PATIENCE + TICK
        for batch in self._handed:
            if batch.began > due:
                break
            # The disk may have them by now: such clicks carry no mark, they are only counted.
            self._stalls = True
            self.counters.late += len(batch.waiters)
            waiters, batch.waiters = batch.waiters, []
            for tell in waiters:
                tell()
        if self._new and self._began <= due:
            batch = self._take()
            room = max(0, MOST - self.pending)
            self._late.extend((*click[:-1], 1) for click in batch.clicks[:room])
            self.counters.late += len(batch.clicks[:room])
            self.counters.lost += len(batch.clicks[room:])
            for tell in batch.waiters:
                tell()
        if self._late and not self._handed:
            self._catch_up()
