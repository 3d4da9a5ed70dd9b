"""The known mistakes: each looks at the lines around an error and proposes fixes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rolecast.hints_fields import nearest_field

BULLETS = "*•–—·▪◦●‣⁃"
BACK = 40  # lines above an error that may have caused it

_ITEM = re.compile(r"^(\s*)((?:- +)*- +|)(.*)$")
_PAIR = re.compile(r"^(\s*(?:- +)*)([^\s'\"#\[\]{}&*!|>%@`,-][^:#]*?)\s*:(\s+|$)(.*)$")
_BULLET = re.compile(rf"^(\s*)([{BULLETS}])(\s+)(\S.*)$")
_TIGHT = re.compile(r"^(\s*(?:- +)*[A-Za-z_][\w ]{0,40}):([^\s/:].*)$")
_SMART = str.maketrans("“”„‟‘’‚‛", "\"\"\"\"''''")


@dataclass(frozen=True, slots=True)
class Fix:
    """Lines start..end (from 0, end excluded) become `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]
    code: str
    message: str
    column: int | None = None


Where = tuple[int, int]
Proposer = Callable[[list[str], Where, str], Iterator[Fix]]


def proposals(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """Fixes worth trying for the error at (line, column), likeliest first.

    What the guard refuses (code is not "syntax") is well-formed: most of it only a person can
    put right.
    """
    for proposer in _SYNTAX if code == "syntax" else _GUARDED:
        yield from proposer(lines, at, code)


def quoted(text: str) -> str:
    """`text` as a double-quoted scalar."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _one(n: int, line: str, code: str, message: str, column: int | None = None) -> Fix:
    return Fix(n, n + 1, (line,), code, message, column)


def _above(lines: list[str], at: Where, most: int = BACK) -> Iterator[int]:
    """The error's line and those above it, comments and blanks left out; at most `most`."""
    found = 0
    for n in range(min(at[0], len(lines) - 1), -1, -1):
        text = lines[n].strip()
        if text and not text.startswith("#"):
            yield n
            found += 1
            if found == most:
                return


def _conflict_marker(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    for n in _above(lines, at, 3):
        if re.match(r"(<{7}|={7}|>{7})( |$)", lines[n]):
            yield Fix(
                n,
                n + 1,
                (),
                "conflict-marker",
                "a mark that git left when two versions met; choose one version and remove "
                "the marks",
            )


def _front_matter(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    if code == "second-document":
        for n in _above(lines, at, 2):
            if lines[n].rstrip() == "---":
                yield Fix(
                    n,
                    n + 1,
                    (),
                    "second-document",
                    "a line `---` ends the job spec; remove it: one file is one job",
                )
    if code == "directive" or any(line.startswith("%") for line in lines[: at[0] + 1]):
        for n, line in enumerate(lines[: at[0] + 1]):
            if line.startswith("%"):
                yield Fix(n, n + 1, (), "directive", "lines that begin with % are not used here")
                return


def _tab(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    for n in _above(lines, at, 3):
        lead = lines[n][: len(lines[n]) - len(lines[n].lstrip())]
        if "\t" in lead:
            fixed = lead.replace("\t", "  ") + lines[n].lstrip()
            yield _one(
                n, fixed, "tab", "this line is indented with a tab; use spaces", lead.index("\t")
            )


def _bullet(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    for n in _above(lines, at, 3):
        if match := _BULLET.match(lines[n]):
            text = match[4] if ": " not in match[4] else quoted(match[4])
            end = n + 1
            block = [f"{match[1]}- {text}"]
            while end < len(lines) and (more := _BULLET.match(lines[end])):
                text = more[4] if ": " not in more[4] else quoted(more[4])
                block.append(f"{more[1]}- {text}")
                end += 1
            yield Fix(
                n,
                end,
                tuple(block),
                "bullet",
                f"a list's lines begin with a dash and a space, not with {match[2]}",
                len(match[1]),
            )


def _tight_colon(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    tight = [n for n in _above(lines, at, 6) if _TIGHT.match(lines[n])]
    for first in sorted(tight):
        match = _TIGHT.match(lines[first])
        yield _one(
            first,
            f"{match[1]}: {match[2]}",
            "no-space-after-colon",
            "a field's colon is followed by a space",
            len(match[1]) + 1,
        )


def _placeholder(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    for n in _above(lines, at, 2):
        pair = _PAIR.match(lines[n])
        if pair and re.search(r"\{\{|\{%|\$\{", pair[4]):
            yield _one(
                n,
                f"{pair[1]}{pair[2]}: {quoted(pair[4].rstrip())}",
                "placeholder",
                "a placeholder of a template was not filled in; write the text itself, or "
                "put it in quotes",
                lines[n].index("{"),
            )


def _text_after_quote(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    for n in _above(lines, at, 4):
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
        yield _one(
            n,
            head + quoted(text),
            "text-after-quote",
            "the closing quote is not at the end; put the quotes around all of the text",
            match.start(4),
        )


def _unclosed_quote(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    for n in sorted(_above(lines, at)):
        match = re.match(r"^(\s*(?:- +)*(?:[^'\"#:]+:\s+)?)(['\"])(.*)$", lines[n])
        if not match:
            continue
        head, mark, rest = match.groups()
        text = rest.rstrip()
        if mark == "'" and re.sub(r"''", "", text).count("'") == 0:
            yield _one(
                n,
                f"{head}{mark}{text}{mark}",
                "unclosed-quote",
                "the quote is opened and not closed",
                len(head),
            )
            yield _one(
                n,
                head + quoted(mark + text),
                "apostrophe",
                "text that begins with an apostrophe needs quotes around it",
                len(head),
            )
        elif mark == "'" and text.count("'"):
            yield _one(
                n,
                head + quoted(mark + text),
                "apostrophe",
                "text with an apostrophe inside needs double quotes around it",
                len(head),
            )
        elif mark == '"' and re.sub(r"\\.", "", text).count('"') == 0:
            yield _one(
                n,
                f'{head}"{text}"',
                "unclosed-quote",
                "the quote is opened and not closed",
                len(head),
            )


def _special_start(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    for n in _above(lines, at, 3):
        match = re.match(
            r"^(\s*(?:- +)*(?:[^\s'\"#:][^:#]*:\s+)?)([@`%&*!|>\[\]{},?].*)$", lines[n]
        )
        if not match or not match[2].strip() or re.fullmatch(r"[|>][+-]?\d?\s*", match[2]):
            continue
        first, text = match[2][0], match[2].rstrip()
        name, message = "special-start", f"text that begins with {first} needs quotes"
        if text.startswith("**"):
            name, message = "markdown-bold", "text that begins with ** needs quotes here"
        yield _one(n, match[1] + quoted(text), name, message, len(match[1]))
        yield _one(n, match[1] + quoted(text) + ":", name, message, len(match[1]))


