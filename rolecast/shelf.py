"""The jobs that are on the board at one time, in memory: what a filter lets through and how many
there are of each choice are sums over bits, one for each job, so no page has to ask the ledger.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from rolecast.findable import FACETS
from rolecast.ledger.find import Shown
from rolecast.search import Search

KEPT = 500  # counts, for searches that are asked for again


class Shelf:
    """Jobs by their places, those that came to the board last first. Never changes.

    A set of jobs is a number whose bits are their places.
    """

    def __init__(self, rows: Sequence[Shown]):
        self.numbers = [row.number for row in rows]
        self.ids = [row.job_id for row in rows]
        self.place = {number: at for at, number in enumerate(self.numbers)}
        self.all = (1 << len(rows)) - 1
        self._ages = [-(row.since.timestamp() if row.since else 0.0) for row in rows]
        self._counts: dict[tuple[str, int], list[tuple[str, int]]] = {}
        self._looks = [(row.goes_out, at) for at, row in enumerate(rows) if row.goes_out]
        places: dict[str, dict[str, list[int]]] = {name: defaultdict(list) for name in FACETS}
        for at, row in enumerate(rows):
            for name, values in _facets(row.facets):
                for value in values:
                    places[name][value].append(at)
        self._choices = {
            name: {value: self.bits(found) for value, found in values.items()}
            for name, values in places.items()
        }

    def __len__(self) -> int:
        return len(self.numbers)

    def bits(self, places: Iterable[int]) -> int:
        """The set of these places."""
        found = bytearray(len(self.numbers) // 8 + 1)
        for at in places:
            found[at >> 3] |= 1 << (at & 7)
        return int.from_bytes(found, "little")

    def newer(self, than: datetime | None) -> int:
        """The jobs that came later; none for nobody's time."""
        if than is None:
            return 0
        return (1 << bisect_left(self._ages, -than.timestamp())) - 1

    def between(self, after: datetime, until: datetime) -> int:
        """The jobs that came after the one time and not after the other."""
        return self.newer(after) & ~self.newer(until)

    def inside(self, now: datetime) -> dict[int, datetime]:
        """Place → when it goes out, of the jobs that only colleagues see now."""
        return {at: out for out, at in self._looks if out > now}

    def chosen(self, search: Search, but: str = "") -> int:
        """The jobs that a search's choices let through; `but`: one facet is not looked at."""
        found = self.all
        for name, values in search.chosen.items():
            if name != but:
                some, choices = 0, self._choices[name]
                for value in values:
                    some |= choices.get(value, 0)
                found &= some
        return found

    def counts(self, facet: str, among: int, kept: Sequence[str] = ()) -> list[tuple[str, int]]:
        """(choice, how many of these have it), most first; those that are `kept` even when none."""
        found = self._counts.get((facet, among))
        if found is None:
            choices = self._choices[facet].items()
            counted = ((value, (bits & among).bit_count()) for value, bits in choices)
            found = sorted((one for one in counted if one[1]), key=lambda one: (-one[1], one[0]))
            if len(self._counts) >= KEPT:
                self._counts.clear()
            self._counts[facet, among] = found
        there = {value for value, _ in found} if kept else set()
        return found + [(value, 0) for value in kept if value not in there]


def places(found: int, start: int, count: int) -> list[int]:
    """Some of a set's places, in order: `count` from the `start`th on."""
    digits, at, taken = bin(found)[:1:-1], -1, []
    for number in range(start + count):
        at = digits.find("1", at + 1)
        if at < 0:
            break
        if number >= start:
            taken.append(at)
    return taken


@lru_cache(20_000)
def _facets(text: str) -> list[tuple[str, list[str]]]:
    return list(json.loads(text).items())
