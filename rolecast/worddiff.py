"""A word diff: what goes out in [-brackets-], what comes in in {+braces+}."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

RED, GREEN, OFF = "\x1b[31m", "\x1b[32m", "\x1b[0m"
THOROUGH = 500_000  # pairs of words up to which the smallest difference is looked for


def segments(before: str, after: str) -> Iterator[tuple[str, str]]:
    """What stays ("same"), goes ("gone") and comes ("come"), in the order of reading."""
    old, new = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (before, after))
    head = _alike(old, new)
    tail = _alike(old[head:][::-1], new[head:][::-1])
    yield from _named("same", old[:head])
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    quick = len(a) * len(b) > THOROUGH  # then spaces and other frequent words tie nothing together
    for tag, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=quick).get_opcodes():
        if tag == "equal":
            yield from _named("same", a[i:j])
        else:
            yield from _named("gone", a[i:j])
            yield from _named("come", b[k:m])
    yield from _named("same", old[len(old) - tail :])


def word_diff(before: str, after: str, colour: bool = False) -> str:
    """`after` with what changed since `before` marked; unchanged words stand as they are."""
    shapes = {"same": "{}", "gone": "[-{}-]", "come": "{{+{}+}}"}
    if colour:
        shapes |= {"gone": f"{RED}[-{{}}-]{OFF}", "come": f"{GREEN}{{{{+{{}}+}}}}{OFF}"}
    return "".join(shapes[kind].format(text) for kind, text in segments(before, after))


def _alike(old: list[str], new: list[str]) -> int:
    """How many words they begin with in common."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(old), len(new)))


def _named(kind: str, words: list[str]) -> Iterator[tuple[str, str]]:
    if words:
        yield kind, "".join(words)
