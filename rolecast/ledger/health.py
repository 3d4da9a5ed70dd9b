"""How the channels are: what networks said when last asked, and how the last calls ended."""

from __future__ import annotations

import importlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from rolecast.connector import Limits
from rolecast.ledger.schema import publications
from rolecast.ledger.schema_desk import channel_health

_H, _P = channel_health.c, publications.c


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of one channel. `trouble`: why it did not answer when it was last asked;
    `done`, `failed`, `reason`: of what was last carried out there."""

    channel: str
    changed: datetime | None = None
    checked: datetime | None = None
    named: str | None = None
    trouble: str | None = None
    warnings: tuple[str, ...] = ()
    limit_of: int | None = None
    limit_left: int | None = None
    limit_resets: datetime | None = None
    token_ends: datetime | None = None
    done: datetime | None = None
    failed: datetime | None = None
    reason: str | None = None


_COLUMNS = [channel_health.c[name] for name in Health.__slots__]


def everything(conn: Connection) -> dict[str, Health]:
    """Channel → what is known of it."""
    found = {}
    for row in conn.execute(select(*_COLUMNS)):
        values = dict(zip(Health.__slots__, row, strict=True))
        values["warnings"] = tuple(json.loads(row.warnings or "[]"))
        found[row.channel] = Health(**values)
    return found


def checked(
    conn: Connection,
    channel: str,
    now: datetime,
    *,
    named: str | None,
    trouble: str | None,
    warnings: Sequence[str] = (),
    limits: Limits | None = None,
    token_ends: datetime | None = None,
) -> None:
    """What came of asking a network who we are."""
    _write(
        conn, channel, checked=now, changed=now, named=named, trouble=trouble,
        warnings=json.dumps(list(warnings)), token_ends=token_ends, **_as_columns(limits),
    )  # fmt: skip


def used(
    conn: Connection,
    channel: str,
    now: datetime,
    *,
    done: bool,
    reason: str | None = None,
    limits: Limits | None = None,
) -> None:
    """What was carried out there last: something that was done, and something that was not, for
    this reason."""
    values: dict[str, Any] = {"changed": now}
    if done:
        values["done"] = now
    if reason is not None:
        values |= {"failed": now, "reason": reason}
    if limits is not None:
        values |= _as_columns(limits)
    _write(conn, channel, **values)


def posts(conn: Connection) -> dict[str, dict[str, int]]:
    """Channel → state → how many posts."""
    query = select(_P.channel, _P.state, func.count()).group_by(_P.state, _P.channel)
    found: dict[str, dict[str, int]] = {}
    for channel, state, number in conn.execute(query):
        found.setdefault(channel, {})[state] = number
    return found


def _as_columns(limits: Limits | None) -> dict[str, Any]:
    return {
        "limit_of": limits.of if limits else None,
        "limit_left": limits.left if limits else None,
        "limit_resets": limits.resets if limits else None,
    }


def _write(conn: Connection, channel: str, **values: Any) -> None:
    dialect = importlib.import_module(f"sqlalchemy.dialects.{conn.dialect.name}")
    statement = dialect.insert(channel_health).values(channel=channel, **values)
    conn.execute(statement.on_conflict_do_update(index_elements=["channel"], set_=values))
