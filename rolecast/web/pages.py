"""Templates, headers and the other things that all pages share."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property, lru_cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton
from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rolecast import figures
from rolecast.channels import Channel
from rolecast.facts import amount, facts, language_name, locale
from rolecast.finding import Finder
from rolecast.jobspec import JobSpec
from rolecast.ledger import Ledger, progress
from rolecast.markdown import TAGS, to_html
from rolecast.people import Person, Role
from rolecast.plan import Scheduled
from rolecast.post import Post
from rolecast.postman import Postman
from rolecast.previews import Preview
from rolecast.publish import now_utc
from rolecast.render import Renderer, builtin_templates
from rolecast.sections import Tell
from rolecast.settings import Settings
from rolecast.told import Told
from rolecast.web.access import Access
from rolecast.web.live import Live
from rolecast.words import choose, languages, words

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass(frozen=True)
class Site:
    """What the apps work with."""

    ledger: Ledger
    settings: Settings
    channels: dict[str, Channel]
    access: Access
    prefect_ui: str | None = None
    calendar: Callable[[], list[Scheduled]] = list
    postman: Postman | None = None  # sends mails; None: there is no mail server
    live: Live | None = None  # tells open pages what changes; None: there are no such pages
    folder: Path | None = None  # of the job specs; None: it is not on this machine
    # What would be posted for a job that is not saved yet.
    draft: Callable[[JobSpec, Channel], Post] | None = None
    previews: Callable[[JobSpec, str], list[Preview]] | None = None  # of a moment's posts

    @cached_property
    def finder(self) -> Finder:
        """Finds jobs on the board."""
        return Finder(self.ledger, self.settings)

    @property
    def boards(self) -> list[str]:
        """The channels that are shown on the board."""
        return [name for name, one in self.channels.items() if one.connector.name == "board"]

    def running(self) -> list[progress.Running]:
        """What is being sent just now, for the pages that show it."""
        with self.ledger.read() as conn:
            return progress.running(conn, now_utc())

    def refused(
        self, request: Request, status: int, reason: str = "", needs: Role | None = None
    ) -> Response:
        """A page for who may not do this, or has to sign in first. reason: form, when one was sent
        that is not ours."""
        more = {"code": status, "reason": reason, "needs": needs}
        return page(self, request, "refused.html.j2", status, **more)

    def link(self, code: str) -> str:
        """The public address of a short code."""
        return f"{self.settings.company.url.rstrip('/')}/r/{code}"


@cache
def _env(language: str) -> ImmutableSandboxedEnvironment:
    env = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(builtin_templates() / "web"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    env.install_gettext_translations(words(language), newstyle=True)  # type: ignore[attr-defined]
    env.globals["language"] = language
    env.globals["languages"] = {one: locale(one).get_language_name(one) for one in languages()}
    env.filters["say"] = lambda told: told.within(words(language).gettext)  # a Told
    env.filters["day"] = partial(_day, language)
    env.filters["amount"] = lambda value, currency: amount(float(value), currency, language)
    env.filters["markdown"] = _markdown
    env.filters["when"] = partial(_when, language)
    env.filters["clock"] = _clock
    env.filters["number"] = lambda value: figures.number(value, language)
    env.filters["percent"] = lambda share: figures.percent(share, language)
    env.filters["moment"] = partial(Tell(language).name, "moments")
    env.filters["linked"] = _linked
    env.filters["tidied"] = _tidied
    env.globals["facts"] = facts
    env.globals["phrases_in"] = Renderer().phrases_in
    env.globals["direction"] = direction
    env.globals["language_name"] = language_name
    return env


@lru_cache(2000)
def _markdown(text: str) -> Any:
    from markupsafe import Markup

    return Markup(to_html(text))  # sanitised there


def _linked(text: str) -> Any:
    """A post's text with its addresses and hashtags as readers see them; they lead nowhere, so that
    looking at a post counts no click."""
    from markupsafe import Markup, escape

    seen = re.sub(r"(https?://\S+|#\w+)", r'<span class="link">\1</span>', str(escape(text)))
    return Markup(seen)


def _tidied(html: str) -> Any:
    """A post's own HTML, sanitised; its links lead nowhere, and its headings are none of ours."""
    import nh3
    from markupsafe import Markup

    return Markup(nh3.clean(html, tags=TAGS - {"a", "h2", "h3", "h4"} | {"div"}))


