"""Markdown whose lines were broken by hand, as paragraphs to be edited, and back.

HR breaks the lines of a description where the editor ends; a browser's text field breaks them
again somewhere else. So a colleague edits whole paragraphs, and what they left alone goes back
into the file with the breaks that stood there. A break that means something is never touched.
"""

from __future__ import annotations

import re

from rolecast.markdown import to_html

LONGEST = 120  # columns; longer lines were not broken by hand
SLACK = 10  # columns by which a line may end before it had to
# A line that begins so is no continuation: item, quote, heading, rule, table, fence, definition.
_BEGINS = re.compile(r"\s*([-+*](\s|$)|\d+[.)]|[>#|=`~<]|\[[^]]*]:|[-_*]{3,}\s*$)| {4}|\t")
# And after a line that ends or is so, none comes.
_ENDS = re.compile(r"(\s*([#|=]|\[[^]]*]:|[-_*]{3,}\s*$)| {4}|\t).*|.*(  |\\)|\s*")
_MARK = re.compile(r"\s*([-+*]|\d+[.)])?\s*")


def unwrapped(text: str) -> str:
    """The text with each paragraph and each item of a list in one line."""
    made = "\n".join(line for line, _ in _paragraphs(text))
    return made if _same(made, text) else text


def rewrapped(before: str, after: str) -> str:
    """`after` with its lines broken as those of `before` are, if they are at all; `after` comes
    from somebody who was shown `before` unwrapped."""
    if unwrapped(before) == before:
        return after
    known: dict[str, list[list[str]]] = {}
    for line, source in _paragraphs(before):
        known.setdefault(line, []).append(source)
    width = max(map(len, before.split("\n")))
    found: list[str] = []
    for line in after.split("\n"):
        sources = known.get(line)
        if sources:
            found += sources.pop(0) if sources[1:] else sources[0]
        else:
            found += _broken(line, width)
    made = "\n".join(found)
    return made if _same(made, after) else after


def _same(one: str, other: str) -> bool:
    """Whether both are read alike."""
    return to_html(one).split() == to_html(other).split()


def _paragraphs(text: str) -> list[tuple[str, list[str]]]:
    """Each paragraph in one line, and the lines that it stands in."""
    lines = text.split("\n")
    width = max(map(len, lines))
    found: list[tuple[str, list[str]]] = []
    for line in lines:
        if found and width <= LONGEST and _goes_on(found[-1][1][-1], line, width):
            whole, source = found[-1]
            found[-1] = (f"{whole.rstrip()} {line.strip()}", [*source, line])
        else:
            found.append((line, [line]))
    return found


def _goes_on(line: str, following: str, width: int) -> bool:
    """Whether the line was broken only because it was full."""
    word = following.split(maxsplit=1)[:1]
    full = bool(word) and len(line) + 1 + len(word[0]) > width - SLACK
    return full and not _ENDS.fullmatch(line) and not _BEGINS.match(following)


def _broken(line: str, width: int) -> list[str]:
    """The line in several, none of which begins like something else."""
    if _ENDS.fullmatch(line):
        return [line]
    mark = _MARK.match(line)
    indent = " " * len(mark[0]) if mark else ""
    lines = [""]
    for word in re.split(r"(?<=\S) (?=\S)", line):
        full = len(lines[-1]) + 1 + len(word) > width
        if lines[-1].strip() and full and not _BEGINS.match(word):
            lines.append(indent + word)
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return lines
