"""Sentences that people read in their own language although Python says them.

    raise NotPossible(N_("%(name)s has been named for this job already."), name=friend)

English stands in the code; `rolecast.words` has the other languages. `N_` marks a sentence for the
translators' programs and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def N_(text: str) -> str:
    """Mark a sentence to be translated."""
    return text


class Told(Exception):
    """An error that is an answer to a person. text: with %(name)s for each of the values."""

    def __init__(self, text: str, /, **values: Any):
        super().__init__(text, values)
        self.text, self.values = text, values

    def within(self, gettext: Callable[[str], str]) -> str:
        """The sentence in the language of `gettext`."""
        return gettext(self.text) % self.values if self.values else gettext(self.text)

    def __str__(self) -> str:
        return self.within(str)
