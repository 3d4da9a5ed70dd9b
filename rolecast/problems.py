"""A mistake in a job spec, as HR sees it: where, what, and what to write instead."""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, dataclass
from typing import Any

RED, GREEN, BOLD, OFF = "\x1b[31m", "\x1b[32m", "\x1b[1m", "\x1b[0m"
WIDEST = 160  # columns of a line that are shown


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake. line and column count from 1; code is stable, for machines.

    source: the line as it stands; fix: the line or lines to write instead, where the mistake is
    a known one.
    """

    path: str
    line: int
    column: int
    code: str
    message: str
    source: str = ""
    fix: str | None = None
    severity: str = "error"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    def render(self, colour: bool = False) -> str:
        """The problem as text: place and message, the line with a caret, the corrected line."""
        red, green, bold, off = (RED, GREEN, BOLD, OFF) if colour else ("", "", "", "")
        place = f"{visible(self.path)}:{self.line}:{self.column}"
        lines = [f"{bold}{place}: {red}{self.severity}:{off} {visible(self.message)} [{self.code}]"]
        if self.source:
            shown, caret = _window(self.source, self.column)
            lines += [f"    {shown}", f"    {' ' * caret}{red}^{off}"]
        if self.fix == "":
            lines.append("  remove this line")
        elif self.fix is not None:
            lines.append("  write instead:")
            lines += [f"    {green}{visible(line)}{off}" for line in self.fix.splitlines()]
        return "\n".join(lines)


def visible(text: str) -> str:
    """`text` with everything that a terminal would act on or hide shown as \\x1b or \\u202e."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else "    " if letter == "\t" else _escape(letter)
        for letter in text
    )


def _escape(letter: str) -> str:
    number = ord(letter)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"


def width(text: str) -> int:
    """Columns that a terminal gives `text`: East Asian wide letters take two, accents none."""
    return sum(
        0
        if unicodedata.combining(letter)
        else 2
        if unicodedata.east_asian_width(letter) in "WF"
        else 1
        for letter in text
    )


def _window(source: str, column: int) -> tuple[str, int]:
    """The part of a long line around the caret, and the caret's place in it."""
    at = min(max(column - 1, 0), len(source))
    start = 0 if at < WIDEST - 20 else at - WIDEST // 2
    before = ("…" if start else "") + visible(source[start:at])
    after = visible(source[at : start + WIDEST]) + ("…" if len(source) > start + WIDEST else "")
    return before + after, width(before)
