"""Changes one text in a job spec's file and nothing beside it.

The text's own span is replaced where it stands, in the style in which it was written if that can
hold the new words, else in one that can. Every attempt is read again, and only one that changed
this text alone is taken: comments, order, quotes and line ends elsewhere stay byte for byte.
(bench/edit.py: a round trip through ruamel.yaml changed other lines in most of the files that
people wrote.)
"""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from yaml import CSafeLoader
from yaml.resolver import Resolver

from rolecast import yamlfile

Where = tuple[str | int, ...]
NARROW, WIDE = 40, 110  # columns between which new lines of folded text end
_STYLES = ("'", '"', "|", ">")
_STRING = "tag:yaml.org,2002:str"
_SIGN = re.compile(r"^[|>][-+0-9]*")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


class CannotHold(ValueError):
    """There is no text in that place, or none that a file may hold; the message says which."""


class Changed(Exception):
    """Somebody has written the file meanwhile."""


@dataclass(frozen=True, slots=True)
class _Scalar:
    """A text in a file: its span there, its style (None: plain), and what is around it."""

    start: int
    end: int
    style: str | None
    value: str
    indent: int  # of the mapping or list that it is in
    flow: bool  # inside of brackets

    @property
    def is_block(self) -> bool:
        """Whether it stands under a | or >."""
        return self.style in ("|", ">")


def replace(raw: bytes, where: Where, value: str) -> bytes:
    """The file with `value` in the place `where`, such as ("benefits", 2).

    Raises CannotHold, and yamlfile.Unreadable for a file that `rolecast check` cannot read.
    """
    data = yamlfile.load(raw, "")
    if yamlfile.STRANGE.search(value) or "\r" in value:
        raise CannotHold("the new text has invisible characters")
    mark = codecs.BOM_UTF8 if raw.startswith(codecs.BOM_UTF8) else b""
    text = raw.removeprefix(mark).decode("utf-8")
    old = _find(text, where)
    if old.value == value:
        return raw
    wanted = repr(_with(data, where, value))
    for changed in _attempts(text, old, value):
        with contextlib.suppress(yamlfile.Unreadable):
            made = mark + changed.encode("utf-8")
            if repr(yamlfile.load(made, "")) == wanted:
                return made
    raise CannotHold("this text cannot be written there")


def snippet(field: str, value: str, item: bool = False) -> str:
    """`value` as lines of YAML under a field's name, to be put into a file by hand."""
    empty = f"{field}:\n  - x\n" if item else f"{field}: x\n"
    where = (field, 0) if item else (field,)
    return replace(empty.encode(), where, value).decode().rstrip("\n")


def write(path: Path, raw: bytes, instead_of: bytes) -> None:
    """Put `raw` in the place of a file that still has the content `instead_of`, at once and
    durably: whoever reads sees the one or the other. Keeps the file's mode.

    Raises Changed, OSError. An editor that saves within the very moment between the last look and
    the exchange is overwritten; no file system of ours can rule that out.
    """
    path = path.resolve(strict=True)  # behind a link stands the file itself
    status = path.stat()
    beside = path.parent / f".{secrets.token_hex(8)}.tmp"  # hidden: no job spec to anybody
    try:
        with beside.open("xb") as file:
            os.fchmod(file.fileno(), status.st_mode & 0o7777)
            with contextlib.suppress(PermissionError):  # only the system's administrator may
                os.fchown(file.fileno(), status.st_uid, status.st_gid)
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        if path.read_bytes() != instead_of:
            raise Changed
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _with(data: dict[str, Any], where: Where, value: str) -> dict[str, Any]:
    here: Any = data
    for step in where[:-1]:
        here = here[step]
    here[where[-1]] = value
    return data


def _find(text: str, where: Where) -> _Scalar:
    node = yaml.compose(text, Loader=CSafeLoader)
    flow, indent = False, 0
    for step in where:
        flow, indent = flow or bool(node.flow_style), node.start_mark.column
        below = (
            {key.value: value for key, value in node.value}
            if isinstance(node, yaml.MappingNode)
            else dict(enumerate(node.value))
        )
        node = below.get(step)
        if node is None or (isinstance(node, yaml.ScalarNode) and step != where[-1]):
            raise CannotHold(f"there is no {'.'.join(map(str, where))} in the file")
    if not isinstance(node, yaml.ScalarNode) or node.start_mark.index == node.end_mark.index:
        raise CannotHold(f"{'.'.join(map(str, where))} is no text")
    start, end, style = node.start_mark.index, node.end_mark.index, node.style
    return _Scalar(start, end, style if style in _STYLES else None, node.value, indent, flow)


