"""Saved searches and their digests."""

from __future__ import annotations

from datetime import datetime

from rolecast.ledger import Ledger
from rolecast.settings import Settings


def digests(ledger: Ledger, settings: Settings, now: datetime) -> int:
    """Put the digests that are due into the outbox; answers how many."""
    return 0
