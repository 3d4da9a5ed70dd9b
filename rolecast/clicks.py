"""What is kept of a click, and whether a person made it.

Kept: the link, the time, a coarse device, the referring site's host, the country that a language
header names, what spoke against a person, and a visitor's number that no day after the next can be
traced to anybody. Never an address, a cookie or a User-Agent header.

Two things speak against a person. Signals are read off one request. Contexts come from a visitor's
other clicks: a second click on the same link within ten seconds (`double`), many links at once
(`burst`). Both are stored or can be found again, so that better rules can judge old clicks anew.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from rolecast import agents

SECOND: Final = 1_000_000  # times are whole microseconds since 1970, UTC
HOUR = 3600 * SECOND
DOUBLE = 10 * SECOND  # a second click on the same link within this time
BURST = 10 * SECOND  # the stretches of time in which a visitor's links are counted
MANY = 5  # different links in one stretch; nobody reads five adverts in ten seconds
REACH = DOUBLE + BURST  # how far a click can have a say in another's context

HUMAN, SUSPECT, BOT = "human", "suspect", "bot"
CLASSES = (HUMAN, SUSPECT, BOT)

RULES = 1  # the version below; a change of it, or of `agents`, judges old clicks anew
# What speaks against a person, the strongest first.
VERDICTS = {
    "prefetch": BOT,  # a browser or mail program fetched ahead; nobody has clicked yet
    "preview": BOT,  # a chat or network made a link's preview
    "scanner": BOT,  # a mail or security scanner
    "crawler": BOT,
    "headless": BOT,
    "declared": BOT,  # says itself that it is a program
    "tool": BOT,  # a programming library
    "flood": BOT,  # more clicks at once than a person can make
    "no-agent": SUSPECT,
    "unknown-agent": SUSPECT,
    "no-language": SUSPECT,  # browsers name a language; hidden programs often forget it
    "burst": SUSPECT,  # scanners open every link of a mail
    "double": SUSPECT,  # one person's second click is not a second person
}
PREFETCH = (b"prefetch", b"prerender", b"preview", b"preload")
PURPOSES = (b"sec-purpose", b"purpose", b"x-purpose", b"x-moz")
_PURPOSES = frozenset(PURPOSES)


class Click(NamedTuple):
    """One click as it is kept. `at` in microseconds, UTC; `signals` parted by blanks; `visitor`
    is None for who asks not to be tracked; `late`: answered before it was on the disk."""

    link: str
    at: int
    device: str
    referrer: str | None
    country: str | None
    agent: str
    signals: str
    visitor: int | None
    late: int = 0


# A click's values in their order, as they travel: what answers thousands a second makes no more.
Row = tuple[str, int, str, str | None, str | None, str, str, int | None, int]


@dataclass(frozen=True)
class Seen:
    """What a request's headers say, without anything of the person.

    private: Do Not Track or Global Privacy Control. browser: 16 bytes that stand for its name and
    language; they go into the visitor's number of the day and nowhere else.
    """

    device: str
    referrer: str | None
    country: str | None
    agent: str
    signals: str
    private: bool
    browser: bytes


class Asked:
    """A link that was asked for: its code, who asks, from which address, and when, in seconds since
    1970. visitor: their number on `day`, counted from 1970; it is the same for all that one person
    asks for on one connection."""

    def __init__(self, code: bytes, who: Seen, address: str, at: float):
        self.code, self.who, self.address, self.at = code, who, address, at
        self.visitor, self.day = 0, -1

    def kept(self) -> None:
        """The answer may leave."""


Headers = Mapping[bytes, bytes]  # names in lower case, as they came over the wire


def seen(headers: Headers) -> Seen:
    """Read a request's headers."""
    get = headers.get
    purpose = b""
    if not _PURPOSES.isdisjoint(headers):
        purpose = b"".join([get(name, b"") for name in PURPOSES])
    private = get(b"dnt") == b"1" or get(b"sec-gpc") == b"1"
    return _seen(
        get(b"user-agent", b""),
        get(b"accept-language", b""),
        get(b"referer", b""),
        purpose,
        private,
    )


@lru_cache(50_000)
def _seen(agent: bytes, language: bytes, referer: bytes, purpose: bytes, private: bool) -> Seen:
    read = agents.read(agent.decode("latin-1"))
    languages = language.decode("latin-1")
    signals = [read.signal] if read.signal else []
    if any(word in purpose.lower() for word in PREFETCH):
        signals.append("prefetch")
    if not languages.strip() and not read.signal:
        signals.append("no-language")
    return Seen(
        read.device,
        referrer_host(referer.decode("latin-1")),
        country(languages),
        read.name,
        " ".join(signals),
        private,
        blake2b(b"%b\0%b" % (agent, language), digest_size=16).digest(),
    )


def referrer_host(referrer: str) -> str | None:
    """The host of a Referer header, or None; paths and queries may name a person."""
    try:
        host = urlsplit(referrer[:2000]).hostname
    except ValueError:
        return None
    return host[:100] if host and re.fullmatch(r"[a-z0-9.:-]+", host) else None


def country(language: str) -> str | None:
    """AT for "de-AT,de;q=0.9"; None where the first language names no country."""
    found = re.match(r"\s*[a-zA-Z]{2,3}(?:-[a-zA-Z]{4})?-([a-zA-Z]{2})\b", language[:100])
    return found.group(1).upper() if found else None


def judge(signals: str, agent: str = "", context: str = "") -> tuple[str, str]:
    """Class and reason by RULES; reason is "" for a person.

    agent: what a program calls itself; today's lists are asked again.
    """
    known = set(signals.split())
    if agent:
        known.add(agents.named(agent))
    known.add(context)
    for reason, verdict in VERDICTS.items():
        if reason in known:
            return verdict, reason
    return HUMAN, ""


@lru_cache(10_000)
def judged(signals: str, agent: str, context: str) -> tuple[str, str]:
    """`judge`, remembered."""
    return judge(signals, agent, context)


def contexts(clicks: Sequence[Click]) -> list[str]:
    """For each click what the same visitor's other clicks say of it: burst, double or "".

    Depends on the clicks alone, not on their order: judging them in parts gives the same, as long
    as each part reaches REACH further on both sides.
    """
    found = [""] * len(clicks)
    for mine in _by_visitor(clicks).values():
        links: dict[int, set[str]] = defaultdict(set)
        for index in mine:
            links[clicks[index].at // BURST].add(clicks[index].link)
        last: dict[str, int] = {}
        for index in mine:
            click = clicks[index]
            if len(links[click.at // BURST]) >= MANY:
                found[index] = "burst"
            elif click.link in last and click.at - last[click.link] <= DOUBLE:
                found[index] = "double"
            last[click.link] = click.at
    return found


def _by_visitor(clicks: Sequence[Click]) -> dict[int, list[int]]:
    """Visitor → positions of the clicks, by time; what happened at once in an order of its own."""
    found: dict[int, list[int]] = defaultdict(list)
    for index, click in enumerate(clicks):
        if click.visitor is not None:
            found[click.visitor].append(index)
    for mine in found.values():
        mine.sort(key=lambda index: _order(clicks[index]))
    return found


def _order(click: Click) -> tuple[int, str, str, str]:
    return click.at, click.link, click.signals, click.agent