def _attempts(text: str, old: _Scalar, value: str) -> Iterator[str]:
    """The file with `value`, in one style after the other; some of them may read wrong."""
    span = text[old.start : old.end]
    lines = [line.rstrip("\r") for line in span.rstrip().split("\n")]
    broken = "\n" in value and not (old.style == '"' and "\n" in old.value)
    if not old.flow and (old.is_block or broken):
        if old.style == ">":
            yield from _in_block(text, old, value, lines, folded=True)
        yield from _in_block(text, old, value, lines)
    if old.is_block:
        rest = _SIGN.sub("", lines[0]) + text[_last(text, old) :]
        yield text[: old.start] + _double(value) + rest
        return
    quotes = [old.style, *(one for one in ("'", '"') if one != old.style)]
    for quote in quotes:
        if quote is None and Resolver().resolve(yaml.ScalarNode, value, (True, False)) != _STRING:
            continue  # yes, 1e3 and dates: other programs would not take them for text
        if quote == old.style and lines[1:]:
            yield text[: old.start] + _flowing(text, old, value, lines) + text[old.end :]
        yield text[: old.start] + _quoted(value, quote) + text[old.end :]


def _in_block(
    text: str, old: _Scalar, value: str, lines: list[str], folded: bool = False
) -> Iterator[str]:
    """With `value` under a | or >; what else stands in the line of the sign, such as a comment,
    stays there."""
    own = next((len(x) - len(x.lstrip(" ")) for x in lines[1:] if x.strip()), 0)
    indent = own if old.is_block and own > old.indent else old.indent + 2
    body = value.rstrip("\n")
    ends = len(value) - len(body)
    hint = str(indent - old.indent) if body[:1] in (" ", "\t", "\n") else ""
    sign = (">" if folded else "|") + hint + ("-", "", "+")[min(ends, 2)]
    content = _folded(body, lines[1:], indent) if folded else body.split("\n")
    content += [""] * (ends - 1)
    end = _last(text, old) if old.is_block else _line_end(text, old.end)
    rest = _SIGN.sub("", lines[0]) if old.is_block else text[old.end : end]
    newline = _newline(text, old.start)
    put = newline.join([sign + rest, *(" " * indent + x if x else x for x in content)])
    if ends < 2:  # empty lines that follow are the file's, not the text's
        yield text[: old.start] + put + text[end:]
    yield text[: old.start] + put + newline + text[max(old.end, end) :].removeprefix(newline)


def _last(text: str, old: _Scalar) -> int:
    """Where the last line of a block ends; the empty lines below do not belong to it."""
    return _line_end(text, old.start + len(text[old.start : old.end].rstrip()))


def _line_end(text: str, at: int) -> int:
    """Where the line of `at` ends, before its line end."""
    found = re.compile(r"\r?\n|\Z").search(text, at)
    return found.start() if found else len(text)


def _newline(text: str, at: int) -> str:
    """How the line of `at` ends; the last one as the others do."""
    found = re.compile(r"\r?\n").search(text, at) or re.search(r"\r?\n", text)
    return found[0] if found else "\n"


def _folded(value: str, old: list[str], indent: int) -> list[str]:
    """Lines that are read as `value`; a paragraph that stood there before is left as it was."""
    width = max(NARROW, min(WIDE, max(map(len, old), default=0))) - indent
    known: dict[str, list[str]] = {}
    group: list[str] = []
    for line in [*(one.strip() for one in old), ""]:
        if line:
            group.append(line)
        else:
            known[" ".join(group)] = group
            group = []
    found: list[str] = []
    for paragraph in value.split("\n"):
        found += [*(known.get(paragraph) or _wrapped(paragraph, width)), ""]
    return found[:-1]


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most so many columns, where there are single spaces to break at."""
    lines = [""]
    for word in re.split(r"(?<=\S) (?=\S)", text):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] += f" {word}" if lines[-1] else word
    return [line for line in lines if line]


def _flowing(text: str, old: _Scalar, value: str, lines: list[str]) -> str:
    """As plain or quoted text over several lines, as it was."""
    indent = next((len(x) - len(x.lstrip()) for x in lines[1:] if x.strip()), 2)
    folded = _folded(_quoted(value, old.style), [" " * indent + lines[0], *lines[1:]], indent)
    newline = _newline(text, old.start)
    return newline.join([folded[0], *(" " * indent + x if x else x for x in folded[1:])])


def _quoted(value: str, quote: str | None) -> str:
    if quote is None:
        return value
    return _double(value) if quote == '"' else "'" + value.replace("'", "''") + "'"


def _double(value: str) -> str:
    return '"' + "".join(_ESCAPES.get(letter, letter) for letter in value) + '"'
