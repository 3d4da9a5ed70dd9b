"""Clicks on the disk of the machine that answers them, until the ledger has them.

Whoever writes has segments of its own: files of lines, one line for the clicks of one commit,
`checksum kind json\\n`, in space that was written beforehand, so that a commit is one write and one
flush of data. Nothing here waits for the ledger: a plan that holds it for seconds, or a database
that is away, slows no candidate.

A segment is locked by its writer while that lives. `read` gives the clicks after a place that the
ledger remembers; a line that was cut off by a crash belongs to clicks that were never answered.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

import orjson

from rolecast.clicks import Click, Row

FRESH, AGAIN = 0, 1  # kinds of commits; AGAIN: a write that was not answered may have kept it
RETRY = 0.5  # seconds before a write that failed is tried again
SIZE = 1 << 20  # bytes of a segment, some 7,500 clicks
SUFFIX = ".clicks"
NEW = ".new"  # of a segment whose space is not reserved yet


@dataclass
class Segment:
    """One file, locked by us, with space for `size` bytes."""

    file: int
    size: int

    def close(self) -> None:
        """Leave it."""
        with contextlib.suppress(OSError):
            os.close(self.file)


class Segments:
    """The segments of one writer, one after the other. Making one takes as long as many commits, so
    the next is made beside them once the present one is half full."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._present: Segment | None = None
        self._at = 0
        self._next: Future[Segment] | None = None
        self._maker = ThreadPoolExecutor(1, "segment")

    def room(self, length: int) -> tuple[int, int] | Future[Segment]:
        """Where the next `length` bytes go: the file, and the place in it; or the segment that is
        being made for them, after which to ask again.

        Raises OSError when a segment could not be made; asking again tries again.
        """
        if self._present is None or self._at + length > self._present.size:
            made = self._next or self._make(max(SIZE, length))
            if not made.done():
                return made
            self.leave()
            self._next = None
            self._present, self._at = made.result(), 0
            return self.room(length)  # a longer one, when this is too short
        place, self._at = self._at, self._at + length
        if self._at > SIZE // 2 and self._next is None:
            self._make(SIZE)
        return self._present.file, place

    def leave(self) -> None:
        """Write no more into the present one."""
        if self._present:
            self._present.close()
        self._present = None

    def close(self) -> None:
        """Leave the segments: whoever gathers may remove them when it has everything."""
        self.leave()
        if self._next and not self._next.exception():
            self._next.result().close()
        self._maker.shutdown()

    def _make(self, size: int) -> Future[Segment]:
        self._next = self._maker.submit(_made, self.folder, size)
        return self._next


class Spool:
    """Writes commits and waits for them."""

    def __init__(self, folder: Path):
        self._segments = Segments(folder)

    def write(self, frames: Sequence[tuple[int, bytes]]) -> None:
        """Put commits, (kind, JSON) each, on the disk; they are there when it returns.

        Raises OSError.
        """
        lines = b"".join([line(kind, content) for kind, content in frames])
        while isinstance(room := self._segments.room(len(lines)), Future):
            wait([room])
        try:
            written = os.pwrite(room[0], lines, room[1])
            if written != len(lines):
                raise OSError(f"only {written} of {len(lines)} bytes were written")
        except OSError:
            self._segments.leave()  # what is in there now is not certain: start another
            raise

    def close(self) -> None:
        """See `Segments.close`."""
        self._segments.close()


def _made(folder: Path, size: int) -> Segment:
    """A new segment, empty. What is written there is on the disk when the write ends."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{_later(folder)}-{secrets.token_hex(4)}{SUFFIX}"
    hidden = folder / f"{name}{NEW}"
    file = os.open(hidden, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_DSYNC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Written, not only reserved: flushing data into written space is twice as quick.
        os.write(file, bytes(size))
        os.rename(hidden, folder / name)
        _sync_folder(folder)
    except OSError:
        os.close(file)
        hidden.unlink(missing_ok=True)
        raise
    return Segment(file, size)


def _later(folder: Path) -> int:
    """A number above those of all segments, whatever the clock says: an older one is read first."""
    numbers = [int(path.name.partition("-")[0]) for path in segments(folder)]
    return max([time.time_ns(), *[number + 1 for number in numbers]])


def line(kind: int, content: bytes) -> bytes:
    """A commit as it stands in a segment."""
    return b"%08x %d %b\n" % (zlib.crc32(content), kind, content)


def body(clicks: list[Row]) -> bytes:
    """The JSON of the clicks of one commit."""
    return orjson.dumps(clicks)


def decode(content: bytes) -> list[Click]:
    """The clicks of one commit's JSON."""
    return [Click(*row) for row in orjson.loads(content)]


@dataclass(frozen=True, slots=True)
class Read:
    """clicks, and the place after them. again: clicks that may have been read before. left: nobody
    writes there any more and all is read. damaged: lines that are not what was written."""

    clicks: list[Click]
    again: list[Click]
    end: int
    left: bool
    damaged: int


def segments(folder: Path) -> list[Path]:
    """The segments, oldest first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def forget_unborn(folder: Path, now: float) -> None:
    """Remove segments whose making was cut off an hour ago or more; nothing was written there."""
    for path in folder.glob(f"*{SUFFIX}{NEW}"):
        with contextlib.suppress(FileNotFoundError):
            if now - path.stat().st_mtime > 3600:
                path.unlink()


def is_rush(folder: Path, now: float) -> bool:
    """Whether so many clicks arrive, 10,000 a second, that a segment is full in 3/4 of a second."""
    begun = [int(path.name.partition("-")[0]) / 1e9 for path in segments(folder)[-2:]]
    return len(begun) == 2 and begun[1] - begun[0] < 0.75 and abs(now - begun[1]) < 1


def read(path: Path, start: int, most: int = 4_000) -> Read:
    """Clicks of a segment after byte `start`, about `most` of them."""
    with path.open("rb") as file:
        ours = _writer_is_gone(file.fileno())
        file.seek(start)
        data = file.read()
    found: tuple[list[Click], list[Click]] = ([], [])  # FRESH and AGAIN
    place, damaged = 0, 0
    while len(found[0]) + len(found[1]) < most:
        stop = data.find(b"\n", place)
        if stop < 0 or data[place : place + 1] == b"\0":
            return Read(*found, start + place, ours, damaged)
        commit = _commit(data[place:stop])
        if commit is not None:
            found[commit[0]].extend(commit[1])
        elif ours:
            damaged += 1
        else:
            break  # it is being written
        place = stop + 1
    return Read(*found, start + place, False, damaged)


def _commit(text: bytes) -> tuple[int, list[Click]] | None:
    checksum, _, rest = text.partition(b" ")
    kind, _, content = rest.partition(b" ")
    if b"%08x" % zlib.crc32(content) != checksum or kind not in (b"0", b"1"):
        return None
    return int(kind), decode(content)


def _writer_is_gone(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
