"""YAML that forgives people and nothing else.

One pass over libyaml's events builds plain data and guards it: at most 256 KB,
32 levels, one document, a mapping at the top, text keys, no anchors, aliases,
tags, directives or duplicate keys. Nothing recurses over the input, since
libyaml's own composer crashes the process at some 30,000 levels.

Types are YAML 1.2's core schema (yaml.org/spec/1.2.2, chapter 10.3), less what
surprises people: NO, yes and on are text, 9:30 is text, dates are text for the
model to read, and numbers with a leading zero are text, so postal codes live.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml import CSafeLoader as Loader
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from rolecast.problems import Problem

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32

# Nobody types these: controls, bidirectional overrides, invisible letters, odd line ends.
# Joiners (200C, 200D) and direction marks (200E, 200F) are part of real scripts and emoji.
STRANGE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028\u2029\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
_STRANGE_ASCII = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)")
_NUMBER_START = frozenset("+-.0123456789")
_WORDS: dict[str, Any] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    ".nan": float("nan"),
    ".NaN": float("nan"),
    ".NAN": float("nan"),
}
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")  # longer ones stay text: int() would be quadratic
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]{1,30}|(0|[1-9][0-9]{0,30})(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,3})?"
)
_INF = re.compile(r"([-+]?)\.(inf|Inf|INF)")


class Unreadable(Exception):
    """The file is not a YAML mapping that we accept."""

    def __init__(self, problems: list[Problem]):
        super().__init__(problems[0].message)
        self.problems = problems


class Guarded(Exception):
    """Well-formed YAML that we refuse; line and column count from 0."""

    def __init__(self, code: str, message: str, line: int, column: int):
        super().__init__(message)
        self.code, self.message, self.line, self.column = code, message, line, column


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a key and its value stand; lines and columns count from 1. Items of lists have no
    key of their own: theirs is the value's."""

    key_line: int
    key_column: int
    line: int
    column: int
    end_line: int
    end_column: int


def load(raw: bytes, path: str) -> dict[str, Any]:
    """The file's mapping as plain data. Raises Unreadable with every mistake that was found."""
    text = decode(raw, path)
    try:
        return build(text)
    except (yaml.YAMLError, Guarded) as error:
        from rolecast.hints import explain

        raise Unreadable(explain(text, path, error)) from error


def decode(raw: bytes, path: str) -> str:
    """UTF-8 text without strange characters. Raises Unreadable."""
    if len(raw) > MAX_BYTES:
        raise Unreadable(
            [
                Problem(
                    path,
                    1,
                    1,
                    "too-large",
                    f"the file has {len(raw):,} bytes; a job spec has at most {MAX_BYTES:,}. "
                    "One file describes one job.",
                )
            ]
        )
    if raw.isascii() and not _STRANGE_ASCII.search(raw):
        return raw.decode("ascii")
    from rolecast.hints.text import strange_text

    text, problems = strange_text(raw, path)
    if problems:
        raise Unreadable(problems)
    return text


