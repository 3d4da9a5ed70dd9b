"""Asks networks what they count of our live posts: impressions, clicks, likes, comments, reshares.

What a network does not count stays unknown, which is not zero.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rolecast.channels import Channel
from rolecast.connector import ConnectorError, Counts, Http
from rolecast.ledger import Ledger, counts, publications
from rolecast.ledger.publications import Publication
from rolecast.ledger.states import State
from rolecast.publish import now_utc

log = logging.getLogger(__name__)
TOGETHER = 100  # posts asked for at once: figures that came before an error are kept


@dataclass(frozen=True)
class Counted:
    """How one channel was counted. of: live posts; told: those the network said something of;
    trouble: why it stopped, None when it did not."""

    channel: str
    of: int
    told: int
    trouble: str | None = None


def count(
    ledger: Ledger,
    channels: Mapping[str, Channel],
    http: Callable[[Channel], Http],
    names: Iterable[str] = (),
    clock: Callable[[], datetime] = now_utc,
) -> list[Counted]:
    """Count every live post of the channels (or of `names`) whose network counts, and keep it.

    Network trouble is never raised: it is told, and what was counted before is kept.
    """
    only = set(names)
    asked = [c for name, c in channels.items() if (not only or name in only) and _counts(c)]
    with ledger.read() as conn:
        live = publications.everything(conn, [State.live]) if asked else []
    return [
        _count(ledger, one, http, [p for p in live if p.channel == one.name], clock)
        for one in asked
    ]


def _counts(channel: Channel) -> bool:
    one = channel.connector
    ready = channel.enabled and channel.cannot_send() is None
    return ready and one.can("count") and not one.local and not one.manual


def _count(
    ledger: Ledger,
    channel: Channel,
    open_http: Callable[[Channel], Http],
    mine: list[Publication],
    clock: Callable[[], datetime],
) -> Counted:
    told = 0
    try:
        way = open_http(channel) if mine else None
        for start in range(0, len(mine), TOGETHER):
            told += _some(ledger, channel, way, mine[start : start + TOGETHER], clock)
    except ConnectorError as error:
        return Counted(channel.name, len(mine), told, str(error))
    except Exception as error:
        log.exception("%s: counting", channel.name)
        return Counted(channel.name, len(mine), told, f"{type(error).__name__}; the log has more")
    return Counted(channel.name, len(mine), told)


def _some(
    ledger: Ledger,
    channel: Channel,
    way: Http,
    mine: list[Publication],
    clock: Callable[[], datetime],
) -> int:
    ours = {receipt.id: one for one in mine if (receipt := one.received())}
    receipts = [receipt for one in mine if (receipt := one.received())]
    said = channel.connector.count(way, receipts)
    # A network that names posts of which it says nothing at all has not measured them.
    found = {
        (ours[id_].id, ours[id_].link): one
        for id_, one in said.items()
        if id_ in ours and one != Counts()
    }
    with ledger.begin(alone="clicks") as conn:
        counts.put(conn, found, clock())
    return len(found)
