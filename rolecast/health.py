"""Asks a channel's network who we post as, and keeps the answer for whoever has no credentials."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from rolecast.channels import KEY, Channel
from rolecast.connector import ConnectorError, Http, Limits
from rolecast.ledger import Ledger
from rolecast.ledger import health as kept

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """named: who we post as, None where a network has no accounts. trouble: why it cannot be used
    now. warnings: what to see to soon."""

    named: str | None = None
    trouble: str | None = None
    warnings: tuple[str, ...] = ()
    limits: Limits | None = None
    token_ends: datetime | None = None


def check(
    ledger: Ledger,
    channel: Channel,
    http: Callable[[Channel], Http],
    now: datetime,
    with_key: bool = True,
) -> Answer:
    """Ask, and write the answer down. with_key: whether renewed tokens can be kept."""
    found = _ask(channel, http, _warnings(channel, now, with_key))
    with ledger.begin() as conn:
        kept.checked(
            conn,
            channel.name,
            now,
            named=found.named,
            trouble=found.trouble,
            warnings=found.warnings,
            limits=found.limits,
            token_ends=found.token_ends,
        )
    return found


def _ask(
    channel: Channel, open_http: Callable[[Channel], Http], warnings: tuple[str, ...]
) -> Answer:
    if problem := channel.cannot_send():
        return Answer(trouble=problem, warnings=warnings)
    if not channel.connector.can("whoami"):
        return Answer(warnings=warnings)
    named, trouble, ends, http = None, None, None, None
    try:
        http = open_http(channel)
        named = channel.connector.whoami(http)
        ends = http.vault.ends() if getattr(http, "vault", None) else None
    except ConnectorError as error:
        trouble = str(error)
    except Exception as error:
        log.exception("%s: asking who we are", channel.name)
        trouble = f"{type(error).__name__}; the log has more"
    return Answer(named, trouble, warnings, getattr(http, "limits", None), ends)


def _warnings(channel: Channel, now: datetime, with_key: bool) -> tuple[str, ...]:
    found = channel.connector.warnings(now.date())
    if getattr(channel.connector, "refresh_token", None) and not with_key:
        found = [*found, f"set {KEY}: without it the token is not renewed"]
    return tuple(found)
