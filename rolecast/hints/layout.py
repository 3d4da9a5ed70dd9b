"""Mistakes with indentation, lists and lines that do not belong."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rolecast.hints.lines import BACK, BULLETS, ITEM, PAIR, Fix, Where, above, one, quoted

BULLET = re.compile(rf"^(\s*)([{BULLETS}])(\s+)(\S.*)$")


def conflict_marker(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """Git left its marks."""
    for n in above(lines, at, 3):
        if re.match(r"(<{7}|={7}|>{7})( |$)", lines[n]):
            yield Fix(
                n,
                n + 1,
                (),
                "conflict-marker",
                "a mark that git left when two versions met; choose one version and remove "
                "the marks",
            )


def front_matter(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """A line `---` or `%…` from another format."""
    if code == "second-document":
        for n in above(lines, at, 2):
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


def tab(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """A tab indents the line."""
    for n in above(lines, at, 3):
        lead = lines[n][: len(lines[n]) - len(lines[n].lstrip())]
        if "\t" in lead:
            fixed = lead.replace("\t", "  ") + lines[n].lstrip()
            yield one(
                n, fixed, "tab", "this line is indented with a tab; use spaces", lead.index("\t")
            )


def bullet(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """A list has other bullets than dashes."""
    for n in above(lines, at, 3):
        if match := BULLET.match(lines[n]):
            text = match[4] if ": " not in match[4] else quoted(match[4])
            end = n + 1
            block = [f"{match[1]}- {text}"]
            while end < len(lines) and (more := BULLET.match(lines[end])):
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


def sub_list(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """An item of text with a deeper list below it: the item needs quotes and a colon."""
    n = min(at[0], len(lines) - 1)
    item = ITEM.match(lines[n])
    if not item[2]:
        return
    for up in above(lines, (n - 1, 0), BACK):
        parent = ITEM.match(lines[up])
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
        yield one(up, f"{parent[1]}{parent[2]}{plain}:", name, message, len(parent[1]))
        return


def loose_text(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """A line of text that is not indented under the item or field that it continues."""
    for n in above(lines, at, 4):
        if re.match(r"^\s*- ", lines[n]) or PAIR.match(lines[n]):
            continue
        owner = next(above(lines, (n - 1, 0), 5), None)
        if owner is None:
            continue
        item = ITEM.match(lines[owner])
        message = "this text belongs to the line above it; indent it below that"
        text = lines[n].strip()
        if lines[owner].rstrip().endswith(":") and owner == n - 1:
            safe = quoted(text) if ": " in text else text
            yield Fix(
                owner,
                n + 1,
                (f"{lines[owner].rstrip()} {safe}",),
                "text-not-indented",
                "the text stands on the line of its field",
            )
        end = n + 1
        while (
            end < len(lines)
            and lines[end].strip()
            and not re.match(r"^\s*- ", lines[end])
            and (not PAIR.match(lines[end]) and not lines[end].lstrip().startswith("#"))
        ):
            end += 1
        pad = " " * (len(item[1]) + max(2, len(item[2])))
        moved = tuple(pad + line.strip() for line in lines[n:end])
        yield Fix(n, end, moved, "text-not-indented", message, 0)


def indentation(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """Try the indentations of the lines above, nearest first."""
    n = min(at[0], len(lines) - 1)
    text = lines[n].lstrip()
    if not text:
        return
    now = len(lines[n]) - len(text)
    seen: list[int] = []
    for up in above(lines, (n - 1, 0), BACK):
        item = ITEM.match(lines[up])
        for indent in (len(item[1]), len(item[1]) + len(item[2]), len(item[1]) + 2):
            if indent not in seen and indent != now:
                seen.append(indent)
    message = "this line is indented wrongly: it has to stand below the line it belongs with"
    for indent in sorted(seen, key=lambda each: abs(each - now)):
        yield one(n, " " * indent + text, "indentation", message, now)
        item = ITEM.match(text)
        if re.search(r":\s", item[3]) and item[2]:
            yield one(
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


def indented_root(lines: list[str], at: Where, code: str) -> Iterator[Fix]:
    """All fields above stand a little to the right of the one that is in error."""
    first = next((n for n, line in enumerate(lines) if PAIR.match(line)), None)
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