def _sub_list(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """An item of text with a deeper list below it: the item needs quotes and a colon."""
    n = min(at[0], len(lines) - 1)
    item = _ITEM.match(lines[n])
    if not item[2]:
        return
    for up in _above(lines, (n - 1, 0), BACK):
        parent = _ITEM.match(lines[up])
        if len(parent[1]) >= len(item[1]):
            continue
        text = parent[3].rstrip()
        if not parent[2] or not text or (text.endswith(":") and '"' in text):
            return
        body = text.rstrip(":")
        if re.search(r"\s#", body):
            name, message = (
                "hash-cuts-text",
                "text with a # inside needs quotes: what follows # "
                "is not read. A list of its own below it needs a colon at the end",
            )
        elif ": " in body:
            name, message = (
                "unquoted-colon",
                "text with a colon inside needs quotes, and a colon "
                "at the end when a list of its own follows",
            )
        else:
            name, message = (
                "sub-list",
                "a list below a line of text: the line needs a colon at its end",
            )
        plain = body if name == "sub-list" and not body.startswith(('"', "'")) else quoted(body)
        yield _one(up, f"{parent[1]}{parent[2]}{plain}:", name, message, len(parent[1]))
        return


def _inner_colon(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    message = "text with a colon and a space inside needs quotes"
    for n in _above(lines, at, 3):
        item = _ITEM.match(lines[n])
        pair = _PAIR.match(lines[n])
        if pair and re.search(r":(\s|$)", pair[4]) and not pair[4].startswith(('"', "'")):
            yield _one(
                n,
                f"{pair[1]}{pair[2]}: {quoted(pair[4].rstrip())}",
                "unquoted-colon",
                message,
                lines[n].index(pair[4]) if pair[4] else None,
            )
        if item[2] and re.search(r":(\s|$)", item[3]) and not item[3].startswith(('"', "'")):
            column = len(item[1]) + len(item[2])
            yield _one(
                n, item[1] + item[2] + quoted(item[3].rstrip()), "unquoted-colon", message, column
            )


def _missing_colon(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    for n in _above(lines, at, 3):
        match = re.match(r"^(\s*(?:- +)?)([A-Za-z_]\w*)(\s+)(\S.*)$", lines[n])
        if match and nearest_field(match[2]) == match[2]:
            value = match[4].rstrip()
            value = quoted(value) if ": " in value else value
            yield _one(
                n,
                f"{match[1]}{match[2]}: {value}",
                "missing-colon",
                "the colon after the field's name is missing",
                match.end(2),
            )
        word = lines[n].strip()
        if nearest_field(word) == word:
            yield _one(
                n,
                f"{lines[n].rstrip()}:",
                "missing-colon",
                "the colon after the field's name is missing",
                len(lines[n].rstrip()),
            )


def _loose_text(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """A line of text that is not indented under the item or field that it continues."""
    for n in _above(lines, at, 4):
        if re.match(r"^\s*- ", lines[n]) or _PAIR.match(lines[n]):
            continue
        above = next(_above(lines, (n - 1, 0), 5), None)
        if above is None:
            continue
        item = _ITEM.match(lines[above])
        message = "this text belongs to the line above it; indent it below that"
        text = lines[n].strip()
        if lines[above].rstrip().endswith(":") and above == n - 1:
            safe = quoted(text) if ": " in text else text
            yield Fix(
                above,
                n + 1,
                (f"{lines[above].rstrip()} {safe}",),
                "text-not-indented",
                "the text stands on the line of its field",
            )
        end = n + 1
        while (
            end < len(lines)
            and lines[end].strip()
            and not re.match(r"^\s*- ", lines[end])
            and (not _PAIR.match(lines[end]) and not lines[end].lstrip().startswith("#"))
        ):
            end += 1
        pad = " " * (len(item[1]) + max(2, len(item[2])))
        moved = tuple(pad + line.strip() for line in lines[n:end])
        yield Fix(n, end, moved, "text-not-indented", message, 0)


def _indentation(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """Try the indentations of the lines above, nearest first."""
    n = min(at[0], len(lines) - 1)
    text = lines[n].lstrip()
    if not text:
        return
    now = len(lines[n]) - len(text)
    seen: list[int] = []
    for up in _above(lines, (n - 1, 0), BACK):
        item = _ITEM.match(lines[up])
        for indent in (len(item[1]), len(item[1]) + len(item[2]), len(item[1]) + 2):
            if indent not in seen and indent != now:
                seen.append(indent)
    message = "this line is indented wrongly: it has to stand below the line it belongs with"
    for indent in sorted(seen, key=lambda each: abs(each - now)):
        yield _one(n, " " * indent + text, "indentation", message, now)
        item = _ITEM.match(text)
        if re.search(r":\s", item[3]) and item[2]:
            yield _one(
                n,
                " " * indent + item[2] + quoted(item[3].rstrip()),
                "indentation",
                f"{message}; text with a colon needs quotes",
                now,
            )
    yield from _block(lines, n, now, seen, message)


def _block(lines: list[str], n: int, now: int, seen: list[int], message: str) -> Iterator[Fix]:
    """The line and all that follows at least as deep."""
    end = n + 1
    while end < len(lines) and (
        not lines[end].strip() or len(lines[end]) - len(lines[end].lstrip()) >= now
    ):
        end += 1
    for indent in sorted(seen, key=lambda each: abs(each - now)):
        shift = indent - now
        moved = tuple(
            (" " * shift + line if shift > 0 else line[-shift:]) if line.strip() else line
            for line in lines[n:end]
        )
        yield Fix(n, end, moved, "indentation", message, now)


def _indented_root(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """All fields above stand a little to the right of the one that is in error."""
    first = next((n for n, line in enumerate(lines) if _PAIR.match(line)), None)
    if first is None or first >= at[0]:
        return
    indent = len(lines[first]) - len(lines[first].lstrip())
    if indent:
        moved = tuple(
            line[min(indent, len(line) - len(line.lstrip())) :] for line in lines[first : at[0]]
        )
        yield Fix(
            first, at[0], moved, "indentation", "the fields of the job begin at the left edge", 0
        )


_GUARDED: tuple[Proposer, ...] = (_front_matter, _placeholder)
_SYNTAX: tuple[Proposer, ...] = (
    _conflict_marker,
    _front_matter,
    _tab,
    _bullet,
    _tight_colon,
    _placeholder,
    _text_after_quote,
    _unclosed_quote,
    _special_start,
    _sub_list,
    _inner_colon,
    _missing_colon,
    _loose_text,
    _indentation,
    _indented_root,
)


def suspicious(lines: list[str]) -> Iterator[tuple[int, Fix]]:
    """Readable lines that hardly mean what they say: quotes from Word, hashes that cut."""
    block = -1  # the indentation of a text block we are in
    for n, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if block >= 0 and (not line.strip() or indent > block):
            continue
        block = indent if re.search(r"(:|-)\s+[|>][+-]?\d?\s*$", line) else -1
        pair = _PAIR.match(line) or re.match(r"^(\s*)(- +)()(.*)$", line)
        if not pair or line.lstrip().startswith("#"):
            continue
        value = pair[4].strip()
        if re.fullmatch(r"[“”„‟].*[“”‟]|[‘‚‛].*[’‘]", value):
            fixed = line.replace(value, quoted(value[1:-1]), 1)
            yield (
                n,
                _one(
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
                _one(
                    n,
                    fixed,
                    "hash-cuts-text",
                    "what follows # is not read; put the text in quotes to keep it",
                    line.index(value) + cut.start() + 1,
                ),
            )
