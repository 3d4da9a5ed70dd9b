"""go, the public face: where each short link leads, from memory, and what is kept of a click.

Knows no web server: `rolecast.web.go` answers with it, and `rolecast.web.fastlane` answers what
can be answered without a page.
"""

from __future__ import annotations

import ipaddress
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from rolecast import links, systems
from rolecast.clicks import SECOND, Asked, Headers, Row
from rolecast.jobspec import JobSpec, Status
from rolecast.ledger import Ledger, clicks, jobs
from rolecast.publish import now_utc
from rolecast.salt import DAY, Salts

FRESH = 0.25  # seconds between two looks at whether the ledger has changed
OVERLAP = timedelta(minutes=10)  # for links minted by clocks that differ
FOREVER: Final = 1 << 61
FLOOD: Final = 10  # seconds of a stretch of time
HUMANLY: Final = 20  # clicks of a visitor in one stretch


class Target:
    """Where a job's links lead. All links of a job hold the same one, so that a job that changes
    changes in one place.

    to: (before, after, until): the address around the link's code, and the microsecond from which
    on nobody can apply; 0: nobody can. out: the microsecond until which only colleagues see the
    job, so their links only lead there; 0: none.
    """

    __slots__ = ("job_id", "out", "to")

    def __init__(self, job_id: str):
        self.job_id = job_id
        self.to: tuple[bytes, bytes, int] = (b"", b"", 0)
        self.out = 0

    def address(self, code: str) -> str:
        """The address for one link."""
        before, after, _ = self.to
        return (before + code.encode() + after).decode()

    def open(self, now: int) -> bool:
        """Whether one can apply at microsecond `now`."""
        return now < self.to[2]

    def inside(self, now: int) -> bool:
        """Whether only colleagues see the job at microsecond `now`."""
        return now < self.out


class Links:
    """Every link and its target, in memory, kept up with the ledger by a thread of its own.

    zone: of closing dates. jobs_at: where the public job pages stand, for jobs without a web
    address to apply at. parameters: see rolecast.systems.
    """

    def __init__(
        self,
        ledger: Ledger,
        zone: str = "UTC",
        jobs_at: str = "/public/jobs",
        parameters: Mapping[str, str] | None = None,
    ):
        self.ledger, self.zone, self.jobs_at = ledger, zone, jobs_at
        self.parameters = parameters or {}
        self.targets: dict[bytes, Target] = {}
        self.trouble = ""  # why the ledger cannot be read now; what is in memory keeps working
        self._jobs: dict[str, Target] = {}
        self._marks: dict[str, tuple[str, int]] = {}
        self._newest = now_utc()
        self._stop = threading.Event()
        self._follower: threading.Thread | None = None

    def open(self) -> Links:
        """Read everything, then keep up. Raises the ledger's errors."""
        self.refresh()
        self._follower = threading.Thread(target=self._follow, name="links", daemon=True)
        self._follower.start()
        return self

    def close(self) -> None:
        """Stop keeping up."""
        self._stop.set()
        if self._follower:
            self._follower.join(5)

    def get(self, code: str) -> Target | None:
        """Where a code leads; None for one that was never minted."""
        return self.targets.get(code.encode("utf-8", "replace"))

    def refresh(self) -> None:
        """Read what is new in the ledger."""
        with self.ledger.read() as conn:
            now, count = now_utc(), clicks.how_many(conn)
            if count != len(self.targets) and self.targets:
                self._add(self.targets, clicks.since(conn, self._newest - OVERLAP))
            if count != len(self.targets):  # the first time, or links were deleted
                targets: dict[bytes, Target] = {}
                self._add(targets, clicks.minted(conn))
                self.targets = targets
            marks = clicks.marks(conn)
            changed = [id_ for id_, mark in marks.items() if self._marks.get(id_) != mark]
            for row in jobs.some_jobs(conn, changed).values() if changed else ():
                if row.id in marks:
                    self._follow_job(self._job(row.id), row)
        self._marks, self._newest = marks, now

    def _add(self, targets: dict[bytes, Target], found: Iterable[tuple[str, str]]) -> None:
        for code, job_id in found:
            targets[code.encode()] = self._job(job_id)

    def _job(self, job_id: str) -> Target:
        if job_id not in self._jobs:
            self._jobs[job_id] = Target(job_id)
        return self._jobs[job_id]

    def _follow_job(self, target: Target, row: jobs.JobRow) -> None:
        spec = JobSpec.model_validate_json(row.spec)
        out = spec.goes_out_at(row.first_seen, self.zone)
        target.out = int(out.timestamp() * SECOND) if out else 0
        target.to = self._leads(row, spec)

    def _leads(self, row: jobs.JobRow, spec: JobSpec) -> tuple[bytes, bytes, int]:
        if row.removed or spec.status in (Status.closed, Status.filled):
            until = 0
        else:
            closes = spec.closes_at(self.zone)
            until = int(closes.timestamp() * SECOND) if closes else FOREVER
        if spec.apply.url:
            before, after = systems.around(spec.apply.url, self.parameters)
        else:
            before, after = f"{self.jobs_at}/{spec.id}?ref=", ""
        return before.encode("ascii"), after.encode("ascii"), until

    def _follow(self) -> None:
        watch = self.ledger.watch()
        try:
            while not self._stop.wait(FRESH):
                try:
                    if watch.changed():
                        self.refresh()
                    self.trouble = ""
                except Ledger.Error as error:
                    self.trouble = str(error)
                    watch.close()
        finally:
            watch.close()


