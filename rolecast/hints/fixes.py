"""The known mistakes, in the order in which their fixes are tried."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from rolecast.hints import layout, quoting
from rolecast.hints.fields import nearest_field
from rolecast.hints.lines import Fix, Where, above, one, quoted

TIGHT = re.compile(r"^(\s*(?:- +)*[A-Za-z_][\w ]{0,40}):([^\s/:].*)$")

Proposer = Callable[[list[str], Where, str], Iterator[Fix]]


def proposals(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """Fixes worth trying for the error at (line, column), likeliest first.

    What the guard refuses (code is not "syntax") is well-formed: most of it only a person can
    put right.
    """
    for proposer in SYNTAX if code == "syntax" else GUARDED:
        yield from proposer(lines, at, code)


def tight_colon(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """No space after the colon."""
    tight = [n for n in above(lines, at, 6) if TIGHT.match(lines[n])]
    for first in sorted(tight):
        match = TIGHT.match(lines[first])
        yield one(
            first,
            f"{match[1]}: {match[2]}",
            "no-space-after-colon",
            "a field's colon is followed by a space",
            len(match[1]) + 1,
        )


def missing_colon(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """No colon after the field."""
    for n in above(lines, at, 3):
        match = re.match(r"^(\s*(?:- +)?)([A-Za-z_]\w*)(\s+)(\S.*)$", lines[n])
        if match and nearest_field(match[2]) == match[2]:
            value = match[4].rstrip()
            value = quoted(value) if ": " in value else value
            yield one(
                n,
                f"{match[1]}{match[2]}: {value}",
                "missing-colon",
                "the colon after the field's name is missing",
                match.end(2),
            )
        word = lines[n].strip()
        if nearest_field(word) == word:
            yield one(
                n,
                f"{lines[n].rstrip()}:",
                "missing-colon",
                "the colon after the field's name is missing",
                len(lines[n].rstrip()),
            )


GUARDED: tuple[Proposer, ...] = (layout.front_matter, quoting.placeholder)
SYNTAX: tuple[Proposer, ...] = (
    layout.conflict_marker,
    layout.front_matter,
    layout.tab,
    layout.bullet,
    tight_colon,
    quoting.placeholder,
    quoting.text_after_quote,
    quoting.unclosed_quote,
    quoting.special_start,
    layout.sub_list,
    quoting.inner_colon,
    missing_colon,
    layout.loose_text,
    layout.indentation,
    layout.indented_root,
)
