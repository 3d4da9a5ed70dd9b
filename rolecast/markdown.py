"""Markdown to HTML and to plain text. Adverts are hostile input: everything is sanitised."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

TAGS = {
    "p",
    "br",
    "ul",
    "ol",
    "li",
    "strong",
    "em",
    "h2",
    "h3",
    "h4",
    "a",
    "code",
    "pre",
    "blockquote",
}


@cache
def _parser() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False, "linkify": False})


def to_html(markdown: str) -> str:
    """Safe HTML: a few tags, links to http, https and mailto only, no heading above h2."""
    import nh3

    html = _parser().render(markdown)
    html = re.sub(r"<(/?)h([1-6])>", _lower_heading, html)
    return nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener nofollow",
    )


def _lower_heading(match: re.Match[str]) -> str:
    return f"<{match[1]}h{min(4, max(2, int(match[2]) + 1))}>"


def to_text(markdown: str) -> str:
    """Plain text: what a reader sees, a line for each paragraph or list item."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(to_html(markdown), "html.parser")
    for item in soup.find_all("li"):
        item.insert(0, "- ")
    for block in soup.find_all(["p", "h2", "h3", "h4", "li", "br"]):
        block.append("\n")
    return re.sub(r"\n{3,}", "\n\n", soup.get_text()).strip()