def _when(language: str, at: datetime, zone: str = "UTC") -> str:
    """A time as people say it, in a named zone: Wed, Nov 25, 2026, 12:00."""
    return f"{_short(language, at.astimezone(ZoneInfo(zone)).date())}, {_clock(at, zone)}"


@lru_cache(2000)
def _short(language: str, day: date) -> str:
    return format_skeleton("yMMMEd", day, locale=locale(language))


def _clock(at: datetime, zone: str = "UTC") -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


def _day(language: str, at: datetime | date, zone: str = "UTC") -> str:
    """A day as people write it: Friday, December 4, 2026. zone: in which a time is that day."""
    if isinstance(at, datetime):
        at = at.astimezone(ZoneInfo(zone))
    return format_date(at, "full", locale=locale(language))


def direction(language: str) -> str:
    """ltr or rtl."""
    return str(locale(language).text_direction)


def language_of(request: Request) -> str:
    """The language of somebody's pages: as they chose, or as their browser asks."""
    person = person_of(request)
    chosen = person and person.language
    return chosen if chosen in languages() else choose(request.headers.get("accept-language", ""))


def person_of(request: Request) -> Person | None:
    """Who asks, where that was looked at (see rolecast.web.access.guarded)."""
    return getattr(request.state, "person", None)


NOTHING: Mapping[str, str] = MappingProxyType({})  # typed into a form that was not sent yet
SAYINGS: dict[str, str] = {}  # what a page may say after a form was taken: its name → the sentence


def sayings(**sentences: str) -> None:
    """Add sentences that `back` can have said; each is marked with N_."""
    SAYINGS.update(sentences)


def back(path: str, said: str = "", **query: str) -> Response:
    """After a form: to a page of ours, which says that sentence (see `sayings`)."""
    assert not said or said in SAYINGS, said
    asked = {"said": said, **query} if said else query
    return RedirectResponse(f"{path}?{urlencode(asked)}" if asked else path, 303)


def gettext(request: Request) -> Callable[[str], str]:
    """Translates into the language of somebody's pages."""
    return words(language_of(request)).gettext


def page(
    site: Site,
    request: Request,
    template: str,
    status: int = 200,
    *,
    wrong: Told | str | None = None,
    **values: Any,
) -> Response:
    """An HTML page; answered with 304 when the browser has the same already.

    wrong: why the form that was sent cannot be taken; the page shows it and what was typed. Every
    template has `said`, `wrong`, `person` (None: nobody), `role` and `token` (for its forms).
    """
    person, language = person_of(request), language_of(request)
    say = words(language).gettext
    said = SAYINGS.get(request.query_params.get("said", ""), "")
    values.setdefault("said", said and say(said))
    html = (
        _env(language)
        .get_template(template)
        .render(
            site=site,
            company=site.settings.company,
            path=request.url.path,
            person=person,
            role=person.role if person else Role.anyone,
            token=site.access.token(request),
            mark=getattr(request.state, "mark", ""),
            wrong=wrong.within(say) if isinstance(wrong, Told) else wrong or "",
            **values,
        )
    )
    tag = f'"{hashlib.blake2b(html.encode(), digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Cookie, Accept-Language"}
    if status == 200 and request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(html, status, headers)


def not_found(site: Site, request: Request, what: str | Told, inside: bool = False) -> Response:
    """A page that helps on: colleagues to the board, others to the company."""
    say = gettext(request)
    told = what.within(say) if isinstance(what, Told) else say(what)
    return page(site, request, "missing.html.j2", 404, what=told, inside=inside)


def read_spec(text: str) -> JobSpec:
    """A spec out of the ledger."""
    return JobSpec.model_validate_json(text)


def number(request: Request, name: str = "page") -> int:
    """A page number from the query, from 1."""
    text = request.query_params.get(name, "1")
    return max(1, int(text)) if re.fullmatch(r"[0-9]{1,6}", text) else 1


class Headers:
    """Adds the security headers to every answer, and tidies addresses."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        odd = "\0" in scope.get("path", "") or b"%00" in scope.get("query_string", b"")
        if scope["type"] == "http" and odd:  # PostgreSQL cannot be asked for NUL: it becomes U+FFFD
            scope = scope | {
                "path": scope["path"].replace("\0", "\ufffd"),
                "query_string": scope["query_string"].replace(b"%00", b"%EF%BF%BD"),
            }

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)
