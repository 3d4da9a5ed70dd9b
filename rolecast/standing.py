"""Who is behind the links that led to an application, and how they stood to the job when it came.

That is looked at once and kept: whoever becomes a recruiter later, or is deleted, leaves decided
what was decided. What is kept names nobody.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rolecast.ledger import parties
from rolecast.ledger.parties import Behind
from rolecast.people import Role

PARTIES = ("share", "referral")  # those behind which a colleague is; as links.channel has them


@dataclass(frozen=True)
class Stand:
    """A colleague's part in an application. who: their number, "" when they are gone. at: when the
    friend was named; None: as the news tell. parts: see rolecast.credit."""

    party: str
    who: str
    at: datetime | None
    link: str | None
    parts: tuple[str, ...]


def of(conn, source: str, application: str, codes: Sequence[str]) -> dict[str, Stand]:
    """Link (or number of a referral without one) → stand, for the colleagues' links among `codes`
    and the referrals that are tied to the application."""
    live = _live(conn, source, application, codes)
    kept = parties.kept(conn, source, application)
    found = {}
    for key in [*live, *(key for key in kept if key not in live)]:
        now = live.get(key)
        party, at, parts = kept.get(key) or _kept(now)
        link = key if key in codes or (now and now.link) else None
        found[key] = Stand(party, now.person_id if now else "", at, link, parts)
    return found


def keep(conn, source: str, application: str) -> None:
    """Keep how those stand who have come in anew; forget referrals that are tied to it no more."""
    codes = parties.codes_of(conn, source, application)
    live = _live(conn, source, application, codes)
    kept = parties.kept(conn, source, application)
    for key, one in live.items():
        if key not in kept:
            parties.keep(conn, source, application, key, *_kept(one))
    for key in kept:
        if key not in live and key not in codes and parties.is_there(conn, key):
            parties.lose(conn, source, application, key)


def _live(conn, source: str, application: str, codes: Sequence[str]) -> dict[str, Behind]:
    found = {one.key: one for one in parties.of_application(conn, source, application)}
    return {one.key: one for one in parties.of_links(conn, codes)} | found


def _kept(one: Behind) -> tuple[str, datetime | None, tuple[str, ...]]:
    """(party, at, parts). Nobody is behind a share's link any more: no parts are known."""
    parts = []
    if Role(one.role).may(Role.recruiter):
        parts.append("recruiting")
    manager = (json.loads(one.spec).get("hiring_manager") or {}) if one.spec else {}
    if one.email and (manager.get("email") or "").lower() == one.email:
        parts.append("hiring-manager")
    if one.email and (one.contact or "").strip().lower() == one.email:
        parts.append("self")
    return one.party, one.named, tuple(parts)
