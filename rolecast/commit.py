"""Group commit: an answer leaves when its click is where it lasts, and many share one flush.

Clicks that arrive while flushes are under way share the next one. The event loop never waits for
the disk (see rolecast.disk) or a ledger (see rolecast.scribe). When they stall or fail, people are
still redirected after `PATIENCE`: their clicks wait in memory, are marked `late`, and are counted
for the metrics page.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from rolecast import spool
from rolecast.clicks import Asked, Row, Seen

PATIENCE = 0.15  # seconds for which an answer waits for the disk
TICK: Final = 0.025  # seconds between two looks at who has waited too long
UNDER_WAY: Final = 2  # batches: while one is written, the next is read
WHOLE: Final = 48  # clicks that are better kept together; more are parted in two halves
MEET: Final = 0.001  # seconds for which clicks wait for those that usually come with them
FEW: Final = 5000  # clicks that go to the disk at once, after a stall
MOST: Final = 1_000_000  # clicks that may wait in memory, about 300 MB


class Way(Protocol):
    """The way to where clicks last. It answers for each batch, in their order, with `Group.kept`;
    with `Group.failed`, why it has to try again."""

    async def open(self, group: Group) -> None:
        """Begin; batches may come from now on."""

    def write(self, body: bytes) -> None:
        """Take a batch; it stays until it is kept."""

    async def close(self) -> None:
        """Nothing comes any more."""


@dataclass
class Counters:
    """What the metrics page shows of one process, since it started."""

    kept: int = 0  # on the disk
    late: int = 0  # answered before they were
    lost: int = 0  # more than memory could hold: redirected, and not counted
    failed: int = 0  # writes that failed and were tried again
    trouble: str = ""  # what the last one said


class Batch:
    """Clicks that are handed over together: how many. began: when the first came, by the loop's
    clock. waiting: who waits for their being kept; none when they were answered without."""

    def __init__(self, count: int, waiting: list[Asked], began: float):
        self.count, self.waiting, self.began = count, waiting, began


class Soon(Asked):
    """A click whose answer is awaited."""

    def __init__(self, code: bytes, who: Seen, address: str, at: float, kept: asyncio.Future[None]):
        super().__init__(code, who, address, at)
        self._kept = kept

    def kept(self) -> None:
        """The click is kept."""
        if not self._kept.done():
            self._kept.set_result(None)


class Group:
    """Hands clicks over and tells each one that it is kept. Used from one event loop.

    way: where to. clicks: makes of links that were asked for what is kept of them.
    """

    def __init__(self, way: Way, clicks: Callable[[list[Asked]], list[Row]]):
        self.way, self.clicks = way, clicks
        self.loop = asyncio.get_running_loop()
        self.counters = Counters()
        self.now = self.loop.time()  # by the loop's clock, to a TICK
        self._new: list[Asked] = []  # not yet handed over
        self._began = 0.0  # when the first of them came
        self._handed: deque[Batch] = deque()  # not yet kept
        self._late: deque[Row] = deque()  # answered, not yet handed over
        self._stalls = False  # whether the disk has kept somebody waiting too long
        self._enough = 1  # as many are handed over without waiting for more
        self._meeting: asyncio.TimerHandle | None = None
        self._timer = self.loop.call_later(TICK, self._tick)

    async def open(self) -> Group:
        """Open the way."""
        await self.way.open(self)
        return self

    async def close(self, patience: float = 5.0) -> None:
        """Wait until everything is on the disk, or for `patience` seconds."""
        deadline = self.loop.time() + patience
        while self.pending and self.loop.time() < deadline:
            await asyncio.sleep(0.005)
        self._timer.cancel()
        await self.way.close()

    def add(self, asked: Asked) -> None:
        """Keep a click; it is told `kept` in the loop when its answer may leave."""
        new = self._new
        if not new:
            self._began = self.loop.time()
        new.append(asked)
        self._go_on()

    async def keep(self, code: bytes, who: Seen, address: str, at: float) -> None:
        """Return when the click's answer may leave."""
        kept: asyncio.Future[None] = self.loop.create_future()
        self.add(Soon(code, who, address, at, kept))
        await kept

    @property
    def pending(self) -> int:
        """Clicks in memory only."""
        return self._asking() + len(self._late)

    def _asking(self) -> int:
        """Clicks that came lately and are not kept; but for a stall, as many wait for an answer."""
        count = len(self._new)
        for batch in self._handed:
            count += batch.count
        return count

    def _go_on(self) -> None:
        """Hand over once enough have come. Who has just been answered asks again at about the same
        time, so the others wait for them, but not for ever."""
        if len(self._new) >= self._enough:
            if len(self._handed) < UNDER_WAY:
                self._hand_over()
        elif not self._handed and self._meeting is None:
            self._meeting = self.loop.call_later(MEET, self._met)

    def _met(self) -> None:
        self._meeting = None
        if not self._handed:
            self._hand_over()

    def _hand_over(self) -> None:
        """Send what has come."""
        if self._meeting is not None:
            self._meeting.cancel()
            self._meeting = None
        if self._new and not self._stalls:
            rows, waiting = self._take()
            self._send(rows, waiting, self._began)

    def _take(self) -> tuple[list[Row], list[Asked]]:
        """What has come, as it is kept, and who waits for it: made together, which is quicker than
        one by one."""
        waiting, self._new = self._new, []
        return self.clicks(waiting), waiting

    def _send(self, rows: list[Row], waiting: list[Asked], began: float) -> None:
        self._handed.append(Batch(len(rows), waiting, began))
        self.way.write(spool.body(rows))

    def kept(self, batches: int = 1) -> None:
        """So many of the oldest batches are kept."""
        self.counters.trouble = ""
        asking = self._asking()
        # Those who ask at the same time: all of them, or half while the other half is written.
        self._enough = asking if asking <= WHOLE else asking // 2
        for _ in range(batches):
            batch = self._handed.popleft()
            self.counters.kept += batch.count
            for asked in batch.waiting:
                asked.kept()
        if not self._handed:
            self._stalls = False
            self._catch_up()
        if self._new:
            self._go_on()

    def failed(self, why: str) -> None:
        """A write has failed; it is tried again."""
        self.counters.failed += 1
        self.counters.trouble = why

    def _catch_up(self) -> None:
        """Hand over those who were answered first, in parts."""
        if self._late:
            part = [self._late.popleft() for _ in range(min(FEW, len(self._late)))]
            self._send(part, [], self.loop.time())

    # Patience

    def _tick(self) -> None:
        """Answer whoever has waited too long."""
        self._timer = self.loop.call_later(TICK, self._tick)
        self.now = self.loop.time()
        due = self.now - PATIENCE + TICK
        for batch in self._handed:
            if batch.began > due:
                break
            # The disk may have them by now: such clicks carry no mark, they are only counted.
            self._stalls = True
            waiting, batch.waiting = batch.waiting, []
            self.counters.late += len(waiting)
            for asked in waiting:
                asked.kept()
        if self._new and self._began <= due:
            rows, waiting = self._take()
            room = max(0, MOST - self.pending)
            self._late.extend([(*row[:-1], 1) for row in rows[:room]])
            self.counters.late += len(rows[:room])
            self.counters.lost += len(rows[room:])
            for asked in waiting:
                asked.kept()
        if not self._handed:
            self._catch_up()
