"""Whether the page where one applies still takes applications, as far as it says so itself. Pure.

Sources: schema.org/JobPosting (validThrough), RFC 9110 (404, 410), Greenhouse's way to send people
who follow an old address to the list with ?error=true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bs4 import BeautifulSoup

# Looked for in titles, headings and alerts only: an advert may speak of anything in its text.
CLOSED = re.compile(
    r"no longer (accepting|available|open|active)|(job|position|posting|vacancy) "
    r"(is|has been|was)( now)? (closed|filled|removed)|(job|posting) (has )?expired|"
    r"(nicht|keine)[\w ]{0,20} mehr (verfügbar|ausgeschrieben|aktiv|online|möglich)|"
    r"(stelle|position) (ist )?(bereits )?(besetzt|vergeben)|"
    r"n['’]est plus (disponible|en ligne|ouverte?|active)|(offre|poste)[\w ]{0,12} pourvue?|"
    r"ya no está (disponible|activa|abierta)",
    re.IGNORECASE,
)


def closed_because(html: str, asked: str, came_to: str, now: datetime) -> str | None:
    """Why the page takes no applications, in words; None when it does not say so.

    asked: the address in the job spec. came_to: where redirects led.
    """
    if parse_qs(urlsplit(came_to).query).get("error") == ["true"]:
        return "its address leads to a list of jobs now: the job is not there any more"
    soup = BeautifulSoup(html, "html.parser")
    for posting in _postings(soup):
        until = _instant(posting.get("validThrough"))
        if until is not None and until < now:
            return f"the page says that it was valid until {until:%Y-%m-%d}"
    for element in soup.select("title, h1, h2, h3, [role=alert]"):
        text = " ".join(element.get_text(" ").split())
        if CLOSED.search(text):
            return f"the page says: {text[:200]}"
    if _is_front_page(came_to) and not _is_front_page(asked):
        return "its address leads to the site's front page now"
    return None


def _postings(soup: BeautifulSoup) -> Iterator[dict[str, Any]]:
    for script in soup.select('script[type="application/ld+json"]'):
        try:
            data = json.loads(script.string or "")
        except ValueError:
            continue
        for item in data if isinstance(data, list) else [data]:
            graph = item.get("@graph", [item]) if isinstance(item, dict) else []
            for one in graph if isinstance(graph, list) else []:
                if isinstance(one, dict) and "JobPosting" in str(one.get("@type")):
                    yield one


def _instant(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    if len(str(text)) <= 10:
        at = datetime.combine(at, time(23, 59, 59))  # a day counts to its end
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _is_front_page(address: str) -> bool:
    parts = urlsplit(address)
    return parts.path in ("", "/") and not parts.query
