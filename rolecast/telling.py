"""Round-ups by chat, for those who would rather not have mails. Knows no chat itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from rolecast.connector import ConnectorError, Gone, OutcomeUnknown, Refused, Unavailable
from rolecast.ledger import Ledger, mails
from rolecast.outbox import LEASE, TRIES, WAIT


class Messenger(Protocol):
    """Tells somebody something where they chat."""

    def tell(self, address: str, text: str) -> None:
        """address: of mail, by which the chat knows them. Raises ConnectorError."""


def deliver(ledger: Ledger, messengers: Mapping[str, Messenger], now: datetime) -> int:
    """Tell what waits to be told by chat; answers how many were.

    messengers: slack, teams → who tells there. What cannot be told there goes by mail.
    """
    told = 0
    with ledger.begin() as conn:
        mails.release(conn, now - LEASE)
        ways = mails.ways(conn)
    for way in ways:
        while True:
            with ledger.begin(alone="mails") as conn:
                one = mails.claim(conn, now, way)
            if one is None:
                break
            told += _tell(ledger, messengers.get(way), one, now)
    return told


def _tell(ledger: Ledger, messenger: Messenger | None, one, now: datetime) -> bool:
    """Whether it was told. An answer that was lost is left to a person: nobody is told twice."""
    state, then, trouble = "sent", now, None
    try:
        if messenger is None:
            raise Refused("the company has no such chat any more")
        messenger.tell(one.address, f"{one.subject}\n\n{one.body}")
    except (Refused, Gone):
        state = "mail"
    except OutcomeUnknown as error:
        state, trouble = "unknown", str(error)
    except ConnectorError as error:  # it is away, or its token has to be renewed
        wait = WAIT[min(one.tries, len(WAIT)) - 1]
        wished = error.retry_after if isinstance(error, Unavailable) else None
        state, trouble = "waiting", str(error)
        then = now + timedelta(seconds=max(wait, wished or 0))
        if one.tries >= TRIES:
            state = "mail"
    except Exception as error:  # of a call that may have been carried out: as in rolecast.publish
        state, trouble = "unknown", f"{type(error).__name__}: {error}"
    with ledger.begin() as conn:
        if state == "mail":
            mails.reroute(conn, one.id, now)
        else:
            mails.finish(conn, one.id, state, then, trouble, now)
    return state == "sent"
