"""Walks through the pages as people do: follows every link, finds every form, fills it in.

Nothing here knows a page by name: what is added to the app is walked through by itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from starlette.routing import Match

# What a path's variable may be, so that there is something to see.
KNOWN = {"/jobs/{id}": "pilot", "/public/jobs/{id}": "pilot", "/desk/jobs/{id}": "pilot"}
# Forms after which there is nothing more to see; they have tests of their own.
LAST = re.compile(r"signout|delete|forget|erase|sessions")
APPLICATION = "app-17"
START = (
    "/", "/me", "/desk", "/desk/people", "/signin", "/public/jobs/pilot", "/public/jobs/over",
    "/jobs/over", "/jobs/none", "/nowhere", f"/desk/applications/{APPLICATION}", "/signin/wrong",
    "/?q=nothing", "/r/nothing", "/jobs/pilot", "/jobs/law", "/jobs/crane",
)  # fmt: skip


def filled(path: str, unknown: str = "unknown") -> str:
    """A route's path with something in the place of its variables."""
    if path == "/static":
        return "/static/rolecast.css"
    known = KNOWN.get(path)
    return re.sub(r"\{[^}]*\}", known or unknown, path)


def template(app, url: str) -> str:
    """The route that answers an address."""
    scope = {"type": "http", "path": urlsplit(url).path, "method": "GET", "headers": []}
    for route in app.routes:
        if route.matches(scope | {"root_path": ""})[0] is not Match.NONE:
            return route.path
    return ""


@dataclass
class Form:
    """A form of a page. fields: name → what it is sent with by somebody who changes nothing."""

    page: str
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)  # name → hidden, text, select, button …
    choices: dict[str, list[str]] = field(default_factory=dict)

    @property
    def key(self) -> tuple:
        """The same for forms that differ in what they are about only."""
        action = re.sub(r"[0-9a-f]{16}|\d+", "*", urlsplit(self.action).path)
        named = tuple(sorted(name for name, kind in self.kinds.items() if kind != "button"))
        buttons = tuple(self.choices.get(name, ()) for name in self.kinds if name in self.choices)
        return (self.method, action, named, str(buttons))


@dataclass
class Seen:
    """A page that was visited."""

    url: str
    status: int
    kind: str
    text: str
    forms: list[Form]

    @property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.text, "html.parser")


def forms_of(url: str, soup: BeautifulSoup) -> list[Form]:
    """The forms of a page."""
    return [_form(url, one) for one in soup.find_all("form")]


def _form(url: str, tag: Tag) -> Form:
    action = urljoin(url, tag.get("action") or urlsplit(url).path)
    made = Form(url, action, str(tag.get("method", "get")).lower())
    for one in tag.find_all(["input", "textarea", "select", "button"]):
        name = one.get("name")
        if not name or one.has_attr("disabled"):
            continue
        if one.name == "select":
            options = [o.get("value", o.get_text().strip()) for o in one.find_all("option")]
            chosen = one.find("option", selected=True)
            value = chosen.get("value", chosen.get_text().strip()) if chosen else options[0]
            made.choices[name], kind = options, "select"
        elif one.name == "textarea":
            value, kind = one.get_text(), "textarea"
        elif one.name == "button":
            value, kind = one.get("value", ""), "button"
            made.choices.setdefault(name, []).append(value)
        else:
            value, kind = one.get("value", ""), one.get("type", "text")
            if kind in ("radio", "checkbox"):
                value = value or "on"
                made.choices.setdefault(name, []).append(value)
        made.fields.setdefault(name, value)
        made.kinds[name] = kind
    return made


def walk(
    get: Callable[[str], Any],
    app,
    start: Iterable[str] = START,
    always: Iterable[str] = START,
    each: int = 3,
    most: int = 150,
) -> Iterator[Seen]:
    """Visit every page that links and searches lead to: at most `each` of a kind, but all of
    `always`, and `most` altogether.

    get: answers an address with something like a requests.Response. A kind is a route with the
    names of what is asked in its query.
    """
    first = set(always)
    ahead, met, kinds = list(start), set(start), Counter()
    while ahead and most:
        url = ahead.pop(0)
        parts = urlsplit(url)
        route = template(app, url)
        kind = (route, tuple(sorted(name for name, _ in parse_qsl(parts.query))))
        if route.startswith("/static") or (kinds[kind] >= each and url not in first):
            continue
        kinds[kind] += 1
        most -= 1
        answer = get(url)
        if answer.is_redirect:
            ahead += _new([urljoin(url, answer.headers["location"])], met)
            continue
        content = answer.headers.get("content-type", "").partition(";")[0]
        seen = Seen(url, answer.status_code, content, answer.text if "text" in content else "", [])
        if content == "text/html":
            soup = seen.soup
            seen.forms = forms_of(url, soup)
            ahead += _new((urljoin(url, a["href"]) for a in soup.find_all("a", href=True)), met)
            asked = [one for one in seen.forms if one.method == "get"]
            ahead += _new(
                (f"{one.action}?{urlencode(v)}" for one in asked for v in list(fill(one))[:2]), met
            )
        yield seen


def _new(urls: Iterable[str], met: set[str]) -> list[str]:
    found = []
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme or parts.netloc:
            continue
        url = parts._replace(fragment="").geturl()
        if url not in met:
            met.add(url)
            found.append(url)
    return found


COUNT = count()  # in the place of a *: no two friends are the same
KINDS = {
    "email": "friend@example.org", "url": "https://example.org/7", "number": "7",
    "tel": "+49 471 123456", "date": "2026-12-04", "search": "pilot",
    "textarea": "Two sentences, as people write them. And one more.",
}  # fmt: skip
NAMES = {
    "application": APPLICATION, "job": "pilot", "ref": "", "contact": "friend*@example.org",
    "email": "kim@ostrelund.example",
}  # fmt: skip


def usual(name: str, kind: str, value: str) -> str:
    """What somebody writes who means well."""
    if value or kind in ("hidden", "select", "button", "radio", "checkbox"):
        return value
    return NAMES.get(name, KINDS.get(kind, "A few words")).replace("*", str(next(COUNT)))


def fill(form: Form, write: Callable[[str, str, str], str] = usual) -> Iterator[dict[str, str]]:
    """What the form is sent with: once for each of its buttons, or of its choices."""
    values = {name: write(name, form.kinds[name], value) for name, value in form.fields.items()}
    several = {name: choices for name, choices in form.choices.items() if choices[1:]}
    if not several:
        yield values
    for name, choices in several.items():
        for choice in choices[:4]:
            yield values | {name: choice}
