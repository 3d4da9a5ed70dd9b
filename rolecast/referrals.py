"""Friends whom colleagues name."""

from __future__ import annotations

from datetime import datetime

from rolecast.ledger import Ledger


def tidy(ledger: Ledger, now: datetime) -> int:
    """Forget what has not been answered in time; answers how many."""
    return 0


def undelivered(ledger: Ledger, now: datetime) -> int:
    """See to mails that did not reach a friend; answers how many."""
    return 0
