"""Bytes and letters that a job spec should not have, each with its place and its cure."""

from __future__ import annotations

import re
import unicodedata

from rolecast.hints.fields import field_names
from rolecast.problems import Problem
from rolecast.yamlfile import STRANGE

MOST = 20

# Letters of other alphabets that look like Latin ones (Unicode TR 39, confusables).
_LOOKS = str.maketrans("аеорсухіјѕԁһԛԝмтοανι", "aeopcyxijsdhqwmtoavi")
# One quick pass over the text; only where it finds something, each line is looked at.
_WORTH_A_LOOK = re.compile(
    rf"{STRANGE.pattern}|^[ \t]*[^\S \t\n]|^[ -]*[a-z_]*[{''.join(map(chr, _LOOKS))}]\w*:", re.M
)


def strange_text(raw: bytes, path: str) -> tuple[str, list[Problem]]:
    """The text, and what is wrong with its letters."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "", [_encoding(path, 1, 1, "UTF-16")]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return "", [_not_utf8(raw, path, error.start)]
    if "\r" in text:
        text, problem = _line_ends(text, path)
        if problem:
            return text, [problem]
    if not _WORTH_A_LOOK.search(text):
        return text, []
    problems = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.isascii() or not line.isprintable():
            problems += _line(line, number, path)
        if len(problems) >= MOST:
            break
    return text, problems[:MOST]


def _line_ends(text: str, path: str) -> tuple[str, Problem | None]:
    """Windows line ends are fine; a lone carriage return is an old Mac's line end."""
    text = text.replace("\r\n", "\n")
    at = text.find("\r")
    if at < 0:
        return text, None
    line = text.count("\n", 0, at) + 1
    column = at - (text.rfind("\n", 0, at) + 1) + 1
    source = text.split("\n")[line - 1]
    return text, Problem(
        path,
        line,
        column,
        "line-ends",
        "the lines end with a lone carriage return, as on very old Macs; save the file with "
        "Unix or Windows line ends",
        source,
        source.replace("\r", "\n").rstrip("\n"),
    )


def _encoding(path: str, line: int, column: int, guess: str) -> Problem:
    return Problem(
        path,
        line,
        column,
        "encoding",
        f"the file is not UTF-8 (it looks like {guess}); save it again with the encoding UTF-8",
    )


def _not_utf8(raw: bytes, path: str, at: int) -> Problem:
    line = raw.count(b"\n", 0, at) + 1
    column = len(raw[raw.rfind(b"\n", 0, at) + 1 : at].decode("utf-8", "replace")) + 1
    if at >= len(raw) - 3:
        return Problem(
            path,
            line,
            column,
            "encoding",
            "the file ends in the middle of a letter: it was cut off; save or copy it again",
        )
    problem = _encoding(path, line, column, "Windows-1252 or Latin-1")
    whole = raw.split(b"\n")[line - 1]
    shown = whole.decode("cp1252", "replace").rstrip("\r")
    return Problem(path, line, column, problem.code, problem.message, shown)


def _line(line: str, number: int, path: str) -> list[Problem]:
    lead = line[: len(line) - len(line.lstrip())]
    if any(letter not in " \t" and letter.isspace() for letter in lead):
        fixed = "".join(" " if c not in "\t" else c for c in lead) + line[len(lead) :]
        at = next(i for i, c in enumerate(lead) if c not in " \t")
        return [
            Problem(
                path,
                number,
                at + 1,
                "odd-space",
                "this line begins with a space that only looks like one (often from a web page or "
                "Word); use the space bar",
                line,
                fixed,
            )
        ]
    found = STRANGE.search(line)
    if not found:
        return _key(line, number, path)
    letter = found[0]
    name = unicodedata.name(letter, f"U+{ord(letter):04X}")
    fixed = STRANGE.sub(lambda m: " " if m[0] in "\u2028\u2029\x85" else "", line)
    return [
        Problem(
            path,
            number,
            found.start() + 1,
            "strange-character",
            f"an invisible character stands here ({name}); remove it",
            line,
            fixed,
        )
    ]


def _key(line: str, number: int, path: str) -> list[Problem]:
    """A field's name with letters of another alphabet that look like Latin ones."""
    name, colon, _ = line.partition(":")
    word = name.strip().lstrip("- ")
    if not colon or word.isascii() or len(word) > 30:
        return []
    plain = word.translate(_LOOKS)
    if plain not in field_names():
        return []
    odd = next(letter for letter in word if not letter.isascii())
    return [
        Problem(
            path,
            number,
            line.index(odd) + 1,
            "look-alike-letter",
            f"{odd!r} in the field's name is a letter of another alphabet that looks Latin; "
            "type the name again",
            line,
            line.replace(word, plain, 1),
        )
    ]
