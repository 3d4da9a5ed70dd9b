"""The way of clicks to the disk of the machine that answers them.

The kernel's io_uring writes while the event loop goes on, without waking another process; where
that is not allowed, threads do (both by caio). Every write is synchronous (O_DSYNC): when it has
ended, its clicks are on the disk. caio's own classes for asyncio cost a task and two turns of the
loop for each write, some three per cent of what can be answered: its operations are used directly.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import caio

from rolecast.commit import Group
from rolecast.spool import AGAIN, FRESH, RETRY, Segments, line

DEPTH = 8  # writes that the kernel is asked for at once; we ask for one


class Disk:
    """Writes batches, one after the other; those that come during a write share the next. See
    rolecast.commit.Way."""

    def __init__(self, folder: Path):
        self._segments = Segments(folder)
        self._waiting: deque[tuple[int, bytes]] = deque()  # not kept: FRESH or AGAIN, and the JSON
        self._writing = 0  # how many of them are being written
        self._length = 0  # their bytes

    async def open(self, group: Group) -> None:
        """Begin."""
        self._group, self._loop = group, asyncio.get_running_loop()
        self._files = _uring(self._loop) or _Threads(self._loop)

    def write(self, body: bytes) -> None:
        """Take a batch."""
        self._waiting.append((FRESH, body))
        if not self._writing:
            self._write()

    async def close(self) -> None:
        """Leave the segments; a write that hangs is left to the kernel."""
        self._files.close()
        if not self._writing:
            await asyncio.to_thread(self._segments.close)

    def _write(self) -> None:
        """Write all that waits."""
        self._writing = len(self._waiting)
        lines = b"".join([line(*one) for one in self._waiting])
        try:
            room = self._segments.room(len(lines))
        except OSError as error:
            self._failed(str(error))
            return
        if isinstance(room, Future):
            room.add_done_callback(self._made)
        else:
            file, place = room
            self._length = len(lines)
            self._files.write(lines, file, place, self._written)

    def _made(self, _: object) -> None:
        """There is a new segment; called in a thread of its own."""
        self._loop.call_soon_threadsafe(self._write)

    def _written(self, write: Any) -> None:
        """A write has ended."""
        try:
            written = write.get_value()
            if written != self._length:
                raise OSError(f"only {written} of {self._length} bytes were written")
        except (OSError, SystemError) as error:  # the latter is caio's own word
            self._segments.leave()  # what is in there now is not certain: start another
            self._failed(str(error))
            return
        count, self._writing = self._writing, 0
        for _ in range(count):
            self._waiting.popleft()
        self._group.kept(count)
        if self._waiting and not self._writing:
            self._write()

    def _failed(self, why: str) -> None:
        # Part of it may be there in spite of that.
        self._waiting = deque([(AGAIN, body) for _, body in self._waiting])
        self._group.failed(why)
        self._loop.call_later(RETRY, self._write)


class _Uring:
    """io_uring: writes begin and end without another thread of ours."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        # Without a kernel thread that looks for work all the time: answers need the core.
        self._ring = caio.linux_uring.Context(max_requests=DEPTH, sqpoll=False)
        self._loop = loop
        loop.add_reader(self._ring.fileno, self._ended)

    def write(self, data: bytes, file: int, place: int, done: Callable) -> None:
        """Begin a write; `done` is called with it in the loop when it has ended."""
        write = caio.linux_uring.Operation.write(data, file, place)
        write.set_callback(lambda _: done(write))
        self._ring.submit(write)
        self._ring.flush()

    def close(self) -> None:
        """No more writes."""
        self._loop.remove_reader(self._ring.fileno)

    def _ended(self) -> None:
        with contextlib.suppress(BlockingIOError):  # its counter was read before
            self._ring.poll()
        while self._ring.process_events():
            pass


class _Threads:
    """Where io_uring is not there or not allowed, as often in containers."""

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self._files = caio.thread_aio or caio.python_aio
        self._pool = self._files.Context(DEPTH)
        self._loop = loop

    def write(self, data: bytes, file: int, place: int, done: Callable) -> None:
        """See `_Uring.write`."""
        write = self._files.Operation.write(data, file, place)
        write.set_callback(lambda _: self._loop.call_soon_threadsafe(done, write))
        self._pool.submit(write)

    def close(self) -> None:
        """No more writes."""
        self._pool.close()


def _uring(loop: asyncio.AbstractEventLoop) -> _Uring | None:
    if caio.linux_uring is None:
        return None
    try:
        return _Uring(loop)
    except (OSError, SystemError):
        return None
