"""Figures for whoever watches over the service, in Prometheus' words.

With several processes on one port, PROMETHEUS_MULTIPROC_DIR lets each of them tell all figures.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

if TYPE_CHECKING:
    from rolecast.web.face import Face

EVERY = 0.25  # seconds between two times of telling

KEPT = Counter("rolecast_clicks_kept", "Clicks made durable")
LATE = Counter("rolecast_clicks_late", "Clicks answered before they were durable")
LOST = Counter("rolecast_clicks_lost", "Clicks answered and not counted: memory was full")
FAILED = Counter("rolecast_click_writes_failed", "Writes of clicks that failed and were repeated")
UNKNOWN = Counter("rolecast_links_unknown", "Codes asked for that are none of ours")
LIMITED = Counter("rolecast_links_limited", "Answers refused to networks that try codes")
SLOW = Counter("rolecast_requests_too_slow", "Connections closed: a request did not arrive in time")
PENDING = Gauge("rolecast_clicks_pending", "Clicks in memory only", multiprocess_mode="livesum")
LINKS = Gauge("rolecast_links", "Links in memory", multiprocess_mode="livemax")
STALE = Gauge(
    "rolecast_ledger_unreadable",
    "1: links are answered from memory, since the ledger cannot be read",
    multiprocess_mode="livemax",
)


class Told:
    """Carries one face's own counters over, often enough and off the path of a click."""

    def __init__(self, face: Face):
        self.face = face
        self._before = [0, 0, 0, 0]
        self._loop = asyncio.get_running_loop()
        self._tell()

    def stop(self) -> None:
        """A last time."""
        self._timer.cancel()
        self._tell()
        self._timer.cancel()

    def _tell(self) -> None:
        counters = self.face.group.counters
        now = [counters.kept, counters.late, counters.lost, counters.failed]
        for metric, new, old in zip((KEPT, LATE, LOST, FAILED), now, self._before, strict=True):
            if new != old:
                metric.inc(new - old)
        self._before = now
        PENDING.set(self.face.group.pending)
        LINKS.set(len(self.face.go.links.targets))
        STALE.set(bool(self.face.go.links.trouble))
        self._timer = self._loop.call_later(EVERY, self._tell)


def text() -> tuple[bytes, str]:
    """The page and its content type."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return generate_latest(registry), CONTENT_TYPE_LATEST
