"""Our sanitised HTML in the markup of wikis: one walk over the tree, one small dialect each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import PageElement, Tag


@dataclass(frozen=True)
class Dialect:
    """How one markup says things; `text` makes words safe, the others get finished markup."""

    text: Callable[[str], str]
    heading: Callable[[int, str], str]
    bold: Callable[[str], str]
    italic: Callable[[str], str]
    link: Callable[[str, str], str]
    item: Callable[[str, int], str]  # marker's kind (ul, ol), depth from 1
    newline: str


def convert(html: str, dialect: Dialect) -> str:
    """`html` (as rolecast.markdown makes it) in `dialect`."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    text = "".join(_block(child, dialect, 0) for child in soup.children)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def _block(node: PageElement, to: Dialect, depth: int) -> str:
    from bs4 import Tag

    if not isinstance(node, Tag):
        return _inline(node, to) if str(node).strip() else ""
    if re.fullmatch(r"h[1-6]", node.name):
        return f"\n\n{to.heading(int(node.name[1]), _within(node, to))}\n"
    if node.name in ("ul", "ol"):
        lines = [
            _item(item, node.name, to, depth + 1) for item in node.find_all("li", recursive=False)
        ]
        return ("\n" if depth == 0 else "") + "".join(lines) + ("\n" if depth == 0 else "")
    if node.name == "hr":
        return "\n\n----\n\n"
    if node.name in ("p", "div", "blockquote", "pre", "section"):
        return f"\n\n{_within(node, to)}\n"
    return _inline(node, to)


def _item(item: Tag, kind: str, to: Dialect, depth: int) -> str:
    from bs4 import Tag

    words, below = "", ""
    for child in item.children:
        if isinstance(child, Tag) and child.name in ("ul", "ol"):
            below += _block(child, to, depth)
        else:
            words += _inline(child, to)
    return f"{to.item(kind, depth)}{' '.join(words.split())}\n{below}"


def _within(node: Tag, to: Dialect) -> str:
    return "".join(_inline(child, to) for child in node.children).strip()


def _inline(node: PageElement, to: Dialect) -> str:
    from bs4 import Tag

    if not isinstance(node, Tag):
        return to.text(re.sub(r"\s+", " ", str(node)))
    if node.name == "br":
        return to.newline
    words = "".join(_inline(child, to) for child in node.children)
    if not words.strip():
        return words
    if node.name in ("strong", "b"):
        return to.bold(words)
    if node.name in ("em", "i"):
        return to.italic(words)
    if node.name == "a" and node.get("href"):
        return to.link(str(node["href"]), words)
    return words


# What wikitext reads as markup: brackets and such anywhere; the rest only where it is doubled,
# begins or ends a piece of text, or makes an address out of words.
_WIKITEXT = re.compile(
    r"[\[\]{}|<>&]|'(?='|$)|(?<=')'|^'|~(?=~|$)|(?<=~)~|^~|_(?=_)|(?<=_)_|:(?=//)|^[*#:;=!-]|=$"
)


def _entities(text: str) -> str:
    """Characters that wikitext might read as markup, as entities, which it always shows."""
    bare = text.strip()  # what a line begins and ends with when the spaces around it go
    if not bare:
        return text
    before, _, after = text.partition(bare)
    return before + _WIKITEXT.sub(lambda found: f"&#{ord(found[0])};", bare) + after


WIKITEXT = Dialect(
    text=_entities,
    heading=lambda level, words: f"{'=' * level} {words} {'=' * level}",
    bold=lambda words: f"'''{words}'''",
    italic=lambda words: f"''{words}''",
    link=lambda address, words: f"[{re.sub(r'[][<>{|} ]', _percent, address)} {words}]",
    item=lambda kind, depth: ("#" if kind == "ol" else "*") * depth + " ",
    newline="<br />",
)
# DokuWiki's markup is made of doubled signs, and of some at the beginning of a line.
_DOKUWIKI = re.compile(
    r"[*/_'\[\]{}()=~%\\<>^|-]{2,}|[<>^|%]|^[*/_'\[\]{}()=~\\-]|[*/_'\[\]{}()=~\\-]$"
)


def _nowiki(text: str) -> str:
    return _DOKUWIKI.sub(lambda found: f"%%{found[0].replace('%%', '% %')}%%", text)


DOKUWIKI = Dialect(
    text=_nowiki,
    heading=lambda level, words: f"{'=' * (7 - level)} {words} {'=' * (7 - level)}",
    bold=lambda words: f"**{words}**",
    italic=lambda words: f"//{words}//",
    link=lambda address, words: f"[[{re.sub(r'[][|<>{} ]', _percent, address)}|{_bare(words)}]]",
    item=lambda kind, depth: "  " * depth + ("- " if kind == "ol" else "* "),
    newline=" \\\\ ",
)


def _percent(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def _bare(words: str) -> str:
    """DokuWiki shows a link's words as they are, markup and all."""
    return re.sub(r"%%|\*\*|//|[\]|]", "", words)
