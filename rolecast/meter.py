"""Tells the ledger how far a plan has been carried out, and no more often than anybody looks."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rolecast.ledger import Ledger, progress
from rolecast.publish import Result, now_utc

EVERY = 1.0  # seconds between two writes


class Meter:
    """Counts the results of one part of a plan; call it with each."""

    def __init__(self, ledger: Ledger, plan: str):
        self.ledger, self.plan = ledger, plan
        self.all = self._done = self._failed = 0
        self._wrote = time.monotonic()

    def __call__(self, result: Result) -> None:
        """One change is done."""
        self.all += 1
        self._done += 1
        self._failed += not result.ok
        if time.monotonic() - self._wrote >= EVERY:
            self.write()

    def write(self, more: int = 0) -> None:
        """Tell what was counted since the last time, and `more` that needed nothing."""
        if self._done + more:
            with self.ledger.begin() as conn:
                progress.add(conn, self.plan, self._done + more, self._failed, now_utc())
        self._done = self._failed = 0
        self._wrote = time.monotonic()


@contextmanager
def metered(ledger: Ledger, plan: str, count: int) -> Iterator[Meter]:
    """Around carrying out `count` changes of a plan, by its digest. A run that dies leaves its
    count as it was."""
    meter = Meter(ledger, plan)
    yield meter
    meter.write(count - meter.all)  # those that have moved since the plan need nothing
