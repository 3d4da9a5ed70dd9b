"""Looks whether what is live is there, and says what we wrote.

Networks show a text in their own way, so a look is compared with the first look after we wrote:
from then on every difference is somebody else's. The first look itself has to resemble what we
sent.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rolecast.channels import Channel
from rolecast.connector import ConnectorError, Http, Seen, Unauthorised, Unavailable
from rolecast.ledger import Ledger, attempts, events, publications
from rolecast.ledger.events import Event
from rolecast.ledger.publications import Publication
from rolecast.ledger.states import Outcome, State
from rolecast.publish import now_utc

log = logging.getLogger(__name__)

ALIKE = 0.7  # share of our words that a first look has to show
MOST = 4000  # characters of a drifted text that are kept


class Kind(StrEnum):
    """What a look found."""

    fine = "fine"
    gone = "gone"
    changed = "changed"
    unseen = "unseen"  # the network did not let us look


@dataclass(frozen=True)
class Finding:
    """One look at one publication; `detail` says why nothing was seen, or what it says now."""

    publication: Publication
    kind: Kind
    detail: str | None = None


def verify(
    ledger: Ledger,
    channels: Mapping[str, Channel],
    http: Callable[[Channel], Http],
    *,
    jobs: Iterable[str] = (),
    names: Iterable[str] = (),
    clock: Callable[[], datetime] = now_utc,
    on_finding: Callable[[Finding], None] = lambda finding: None,
) -> list[Finding]:
    """Look at every live publication (of `jobs`, on channels `names`) and write what was found.

    Network trouble is never raised; it makes the rest of that channel's posts unseen.
    """
    with ledger.read() as conn:
        live = publications.everything(conn, [State.live])
    wanted, only = set(jobs), set(names)
    findings: list[Finding] = []
    for name, channel in channels.items():
        mine = [
            one
            for one in live
            if one.channel == name
            and (not wanted or one.job_id in wanted)
            and (not only or name in only)
        ]
        if mine and _can_look(channel):
            for finding in _look(channel, http, mine):
                _write(ledger, finding, clock())
                findings.append(finding)
                on_finding(finding)
    return findings


def fingerprint(says: str) -> str:
    """Names what a look saw: the same whatever its blanks."""
    return hashlib.blake2b(" ".join(says.split()).encode(), digest_size=16).hexdigest()


def _can_look(channel: Channel) -> bool:
    one = channel.connector
    ready = channel.enabled and channel.cannot_send() is None
    return ready and one.can("look") and not one.local and not one.manual


def _look(
    channel: Channel, open_http: Callable[[Channel], Http], mine: list[Publication]
) -> list[Finding]:
    """Look at a channel's posts, several at a time, until it stops answering."""
    try:
        http = open_http(channel)
    except ConnectorError as error:  # such as a key that does not open the vault
        return [Finding(publication, Kind.unseen, str(error)) for publication in mine]
    stop: list[ConnectorError] = []

    def one(publication: Publication) -> Finding:
        if stop:
            return Finding(publication, Kind.unseen, str(stop[0]))
        receipt = publication.received()
        if receipt is None:
            return Finding(publication, Kind.unseen, "there is no receipt")
        try:
            return _compare(publication, channel.connector.look(http, receipt))
        except ConnectorError as error:
            if isinstance(error, Unauthorised | Unavailable):
                stop.append(error)
            return Finding(publication, Kind.unseen, str(error))
        except Exception as error:
            log.exception("%s: looking at %s", channel.name, publication.job_id)
            return Finding(publication, Kind.unseen, f"{type(error).__name__}; the log has more")

    with ThreadPoolExecutor(channel.policy.workers, channel.name) as pool:
        return list(pool.map(one, mine))


def _compare(publication: Publication, seen: Seen | None) -> Finding:
    if seen is None:
        return Finding(publication, Kind.gone, "somebody else took it down")
    if seen.says is None:
        return Finding(publication, Kind.fine)
    if publication.seen_hash is not None:
        same = publication.seen_hash == fingerprint(seen.says)
    else:
        same = resembles(publication, seen.says)
    return Finding(publication, Kind.fine if same else Kind.changed, seen.says)


def resembles(publication: Publication, says: str) -> bool:
    """Whether a text can be what we sent: most of our words are in it, one way or another."""
    sent = publication.sent()
    if sent is None:
        return True
    known = _words(says)
    # A page may show title and body apart, or only one of the two forms that we render.
    return any(
        len(ours & known) >= ALIKE * len(ours)
        for text in (sent.text, re.sub(r"<[^>]+>", " ", sent.html), sent.title)
        if (ours := _words(text.replace(sent.link, "")))
    )


def _words(text: str) -> set[str]:
    return {word.casefold() for word in re.findall(r"\w{3,}|[^\W\x00-\u2fff]", text)}


def _write(ledger: Ledger, finding: Finding, now: datetime) -> None:
    one = finding.publication
    if finding.kind is Kind.unseen:
        return
    with ledger.begin() as conn:
        if finding.kind is Kind.gone:
            # `pending` publish: that is what a person may ask for.
            if publications.set_state(
                conn, one, State.gone, now, reason=finding.detail, pending=None, drift=None
            ):
                attempts.record(conn, one, "look", Outcome.gone, "verify", now, finding.detail)
            return
        says = finding.detail
        values: dict[str, object] = {"seen_at": now, "drift": None}
        if finding.kind is Kind.changed:
            values["drift"] = (says or "")[:MOST]
        elif says is not None and one.seen_hash is None:
            values["seen_hash"] = fingerprint(says)
        publications.seen(conn, one, values)
        if bool(one.drift) != (finding.kind is Kind.changed):
            what = "changed there" if finding.kind is Kind.changed else "as we wrote it again"
            detail = f"{one.channel} {one.moment}: it says now: {(says or '')[:500]}"
            events.add(conn, [Event(one.job_id, now, "verify", what, detail)])
