"""Sharing a job: where to, with which link, in whose words. Knows no web.

Colleagues share through their own apps: an address opens the app with their words in it, or the
words are copied. What they write is kept only when they lend it to each other.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from urllib.parse import quote, urlsplit

import regex
from rapidfuzz import fuzz, utils

from rolecast import lengths
from rolecast.jobspec import JobSpec, Status
from rolecast.ledger import Ledger, notices, shares
from rolecast.ledger.shares import Lent, Share
from rolecast.people import Person
from rolecast.render import builtin_templates
from rolecast.told import N_, Told

MOST = 5000  # characters of somebody's words
# How alike two texts are, from 0 to 100. The same text with a word or two changed is above 85; two
# colleagues who wrote about the same job by themselves stay below 65 (tests/people/test_sharing.py
# has both kinds), so that nobody is warned of somebody else's thought.
NEAR = 85
KEPT = 60  # words that were taken up and changed more than that are one's own
SHORT = 25  # characters; "Great team!" is nobody's
BEGINS = 1000  # characters of one's words that are looked for in the advert
COMPARED = 200  # lent texts that one is compared with, newest first


@dataclass(frozen=True, slots=True)
class Place:
    """Where one shares. intent: address that opens the app, with {text}, {link}, {words} (the text
    without the link), {subject} and {server} filled in; "" where there is none, and one copies.

    limit: longest text, counted by that function of rolecast.lengths; None: none that matters.
    card: shows title and picture of what the link leads to.
    """

    name: str
    label: str
    intent: str = ""
    limit: int | None = None
    counts: str = "characters"
    card: bool = False
    paper: bool = False  # to be printed: no words

    @property
    def takes_words(self) -> bool:
        """Whether the intent carries the words; else they have to be copied first."""
        return "{text}" in self.intent or "{words}" in self.intent

    def measure(self, text: str) -> int:
        """Length as it is counted there."""
        return getattr(lengths, self.counts)(text)


# Sources: learn.microsoft.com/linkedin/consumer/integrations/self-serve/plugins/share-plugin (an
# address only); docs.x.com/x-for-websites/post-button/guides/web-intent; docs.bsky.app/docs/
# advanced-guides/intent-links; ShareController in Mastodon's source; developers.facebook.com/docs/
# plugins/share-button (an address only); faq.whatsapp.com/5913398998672934; core.telegram.org/api/
# links#share-links; RFC 6068. Signal has no address that opens it with words.
PLACES = {
    place.name: place
    for place in (
        Place(
            "linkedin", "LinkedIn", "https://www.linkedin.com/sharing/share-offsite/?url={link}",
            3000, card=True,
        ),
        Place("x", "X", "https://x.com/intent/tweet?text={text}", 280, "weighted", True),
        Place(
            "bluesky", "Bluesky", "https://bsky.app/intent/compose?text={text}",
            300, "graphemes", True,
        ),
        Place("mastodon", "Mastodon", "https://{server}/share?text={text}", 500, "mastodon", True),
        Place(
            "facebook", "Facebook", "https://www.facebook.com/sharer/sharer.php?u={link}",
            63_206, card=True,
        ),
        Place("whatsapp", "WhatsApp", "https://wa.me/?text={text}", card=True),
        Place(
            "telegram", "Telegram", "https://t.me/share/url?url={link}&text={words}",
            4096, "utf16", True,
        ),
        Place("signal", "Signal", card=True),
        Place("mail", N_("Mail"), "mailto:?subject={subject}&body={text}"),
        Place("copy", N_("Anywhere else")),
        Place("qr", N_("QR code"), paper=True),
        Place("poster", N_("Poster"), paper=True),
    )
}  # fmt: skip


class NotPossible(Told):
    """What was asked for cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Alike:
    """Whose text somebody's words nearly are."""

    colleagues: int = 0
    advert: bool = False


def is_open(spec: JobSpec, now: datetime, zone: str) -> bool:
    """Whether a job can be shared: one that is not taken, and can be applied for until later."""
    closes = spec.closes_at(zone)
    return spec.status is Status.open and (closes is None or now < closes)


# Words


def tidy(words: str) -> str:
    """Somebody's words without what is not to be seen: control characters, and those that turn
    the direction of all that follows. Raises NotPossible when there are too many."""
    text = words.replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(
        c for c in text if c == "\n" or (unicodedata.category(c) not in _HIDDEN and c not in _TURN)
    )
    text = regex.sub(r"\n{3,}", "\n\n", text).strip()
    if len(text) > MOST:
        raise NotPossible(
            N_("Your words have %(length)s characters; at most %(most)s can be taken."),
            length=len(text),
            most=MOST,
        )
    return text


_HIDDEN = {"Cc", "Cs", "Cn"}
_TURN = frozenset("\u202a\u202b\u202c\u202d\u202e")


@cache
def phrases() -> dict[str, dict[str, str]]:
    """What is said in a colleague's name: works, ask → language → the sentence."""
    path = builtin_templates() / "share" / "phrases.toml"
    return tomllib.loads(path.read_text("utf-8"))


