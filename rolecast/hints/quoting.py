"""Mistakes with quotes, colons and other letters that YAML gives a meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecast.hints.lines import ITEM, PAIR, Fix, Where, above, one, quoted


def text_after_quote(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """Text goes on after the closing quote."""
    for n in above(lines, at, 4):
        match = re.match(
            r"^(\s*(?:- +)*(?:[^'\"#]*?:\s+)?)((['\"]).*?\3)\s*([^\s#,\]}].*)$", lines[n]
        )
        if not match:
            continue
        head, inside, _, rest = match.groups()
        text = (
            f"{inside[1:-1]} {rest.rstrip()}"
            if " " in lines[n][match.start(4) - 1 :][:1]
            else (f"{inside[1:-1]}{rest.rstrip()}")
        )
        if "'" in inside and re.match(r"\w", rest) and lines[n][match.start(4) - 1] == "'":
            text = f"{inside}{rest.rstrip()}"
        yield one(
            n,
            head + quoted(text),
            "text-after-quote",
            "the closing quote is not at the end; put the quotes around all of the text",
            match.start(4),
        )


def unclosed_quote(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """A quote is opened and not closed, or is an apostrophe."""
    for n in sorted(above(lines, at)):
        match = re.match(r"^(\s*(?:- +)*(?:[^'\"#:]+:\s+)?)(['\"])(.*)$", lines[n])
        if not match:
            continue
        head, mark, rest = match.groups()
        text = rest.rstrip()
        if mark == "'" and re.sub(r"''", "", text).count("'") == 0:
            yield one(
                n,
                f"{head}{mark}{text}{mark}",
                "unclosed-quote",
                "the quote is opened and not closed",
                len(head),
            )
            yield one(
                n,
                head + quoted(mark + text),
                "apostrophe",
                "text that begins with an apostrophe needs quotes around it",
                len(head),
            )
        elif mark == "'" and text.count("'"):
            yield one(
                n,
                head + quoted(mark + text),
                "apostrophe",
                "text with an apostrophe inside needs double quotes around it",
                len(head),
            )
        elif mark == '"' and re.sub(r"\\.", "", text).count('"') == 0:
            yield one(
                n,
                f'{head}"{text}"',
                "unclosed-quote",
                "the quote is opened and not closed",
                len(head),
            )


def special_start(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """Text begins with a letter that YAML keeps for itself."""
    for n in above(lines, at, 3):
        match = re.match(
            r"^(\s*(?:- +)*(?:[^\s'\"#:][^:#]*:\s+)?)([@`%&*!|>\[\]{},?].*)$", lines[n]
        )
        if not match or not match[2].strip() or re.fullmatch(r"[|>][+-]?\d?\s*", match[2]):
            continue
        first, text = match[2][0], match[2].rstrip()
        name, message = "special-start", f"text that begins with {first} needs quotes"
        if text.startswith("**"):
            name, message = "markdown-bold", "text that begins with ** needs quotes here"
        yield one(n, match[1] + quoted(text), name, message, len(match[1]))
        yield one(n, match[1] + quoted(text) + ":", name, message, len(match[1]))


def inner_colon(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """Text has a colon and a space inside."""
    message = "text with a colon and a space inside needs quotes"
    for n in above(lines, at, 3):
        item = ITEM.match(lines[n])
        pair = PAIR.match(lines[n])
        if pair and re.search(r":(\s|$)", pair[4]) and not pair[4].startswith(('"', "'")):
            yield one(
                n,
                f"{pair[1]}{pair[2]}: {quoted(pair[4].rstrip())}",
                "unquoted-colon",
                message,
                lines[n].index(pair[4]) if pair[4] else None,
            )
        if item[2] and re.search(r":(\s|$)", item[3]) and not item[3].startswith(('"', "'")):
            column = len(item[1]) + len(item[2])
            yield one(
                n, item[1] + item[2] + quoted(item[3].rstrip()), "unquoted-colon", message, column
            )


def placeholder(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """A placeholder of a template was left in."""
    for n in above(lines, at, 2):
        pair = PAIR.match(lines[n])
        if pair and re.search(r"\{\{|\{%|\$\{", pair[4]):
            yield one(
                n,
                f"{pair[1]}{pair[2]}: {quoted(pair[4].rstrip())}",
                "placeholder",
                "a placeholder of a template was not filled in; write the text itself, or "
                "put it in quotes",
                lines[n].index("{"),
            )


def suspicious(lines: list[str]) -> Iterator[tuple[int, Fix]]:
    """Readable lines that hardly mean what they say: quotes from Word, hashes that cut."""
    block = -1  # the indentation of a text block we are in
    for n, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if block >= 0 and (not line.strip() or indent > block):
            continue
        block = indent if re.search(r"(:|-)\s+[|>][+-]?\d?\s*$", line) else -1
        pair = PAIR.match(line) or re.match(r"^(\s*)(- +)()(.*)$", line)
        if not pair or line.lstrip().startswith("#"):
            continue
        value = pair[4].strip()
        if re.fullmatch(r"[“”„‟].*[“”‟]|[‘‚‛].*[’‘]", value):
            fixed = line.replace(value, quoted(value[1:-1]), 1)
            yield (
                n,
                one(
                    n,
                    fixed,
                    "smart-quotes",
                    "curly quotes become part of the text; use straight ones",
                    line.index(value),
                ),
            )
        elif (cut := re.search(r"\s#(?=\w)", value)) and value[:1] not in "\"'":
            fixed = line.replace(value, quoted(value), 1)
            yield (
                n,
                one(
                    n,
                    fixed,
                    "hash-cuts-text",
                    "what follows # is not read; put the text in quotes to keep it",
                    line.index(value) + cut.start() + 1,
                ),
            )
