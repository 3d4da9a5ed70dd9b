"""The open jobs as feeds: Atom (RFC 4287), JSON Feed 1.1 (jsonfeed.org) and a sitemap
(sitemaps.org). A job that closes is gone from the next answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

from feedgenerator import Atom1Feed

from rolecast import jsonld
from rolecast.facts import facts
from rolecast.jobspec import JobSpec

MOST = 200  # jobs in one answer; the JSON feed goes on at next_url
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
MOST_IN_SITEMAP = 50_000  # sitemaps.org, protocol


@dataclass(frozen=True)
class Item:
    """One open job. url: its public page; posted, updated: when it was first seen, and changed."""

    spec: JobSpec
    url: str
    posted: datetime
    updated: datetime


@dataclass(frozen=True)
class About:
    """title: of the feed; home: where people read the jobs; own: the feed's own address; zone: of
    dates without one."""

    title: str
    home: str
    own: str
    zone: str = "UTC"


def atom(about: About, items: Sequence[Item]) -> str:
    """An Atom feed, in the order given."""
    feed = Atom1Feed(
        title=_printable(about.title), link=about.home, description="", feed_url=about.own
    )
    for one in items:
        spec = one.spec
        feed.add_item(
            title=_printable(spec.title),
            link=one.url,
            unique_id=one.url,
            description=_printable(_summary(spec)),
            content=_printable(jsonld.description(spec)),
            author_name=_printable(spec.company.name),
            pubdate=one.posted,
            updateddate=one.updated,
            categories=[_printable(tag) for tag in spec.tags],
        )
    return feed.writeString("utf-8")


def json_feed(about: About, items: Sequence[Item], next_url: str | None = None) -> dict[str, Any]:
    """A JSON Feed; each item carries the job's schema.org JobPosting as `_jobposting`."""
    found = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": about.title,
        "home_page_url": about.home,
        "feed_url": about.own,
        "next_url": next_url,
        "items": [_json_item(one, about.zone) for one in items],
    }
    return {name: value for name, value in found.items() if value is not None}


def sitemap(pages: Sequence[tuple[str, datetime]]) -> str:
    """A sitemap of (address, when it changed)."""
    root = ET.Element("urlset", xmlns=SITEMAP)
    for url, updated in pages[:MOST_IN_SITEMAP]:
        page = ET.SubElement(root, "url")
        ET.SubElement(page, "loc").text = url
        ET.SubElement(page, "lastmod").text = updated.isoformat(timespec="seconds")
    return ET.tostring(root, "unicode", xml_declaration=True)


def _json_item(one: Item, zone: str) -> dict[str, Any]:
    spec = one.spec
    return {
        "id": spec.id,
        "url": one.url,
        "title": spec.title,
        "language": spec.language,
        "summary": _summary(spec),
        "content_html": jsonld.description(spec),
        "date_published": one.posted.isoformat(timespec="seconds"),
        "date_modified": one.updated.isoformat(timespec="seconds"),
        "tags": list(spec.tags),
        "authors": [{"name": spec.company.name}],
        "_jobposting": jsonld.job_posting(spec, one.url, one.posted, zone),
    }


def _summary(spec: JobSpec) -> str:
    known = facts(spec)
    return spec.summary or " · ".join(filter(None, (known.place, known.workplace, known.salary)))


def _printable(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return "".join(c for c in text if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
