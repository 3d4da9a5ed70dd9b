"""How networks count the length of a text.

X: twitter-text, configuration v3 (a link counts 23, letters outside of Latin 2, an emoji 2).
Bluesky: grapheme clusters. Mastodon: StatusLengthValidator (a link counts 23, of a mention what
stands before its server). Telegram: UTF-16 code units (core.telegram.org/api/entities).
"""

from __future__ import annotations

import warnings

import regex

URL_COUNTS = 23  # at X and Mastodon, however long a link is
_URL = regex.compile(r"https?://[^\s]+")
# twitter-text tries every way to part a word at its dots: 5,000 letters took it 45 seconds. No
# host has that many, and a comma counts as much as a dot.
_DOTTED = regex.compile(r"(?:[^\s./]*\.){12,}[^\s./]*")
FAR = 1500  # code points, five times X's limit
WIDE = 0x1100  # from here on nearly all letters count 2
_MENTION = regex.compile(r"(@[\w.-]+)@[\w.-]+\w")


def characters(text: str) -> int:
    """Code points."""
    return len(text)


def graphemes(text: str) -> int:
    """What a reader takes for one letter, counted as one (Bluesky)."""
    return len(regex.findall(r"\X", text))


def mastodon(text: str) -> int:
    """Graphemes; links and mentions are shortened."""
    return graphemes(_MENTION.sub(r"\1", _URL.sub("x" * URL_COUNTS, text)))


def weighted(text: str) -> int:
    """X's weighted characters; far beyond what X takes, only about so many."""
    short = _URL.sub("x" * URL_COUNTS, text)
    if len(short) > FAR:
        return sum(1 if ord(c) < WIDE else 2 for c in short)
    with warnings.catch_warnings():  # its way to read a file is an old one
        warnings.simplefilter("ignore")
        from twitter_text import parse_tweet

    return parse_tweet(_DOTTED.sub(_undotted, text)).weightedLength


def _undotted(word: regex.Match[str]) -> str:
    return word[0].replace(".", ",")


def utf16(text: str) -> int:
    """UTF-16 code units (Telegram)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