def scalar(text: str) -> Any:
    """A plain scalar's value by the core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _NUMBER_START:
        if _INT.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
        if match := _INF.fullmatch(text):
            return float(f"{match[1]}inf")
    return text


def build(text: str) -> dict[str, Any]:
    """The mapping in `text`. Raises yaml.YAMLError and Guarded."""
    events = yaml.parse(text, Loader=Loader)
    root = _first(events)
    if root is None:
        raise Guarded(
            "empty",
            "the file is empty; write at least title, company, description, locations and apply",
            0,
            0,
        )
    if type(root) is ScalarEvent:
        for _ in events:  # the first mistake of a file may make its first lines look like text
            pass
    if type(root) is not MappingStartEvent:
        what = (
            "list: remove the dash before the first field"
            if (type(root) is SequenceStartEvent)
            else "mere text: write fields such as `title: …`"
        )
        raise Guarded("not-fields", f"the file is a {what}", *_at(root))
    data = _mapping(events, root)
    for event in events:
        if type(event) is DocumentStartEvent:
            raise Guarded(
                "second-document",
                "a line `---` begins a second document; one file "
                "describes one job, so remove this line and what belongs to another job",
                *_at(event),
            )
    return data


def _first(events: Iterator[Any]) -> Any:
    for event in events:
        kind = type(event)
        if kind is DocumentStartEvent and (event.version or event.tags):
            raise Guarded("directive", "lines that begin with % are not used here; remove it", 0, 0)
        if kind is StreamEndEvent:
            return None
        if kind in (MappingStartEvent, SequenceStartEvent, ScalarEvent, AliasEvent):
            if kind is ScalarEvent and event.value == "" and event.implicit[0]:
                return None
            return event
    return None


def _mapping(events: Iterator[Any], root: Any) -> dict[str, Any]:
    """Builds what `root` starts, with a stack of its own."""
    if root.anchor or root.tag:
        _refuse_node(root)
    top: dict[str, Any] = {}
    stack: list[Any] = []
    here: Any = top
    is_map, key = True, None  # key None: the next event of a mapping is a key
    for event in events:
        kind = type(event)
        if kind is ScalarEvent:
            if event.anchor or event.tag:
                _refuse_node(event)
            value = event.value
            if is_map and key is None:
                if value in here:
                    raise Guarded(
                        "duplicate-key", f"{value!r} stands here twice; keep one", *_at(event)
                    )
                key = value
                continue
            if event.implicit[0]:
                value = scalar(value)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            if not stack:
                return top
            here, is_map, key = stack.pop()
            continue
        elif kind is AliasEvent:
            _refuse_node(event)
        else:
            if is_map and key is None:
                raise Guarded(
                    "complex-key",
                    "a field's name must be plain text; curly or square brackets are not a name",
                    *_at(event),
                )
            if event.anchor or event.tag:
                _refuse_node(event)
            if len(stack) >= MAX_DEPTH - 1:
                raise Guarded(
                    "too-deep", f"more than {MAX_DEPTH} levels inside each other", *_at(event)
                )
            value = {} if kind is MappingStartEvent else []
            if is_map:
                here[key] = value
            else:
                here.append(value)
            stack.append((here, is_map, None))
            here, is_map, key = value, kind is MappingStartEvent, None
            continue
        if is_map:
            here[key] = value
            key = None
        else:
            here.append(value)
    return top


def _refuse_node(event: Any) -> None:
    if type(event) is AliasEvent:
        raise Guarded(
            "alias",
            f"a value that begins with * refers to another place; write the "
            f'value itself, or put the text in quotes: "*{event.anchor}"',
            *_at(event),
        )
    if event.anchor:
        raise Guarded(
            "anchor",
            f'a value that begins with & is not used here; write it in quotes: "&{event.anchor} …"',
            *_at(event),
        )
    raise Guarded(
        "tag", "a value that begins with ! is not used here; write it in quotes", *_at(event)
    )


def _at(event: Any) -> tuple[int, int]:
    return event.start_mark.line, event.start_mark.column


def positions(text: str) -> dict[tuple[str | int, ...], Mark]:
    """Where everything stands, for text that `build` accepts (so its depth is safe)."""
    found: dict[tuple[str | int, ...], Mark] = {}
    root = yaml.compose(text, Loader=Loader)
    todo: list[tuple[tuple[str | int, ...], Any, Any]] = [((), root, root)]
    while todo:
        where, key, node = todo.pop()
        start, end = node.start_mark, node.end_mark
        found[where] = Mark(
            key.start_mark.line + 1,
            key.start_mark.column + 1,
            start.line + 1,
            start.column + 1,
            end.line + 1,
            end.column + 1,
        )
        if isinstance(node, yaml.MappingNode):
            todo += [((*where, k.value), k, v) for k, v in node.value]
        elif isinstance(node, yaml.SequenceNode):
            todo += [((*where, i), item, item) for i, item in enumerate(node.value)]
    return found
