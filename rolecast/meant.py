"""What somebody may have meant by a word: the nearest of the words that titles, teams, places and
skills are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from rolecast.folding import grams, is_term, is_unspaced, pairs
from rolecast.ledger import find
from rolecast.ledger.find import Alternative
from rolecast.shelf import Shelf

CANDIDATES = 60  # by shared trigrams, to be compared letter by letter
MOST = 12  # words that are looked for beside the one asked for
TOLD = 3  # of them are named
ALIKE = 60  # per cent, for a suggestion
FEW = 5  # see rolecast.finding


def alternative(word: str) -> Alternative:
    """How a word is looked for: as it is, or as the beginning of one."""
    if not is_unspaced(word):
        return Alternative((word,), begins=len(word) >= 3)
    if len(word) == 1:
        return Alternative((word,), begins=True)
    return Alternative(tuple(pairs(word)[:-1]))


class Meant:
    """Looks words up for one search."""

    def __init__(self, conn, shelf: Shelf):
        self.conn, self.shelf = conn, shelf
        self._near: dict[str, list[str]] = {}

    def places(self, wish: find.Wish) -> list[int]:
        """Places of the jobs on the board that say this, best first."""
        where = self.shelf.place
        return [where[number] for number in find.matching(self.conn, wish) if number in where]

    def others(self, word: str, few: bool) -> list[Alternative]:
        """Other words that may be meant. few: little was found, so what is less near counts too,
        where it is this word that is said seldom."""
        if is_unspaced(word):
            return [Alternative((pair,)) for pair in pairs(word)[:-1]] if few and word[2:] else []
        if not is_term(word):
            return []
        loose = few and len(self.places([[alternative(word)]])) < FEW
        if len(word) < 6 and not loose:
            return []
        found = [(_distance(word, term, loose), term) for term in self._candidates(word)]
        near = sorted((apart, len(term), term) for apart, term in found if apart is not None)
        nearest = min((apart for apart, _, _ in near if apart), default=0)
        kept = [term for apart, _, term in near if apart <= nearest]
        return [Alternative((term,), head=True) for term in kept[:MOST]]

    def told(self, more: Mapping[str, Sequence[Alternative]]) -> tuple[str, ...]:
        """The nearest of the other words that are said on the board; none for pairs of letters."""
        ways = [way for found in more.values() for way in found if not is_unspaced(way.words[0])]
        said = {way.words[0]: len(self.places([[way]])) for way in ways[: 2 * TOLD]}
        often = sorted((word for word, count in said.items() if count), key=said.get, reverse=True)
        return tuple(often[:TOLD])

    def instead(self, words: Sequence[str]) -> tuple[str, ...]:
        """The words, with one that finds nothing put right, in several ways."""
        for number, word in enumerate(words):
            if not is_term(word) or self.places([[alternative(word)]]):
                continue
            rated = [(fuzz.ratio(word, term), term) for term in self._candidates(word)]
            best = [term for rate, term in sorted(rated, reverse=True) if rate >= ALIKE]
            said = [term for term in best[: 2 * TOLD] if self.places([[Alternative((term,))]])]
            return tuple(" ".join((*words[:number], s, *words[number + 1 :])) for s in said[:TOLD])
        return ()

    def _candidates(self, word: str) -> list[str]:
        """Terms that share trigrams with a word; not those that begin with it, which are found."""
        if word not in self._near:
            found = find.near(self.conn, grams(word), CANDIDATES)
            self._near[word] = [term for term in dict.fromkeys(found) if term[: len(word)] != word]
        return self._near[word]


def _distance(word: str, term: str, loose: bool) -> int | None:
    """How many letters are wrong, if they are few enough for the word's length; 0 for a word within
    another, as in Krankenpfleger. loose: more may be, and the term may go on."""
    length = len(word)
    if length >= 5 and word in term:
        return 0
    most = 1 if length < 6 or not loose else 2 if length < 9 else 3
    apart = OSA.distance(word, term, score_cutoff=most)
    if apart <= most:
        return apart
    if not loose or length < 6 or len(term) < length + 2:
        return None
    most = min(most, 2)
    beginnings = (term[: length + more] for more in (-1, 0, 1))
    apart = min(OSA.distance(word, one, score_cutoff=most) for one in beginnings)
    return apart + 1 if apart <= most else None
