"""A word diff: what goes out in [-brackets-], what comes in in {+braces+}."""

from __future__ import annotations

import difflib
import re

RED, GREEN, OFF = "\x1b[31m", "\x1b[32m", "\x1b[0m"


def word_diff(before: str, after: str, colour: bool = False) -> str:
    """`after` with what changed since `before` marked; unchanged words stand as they are."""
    old, new = (re.findall(r"\s+|\w+|[^\w\s]", text) for text in (before, after))
    parts = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            parts.append("".join(old[a:b]))
            continue
        gone, come = "".join(old[a:b]), "".join(new[c:d])
        if gone:
            parts.append(f"{RED}[-{gone}-]{OFF}" if colour else f"[-{gone}-]")
        if come:
            parts.append(f"{GREEN}{{+{come}+}}{OFF}" if colour else f"{{+{come}+}}")
    return "".join(parts)