class Limiter:
    """Slows down who tries codes: so many unknown ones per network, then nothing for a while.

    Networks (the first 24 bits of an IPv4 address, 48 of an IPv6 one) are remembered as numbers
    that only this process can make, for minutes and in memory only.
    """

    def __init__(self, most: int = 60, per_second: float = 1.0, networks: int = 20_000):
        self.most, self.per_second, self.networks = most, per_second, networks
        self._key = secrets.token_bytes(32)
        self._left: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        self.blocked = 0  # how many networks have been refused something, for the metrics page

    def wait(self, address: str) -> int:
        """Seconds that this address has to wait; 0: none."""
        if not self._left:  # nobody has tried anything: the usual case costs nothing
            return 0
        left, at = self._left.get(self._network(address), (self.most, 0.0))
        left = min(self.most, left + (time.monotonic() - at) * self.per_second)
        return 0 if left >= 1 else max(1, round((1 - left) / self.per_second))

    def missed(self, address: str) -> None:
        """Somebody at this address asked for a code that is none of ours."""
        network, now = self._network(address), time.monotonic()
        left, at = self._left.pop(network, (float(self.most), now))
        left = min(self.most, left + (now - at) * self.per_second) - 1
        self.blocked += left < 1
        self._left[network] = (max(left, 0.0), now)
        while len(self._left) > self.networks:
            self._left.popitem(last=False)

    def _network(self, address: str) -> bytes:
        return blake2b(_prefix(address), key=self._key, digest_size=8).digest()


@lru_cache(10_000)
def _prefix(address: str) -> bytes:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return b""
    return known.packed[: 3 if known.version == 4 else 6]


@lru_cache(1000)
def _trusts(proxies: tuple[str, ...], address: str) -> bool:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(known in ipaddress.ip_network(proxy, strict=False) for proxy in proxies)


def asker(proxies: tuple[str, ...], peer: str, passed_on: str) -> str:
    """Who asks: the peer, or who the proxies that we trust say it is in X-Forwarded-For."""
    for hop in reversed(passed_on.split(",")):
        if not _trusts(proxies, peer):
            break
        peer = hop.strip() or peer
    return peer


class Go:
    """Everything that answering a link needs.

    proxies: networks whose X-Forwarded-For header is believed.
    """

    def __init__(self, all_links: Links, salts: Salts, proxies: tuple[str, ...] = ()):
        self.links, self.salts, self.proxies = all_links, salts, proxies
        self.limiter = Limiter()
        self._last = 0  # the microsecond given to the last click
        self._stretch = 0.0
        self._clicks: dict[int, int] = {}  # visitor → clicks in this stretch of time

    def find(self, code: str) -> tuple[str, Target | None]:
        """The code as it was minted, and where it leads."""
        target = self.links.get(code)
        if target is None:
            code = links.tidy(code)
            target = self.links.get(code)
        return code, target

    def address(self, peer: str, headers: Headers) -> str:
        """See `asker`."""
        if not self.proxies:
            return peer
        passed_on = headers.get(b"x-forwarded-for", b"").decode("latin-1")
        return asker(self.proxies, peer, passed_on)

    def clicks(self, asked: list[Asked]) -> list[Row]:
        """What is kept of clicks, as a Click's values; each address goes into its visitor's number
        and is forgotten."""
        kept: list[Row] = []
        number, last = self.salts.visitor, self._last
        for one in asked:
            who, now = one.who, one.at
            visitor: int | None = None
            signals = who.signals
            if not who.private:
                day = int(now) // DAY
                if one.day != day:
                    one.visitor = number(who.browser + one.address.encode(), day)
                    one.day = day
                visitor = one.visitor
                if self._floods(visitor, now // FLOOD):
                    visitor, signals = None, f"{signals} flood".strip()
            # Each click has a microsecond of its own; see rolecast.ledger.clicks.unknown.
            at = int(now * SECOND)
            if last - SECOND < at <= last:  # further back, the clock was set back
                at = last + 1
            last = at
            kept.append(
                (one.code.decode(), at, who.device, who.referrer, who.country, who.agent, signals,
                 visitor, 0)
            )  # fmt: skip
        self._last = last
        return kept

    def _floods(self, visitor: int, stretch: float) -> bool:
        """Whether a visitor clicks as no person can. Such clicks need no comparing with others."""
        if stretch != self._stretch:
            self._stretch, self._clicks = stretch, {}
        count = self._clicks.get(visitor, 0) + 1
        self._clicks[visitor] = count
        return count > HUMANLY
