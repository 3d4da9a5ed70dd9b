"""What somebody looks for on the board: words and choices, as they stand in the page's address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode

from rolecast.facts import country, labels, language_name
from rolecast.findable import FACETS

LONGEST = 200  # letters of what is asked for, and of a choice
MOST = 20  # choices of one kind
LONGEST_QUERY = 2000  # letters of a saved search


@dataclass(frozen=True)
class Search:
    """text: words. chosen: facet → choices, of which one has to hold for each facet. fresh: only
    what is new to the person."""

    text: str = ""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fresh: bool = False

    @classmethod
    def read(cls, pairs: Iterable[tuple[str, str]]) -> Search:
        """Out of an address's query; what is none of ours is left out."""
        text, fresh, chosen = "", False, {name: [] for name in FACETS}
        for name, value in pairs:
            value = " ".join(value.replace("\0", "").split())[:LONGEST].strip()
            if name == "q":
                text = value
            elif name == "new":
                fresh = value == "1"
            elif name in chosen and value and value not in chosen[name]:
                chosen[name].append(value)
        kept = {name: tuple(values[:MOST]) for name, values in chosen.items() if values}
        return cls(text, kept, fresh)

    @classmethod
    def parse(cls, query: str) -> Search:
        """Out of a saved search."""
        return cls.read(parse_qsl(query[:LONGEST_QUERY], max_num_fields=200))

    @property
    def is_empty(self) -> bool:
        """Whether it finds everything, but for `fresh`."""
        return not self.text and not self.chosen

    @property
    def query(self) -> str:
        """As it stands in the page's address; the same search is always written alike."""
        pairs = [("q", self.text)] if self.text else []
        pairs += [(name, v) for name in FACETS for v in sorted(self.chosen.get(name, ()))]
        return urlencode([*pairs, ("new", "1")] if self.fresh else pairs)

    def only_fresh(self, fresh: bool = True) -> Search:
        """The same, for what is new only, or not."""
        return replace(self, fresh=fresh)

    def saying(self, text: str) -> Search:
        """The same, with other words."""
        return replace(self, text=text)

    def without(self, facet: str, value: str) -> Search:
        """The same, with one choice less."""
        left = {
            name: tuple(one for one in values if (name, one) != (facet, value))
            for name, values in self.chosen.items()
        }
        return replace(self, chosen={name: values for name, values in left.items() if values})

    def described(self, language: str) -> str:
        """In words, for a list of searches."""
        choices = [label(name, v, language) for name in FACETS for v in self.chosen.get(name, ())]
        return " · ".join(([f"“{self.text}”"] if self.text else []) + choices)


def label(facet: str, value: str, language: str) -> str:
    """A choice as people read it."""
    if facet == "country" and len(value) == 2:
        return country(value, language)
    if facet in ("workplace", "employment"):
        return labels(language).get(value, value)
    if facet == "language":
        return language_name(value, language)
    return value