def disclosures() -> dict[str, str]:
    """Language → "I work there" in it, with {company}."""
    return phrases()["works"]


def disclosure(language: str, company: str) -> str:
    """Tells readers that somebody of the company writes. English where there are no words."""
    known = disclosures()
    return known.get(language, known["en"]).replace("{company}", one_line(company))


def one_line(text: str, most: int = 400) -> str:
    """A text of a job or a person on one line, without what is not to be seen."""
    return " ".join(tidy(text[:most]).split())


def composed(words: str, told: str, link: str) -> str:
    """What is posted: words, disclosure, link; what is "" is left out."""
    above = "\n\n".join(part for part in (words, told) if part)
    return "\n".join(part for part in (above, link) if part)


def server(typed: str) -> str:
    """The host of somebody's Mastodon server: typed as such, as an address or as @kim@host.
    Raises NotPossible."""
    text = typed.strip()[:300]
    try:
        if "/" in text:
            text = urlsplit(text if "://" in text else f"https://{text}").netloc
        host = text.rpartition("@")[2].lower().rstrip(".").encode("idna").decode()
    except ValueError:
        host = ""
    if len(host) > 253 or not regex.fullmatch(r"([a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}(:\d+)?", host):
        raise NotPossible(N_("Write your Mastodon server, such as mastodon.social."))
    return host


def intent(place: Place, words: str, told: str, link: str, subject: str, host: str = "") -> str:
    """The address that opens the place's app; "" where there is none.

    Everything is percent-encoded, line breaks of a mail as CRLF (RFC 6068, 5): nothing that
    somebody writes can name a receiver or a header.
    """
    text = composed(words, told, link)
    if place.name == "mail":
        text = text.replace("\n", "\r\n")
    values = {
        "text": text,
        "words": composed(words, told, ""),
        "link": link,
        "subject": one_line(subject),
    }
    return place.intent.format(
        server=host, **{name: quote(value, safe="") for name, value in values.items()}
    )


def advert(spec: JobSpec) -> str:
    """All that the advert says."""
    lines = (*spec.responsibilities, *spec.requirements, *spec.benefits)
    return "\n".join(part for part in (spec.summary, spec.description, *lines) if part)


def lines(spec: JobSpec, most: int = 12) -> list[str]:
    """The advert's lines, as material: what one does, what there is for it, what one brings."""
    found = (*spec.responsibilities, *spec.benefits, *spec.requirements)
    return [" ".join(line.split()) for line in found][:most]


def alike(words: str, others: Iterable[Lent], spec: JobSpec, own: str) -> Alike:
    """Whose text these words nearly are; own: the person who wrote them."""
    text = utils.default_process(words)
    if len(text) < SHORT:
        return Alike()
    people: set[str] = set()
    for one in others:
        if _same(text, utils.default_process(one.words)) >= NEAR:
            people |= {one.person_id, *one.takers}
    whole = utils.default_process(advert(spec))
    begins = text[:BEGINS]
    copied = len(begins) <= len(whole) and fuzz.partial_ratio(begins, whole) >= NEAR
    return Alike(len(people - {own}), copied)


def _same(one: str, other: str) -> float:
    """How alike two processed texts are, in whatever order their words stand."""
    return fuzz.token_sort_ratio(one, other)


# In the ledger


def share(ledger: Ledger, person: str, job_id: str, place: str, now: datetime) -> Share:
    """A person's share of a job at a place; the first time makes it, once."""
    with ledger.read() as conn:
        found = shares.get(conn, person, job_id, place)
    if found is None:
        with ledger.begin(alone="shares") as conn:
            found = shares.ensure(conn, person, job_id, place, now)
    return found


def lend(ledger: Ledger, made: Share, words: str) -> None:
    """Let colleagues use these words. Raises NotPossible when there are none."""
    if not words:
        raise NotPossible(N_("There are no words yet that colleagues could use."))
    with ledger.begin() as conn:
        shares.lend(conn, made.id, words)


def take_up(
    ledger: Ledger, person: Person, made: Share, words: str, taken: str, now: datetime
) -> str:
    """Note that somebody shares with words of a colleague, who is told so once.

    taken: the share whose words were taken up, "" for none. Answers the colleague's name, or ""
    when these are the person's own words: they wrote them, or changed them that much.
    """
    with ledger.begin() as conn:
        lent = shares.lent_one(conn, made.job_id, taken) if taken else None
        kept = lent is not None and lent.person_id != person.id and _kept(words, lent.words)
        if lent is None or not kept:
            if made.taken_from is not None:
                shares.take_up(conn, made.id, None)
            return ""
        if not shares.took(conn, person.id, lent.id):
            about = {"name": person.name}
            notices.add(conn, lent.person_id, "taken", now, made.job_id, **about)
        shares.take_up(conn, made.id, lent.id)
        return lent.name


def _kept(words: str, lent: str) -> bool:
    return _same(utils.default_process(words), utils.default_process(lent)) >= KEPT
