"""What is kept of a click: the link, the time, a coarse device and the referring host.

Never an address, a cookie or a full user agent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Click:
    """Somebody, or something, followed a link."""

    link: str
    at: datetime
    device: str
    referrer: str | None


def device(user_agent: str) -> str:
    """phone, tablet, desktop, bot or other; a coarse reading of the User-Agent header."""
    text = user_agent.lower()
    if any(word in text for word in ("bot", "crawl", "spider", "preview", "facebookexternalhit")):
        return "bot"
    if "ipad" in text or "tablet" in text or ("android" in text and "mobile" not in text):
        return "tablet"
    if "mobi" in text or "iphone" in text:
        return "phone"
    return "desktop" if "mozilla" in text else "other"


def referrer_host(referrer: str) -> str | None:
    """The host of a Referer header, or None; paths and queries may name a person."""
    try:
        host = urlsplit(referrer).hostname
    except ValueError:
        return None
    return host[:100] if host else None
