"""The public face of one process: links in memory, clicks on their way to the disk, and a thread
that brings them into the ledger."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rolecast import spool
from rolecast.commit import Group, Way
from rolecast.disk import Disk
from rolecast.gather import gather, tidy
from rolecast.go import Go, Links
from rolecast.ledger import Ledger
from rolecast.salt import DAY, Salts
from rolecast.scribe import Link, Scribe
from rolecast.settings import Settings
from rolecast.web import metrics

log = logging.getLogger("rolecast.go")
RUSH = 60.0  # seconds for which gathering may wait while very many clicks arrive
EVERY = 1.0  # seconds between two gatherings
TIDY = 3600.0  # seconds between two times of forgetting


@dataclass
class Face:
    """What answering links needs, from `start` to `stop`.

    folder: where the spool and the secret of the day are kept. scribe: the socket of a scribe that
    several processes share. gathers: whether this process brings clicks into
    the ledger.
    """

    ledger: Ledger
    settings: Settings
    folder: Path
    jobs_at: str = "/public/jobs"
    scribe: str | None = None
    gathers: bool = True
    go: Go | None = None
    group: Group | None = None
    on_end: list[Callable[[], None]] = field(default_factory=list)  # when the server is to end

    @property
    def spool(self) -> Path:
        """Where clicks wait for the ledger."""
        return self.folder / "spool"

    async def start(self) -> Face:
        """Read the links and begin to keep clicks. Raises the ledger's errors."""
        company, ours = self.settings.company, self.settings.go
        links = Links(self.ledger, company.timezone, self.jobs_at, ours.parameters)
        await asyncio.to_thread(links.open)
        self.go = Go(links, Salts(self.folder / "salt"), ours.proxies)
        self._own = None if self.scribe else scribe_of(self.ledger, self.settings, self.folder)
        self.group = await Group(self._way(), self.go.clicks).open()
        self._told = metrics.Told(self)
        self._gatherer = Gatherer(self.ledger, self.spool, ours.keep_days) if self.gathers else None
        return self

    def _way(self) -> Way:
        if self._own:
            self._own.revive()
            return Link(self._own.path, self._own.revive)
        return Link(self.scribe) if self.scribe else Disk(self.spool)

    def end(self) -> None:
        """The server is told to end, and waits for the connections: what would never end by
        itself has to be told."""
        for tell in self.on_end:
            tell()

    async def stop(self) -> None:
        """Wait for the clicks that are on their way."""
        if self.group is None:
            return
        await self.group.close()
        self._told.stop()
        if self._own:
            await asyncio.to_thread(self._own.stop)
        if self._gatherer:
            await asyncio.to_thread(self._gatherer.stop)
        self.go.links.close()
        self.group = self.go = None


def scribe_of(ledger: Ledger, settings: Settings, folder: Path) -> Scribe | None:
    """The scribe that the settings ask for; it is not started. None: clicks go to the disk."""
    keep = settings.go.keep
    if keep == "ledger" or (keep == "auto" and not ledger.is_sqlite):
        return Scribe(folder / "spool", ledger.url.render_as_string(hide_password=False))
    return None


class Gatherer:
    """Brings clicks into the ledger every second, in a thread or called by hand."""

    def __init__(self, ledger: Ledger, spool: Path, keep_days: int, thread: bool = True):
        self.ledger, self.spool, self.keep_days = ledger, spool, keep_days
        self._tidied = 0.0
        self._gathered = time.monotonic()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gather", daemon=True)
        if thread:
            self._thread.start()

    def once(self, go_on: Callable[[], bool] = lambda: True) -> int:
        """Gather now; answers how many clicks. Errors are logged and met again next time."""
        try:
            with self._turn() as ours:
                if not ours:
                    return 0
                count = gather(self.ledger, self.spool, go_on)
                if time.monotonic() - self._tidied > TIDY or not self._tidied:
                    now = time.time()
                    tidy(self.ledger, self.spool, now, self.keep_days)
                    # On a day without clicks nobody else would do it.
                    Salts(self.spool.parent / "salt").destroy(int(now) // DAY)
                    self._tidied = time.monotonic()
                return count
        except (Ledger.Error, OSError) as error:
            log.warning("clicks wait on the disk, since the ledger does not take them: %s", error)
            return 0

    def soon(self) -> None:
        """Gather now, unless that was less than EVERY ago, or people come in a rush: redirecting
        them comes before counting them, for RUSH seconds at most."""
        waited = time.monotonic() - self._gathered
        if waited >= RUSH:
            self.once()
        elif waited >= EVERY and self._is_calm():
            self.once(go_on=self._is_calm)
        else:
            return
        self._gathered = time.monotonic()

    def stop(self) -> None:
        """Gather a last time."""
        self._stop.set()
        self._thread.join(30)
        self.once()

    def _is_calm(self) -> bool:
        return not spool.is_rush(self.spool, time.time())

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            self.soon()

    @contextlib.contextmanager
    def _turn(self):
        """Whether nobody else on this machine is gathering."""
        self.spool.mkdir(parents=True, exist_ok=True)
        with (self.spool / "gather.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
