"""What people really get wrong in YAML, and the line to write instead.

A fix is offered only when it helps: the corrected text is parsed, and the
first error has to be gone or to stand further down. Then the search goes on
from there, so that one look shows every mistake of a file.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import yaml

from rolecast import yamlfile
from rolecast.hints.fixes import proposals
from rolecast.hints.lines import Fix
from rolecast.problems import Problem

MOST = 20  # mistakes a file is told of at once
SECONDS = 0.8  # for the whole search, so that a hostile file cannot hold up the others
CANDIDATES = 60  # for one mistake


def explain(text: str, path: str, error: Exception) -> list[Problem]:
    """Every mistake that can be told, first to last; never empty."""
    deadline = time.monotonic() + SECONDS
    problems: list[Problem] = []
    shift = 0  # fixes may add or remove lines; problems name the file's own
    current: Exception | None = error
    while current is not None and len(problems) < MOST:
        at = _line_of(current, text)
        fix = _first_that_helps(text, at, current, deadline)
        if fix is None:
            problems.append(_plain(text, path, at, current, shift))
            break
        problems.append(_problem(text, path, fix, shift))
        text = _apply(text, fix)
        shift += (fix.end - fix.start) - len(fix.lines)
        current = _error(text)
    return problems


def _first_that_helps(
    text: str, at: tuple[int, int], error: Exception, deadline: float
) -> Fix | None:
    lines = text.split("\n")
    for number, fix in enumerate(proposals(lines, at, _code(error))):
        if number >= CANDIDATES or time.monotonic() > deadline:
            return None
        if _helps(text, fix, at):
            return fix
    return None


def _helps(text: str, fix: Fix, at: tuple[int, int]) -> bool:
    """Whether the first error is gone, or stands further down than the fix and than before."""
    fixed = _apply(text, fix)
    error = _error(fixed)
    if error is None:
        return True
    line, column = _line_of(error, fixed)
    line += (fix.end - fix.start) - len(fix.lines)
    if fix.end - 1 < at[0]:
        return (line, column) > at
    return line > fix.end - 1


def _apply(text: str, fix: Fix) -> str:
    lines = text.split("\n")
    return "\n".join([*lines[: fix.start], *fix.lines, *lines[fix.end :]])


def _error(text: str) -> Exception | None:
    try:
        yamlfile.build(text)
    except (yaml.YAMLError, yamlfile.Guarded) as error:
        return error
    return None


def _code(error: Exception) -> str:
    return error.code if isinstance(error, yamlfile.Guarded) else "syntax"


def _line_of(error: Any, text: str) -> tuple[int, int]:
    """Line and column of an error, from 0, inside the text."""
    if isinstance(error, yamlfile.Guarded):
        return error.line, error.column
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return 0, 0
    return min(mark.line, text.count("\n")), mark.column


def _problem(text: str, path: str, fix: Fix, shift: int) -> Problem:
    source = text.split("\n")[fix.start]
    column = fix.column if fix.column is not None else len(source) - len(source.lstrip())
    return Problem(
        path,
        fix.start + 1 + shift,
        column + 1,
        fix.code,
        fix.message,
        source,
        "\n".join(fix.lines),
    )


_SYNTAX = {
    "could not find expected ':'": "a field's name is followed by a colon and a space",
    "mapping values are not allowed in this context": "there is a colon too many, or the line is "
    "indented wrongly; put text that holds a colon in quotes",
    "did not find expected key": "the line does not fit what stands above it; look at its "
    "indentation and at quotes that were not closed",
    "did not find expected '-' indicator": "the line does not fit the list above it; look at its "
    "indentation",
    "did not find expected <document start>": "the lines above end the job; look at their "
    "indentation",
    "found unexpected end of stream": "a quote or a bracket was opened and never closed",
}


def _plain(text: str, path: str, at: tuple[int, int], error: Exception, shift: int) -> Problem:
    """A mistake without a known cure."""
    line, column = at
    lines = text.split("\n")
    source = lines[line] if line < len(lines) else ""
    if isinstance(error, yamlfile.Guarded):
        return Problem(path, line + 1 + shift, column + 1, error.code, error.message, source)
    told = getattr(error, "problem", None) or str(error).split("\n")[0]
    message = _SYNTAX.get(told, f"this line cannot be read ({told})")
    return Problem(path, line + 1 + shift, column + 1, "syntax", message, source)


def suspicions(text: str, path: str) -> Iterator[Problem]:
    """Lines that can be read and hardly mean what they say."""
    from rolecast.hints.quoting import suspicious

    for number, fix in suspicious(text.split("\n")):
        source = text.split("\n")[number]
        yield Problem(
            path,
            number + 1,
            (fix.column or 0) + 1,
            fix.code,
            fix.message,
            source,
            "\n".join(fix.lines),
            "warning",
        )
