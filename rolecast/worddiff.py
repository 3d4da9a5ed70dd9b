"""A word diff: what goes out in [-brackets-], what comes in in {+braces+}."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

RED, GREEN, OFF = "\x1b[31m", "\x1b[32m", "\x1b[0m"
THOROUGH = 500_000  # pairs of words up to which the smallest difference is looked for
Part = tuple[str, str, str]  # what stays, what goes after it, what comes in its place


def segments(before: str, after: str) -> Iterator[tuple[str, str]]:
    """What stays ("same"), goes ("gone") and comes ("come"), in the order of reading."""
    for stays, goes, comes in _readable(_parts(before, after)):
        named = (("same", stays), ("gone", goes), ("come", comes))
        yield from ((kind, text) for kind, text in named if text)


def word_diff(before: str, after: str, colour: bool = False) -> str:
    """`after` with what changed since `before` marked; unchanged words stand as they are."""
    shapes = {"same": "{}", "gone": "[-{}-]", "come": "{{+{}+}}"}
    if colour:
        shapes |= {"gone": f"{RED}[-{{}}-]{OFF}", "come": f"{GREEN}{{{{+{{}}+}}}}{OFF}"}
    return "".join(shapes[kind].format(text) for kind, text in segments(before, after))


def _parts(before: str, after: str) -> list[Part]:
    old, new = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (before, after))
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    while tail and not old[-tail].isspace():  # a full stop that both end with says nothing
        tail -= 1
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    quick = len(a) * len(b) > THOROUGH  # then spaces and other frequent words tie nothing together
    parts: list[Part] = [("".join(old[:head]), "", "")]
    for tag, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=quick).get_opcodes():
        if tag == "equal":
            parts.append(("".join(a[i:j]), "", ""))
        else:
            parts[-1] = (parts[-1][0], "".join(a[i:j]), "".join(b[k:m]))
    stays, goes, comes = parts.pop()
    rest = "".join(old[len(old) - tail :])
    return [*parts, (stays, goes, comes), (rest, "", "")]


def _readable(parts: list[Part]) -> Iterator[Part]:
    """With what stays between two changes taken into them where it is shorter than both: single
    words that happen to be the same are no help to a reader."""
    found = parts[:1]
    for stays, goes, comes in parts[1:]:
        kept, gone, come = found[-1]
        if len(stays) <= min(len(gone + come), len(goes + comes)) and gone and come:
            found[-1] = (kept, gone + stays + goes, come + stays + comes)
        else:
            found.append((stays, goes, comes))
    yield from found


def _alike(old: list[str], new: list[str]) -> int:
    """How many words they begin with in common."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(old), len(new)))
