"""Texts as they are searched: without capital letters and accents, as words.

Languages that put no spaces between words are cut into pairs of letters, which overlap: 看護師 is
看護, 護師 and a last 師, so that whatever part of it is asked for stands there side by side.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import regex

LONGEST = 60  # letters of a word; what is longer is no word
# Letters that Unicode does not take apart.
_PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe"})
_ACCENTS = regex.compile(r"[\u0300-\u036f\u00ad\u200b-\u200f]+")
# C++ and C# are words, too.
_WORD = regex.compile(r"[\p{L}\p{N}\p{M}]+(?:\+\+|#)?")
_UNSPACED = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー々]+"
)
# Words that are in every text and mean nothing by themselves; (m/w/d) is in every German title.
_SMALL = frozenset(
    re.split(
        " ",
        "a an and as at for in of on or the to with der die das und oder in im am als mit fur von "
        "zu m w d f x et de la le les du en y el los і и та в у на з для до",
    )
)


def fold(text: str) -> str:
    """Text without capital letters and accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", apart))


def words(text: str) -> list[str]:
    """The words of a text, as they are kept."""
    found: list[str] = []
    for word in _WORD.findall(fold(text)):
        if word.isascii():
            found.append(word[:LONGEST])
        else:
            for part in parts(word):
                found += pairs(part) if is_unspaced(part) else [part[:LONGEST]]
    return found


def parts(word: str) -> list[str]:
    """A word of several scripts, taken apart where there are no spaces: AI工程師 is ai, 工程師."""
    found, at = [], 0
    for match in _UNSPACED.finditer(word):
        found += [word[at : match.start()], match[0]]
        at = match.end()
    return [part for part in (*found, word[at:]) if part]


def pairs(run: str) -> list[str]:
    """Every two letters that stand side by side, and the last one."""
    return [*(run[at : at + 2] for at in range(len(run) - 1)), run[-1]]


@lru_cache(100_000)
def is_unspaced(word: str) -> bool:
    """Whether it is written without spaces between words."""
    return _UNSPACED.fullmatch(word) is not None


@lru_cache(1000)
def asked(text: str, most: int = 8) -> tuple[str, ...]:
    """The words that somebody asks for, each once, at most so many; small ones only when there
    are no others."""
    found = [part[:LONGEST] for word in _WORD.findall(fold(text)) for part in parts(word)]
    unique = list(dict.fromkeys(found))
    return tuple(([word for word in unique if word not in _SMALL] or unique)[:most])


def is_term(word: str) -> bool:
    """Whether a word can be mistyped: long enough, and no number."""
    return len(word) >= 4 and not is_unspaced(word) and not word[0].isdigit()


def grams(word: str) -> list[str]:
    """Every three letters of a word that stand side by side, with its ends marked."""
    whole = f"^{word}$"
    return list(dict.fromkeys(whole[at : at + 3] for at in range(len(whole) - 2)))


def terms(found: Iterable[str]) -> set[str]:
    """The words among these that can be mistyped."""
    return {word for word in found if is_term(word)}
