"""What the fixes share: the value itself, and the shapes of lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

BULLETS = "*•–—·▪◦●‣⁃"
BACK = 40  # lines above an error that may have caused it

ITEM = re.compile(r"^(\s*)((?:- +)*- +|)(.*)$")
PAIR = re.compile(r"^(\s*(?:- +)*)([^\s'\"#\[\]{}&*!|>%@`,-][^:#]*?)\s*:(\s+|$)(.*)$")

Where = tuple[int, int]  # line and column, from 0


@dataclass(frozen=True, slots=True)
class Fix:
    """Lines start..end (from 0, end excluded) become `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]
    code: str
    message: str
    column: int | None = None


def quoted(text: str) -> str:
    """`text` as a double-quoted scalar."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def one(n: int, line: str, code: str, message: str, column: int | None = None) -> Fix:
    """A fix of line n alone."""
    return Fix(n, n + 1, (line,), code, message, column)


def above(lines: list[str], at: Where, most: int = BACK) -> Iterator[int]:
    """The error's line and those above it, comments and blanks left out; at most `most`."""
    found = 0
    for n in range(min(at[0], len(lines) - 1), -1, -1):
        text = lines[n].strip()
        if text and not text.startswith("#"):
            yield n
            found += 1
            if found == most:
                return
