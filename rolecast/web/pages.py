"""Templates, headers and the other things that all pages share."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rolecast.channels import Channel
from rolecast.facts import facts, language_name, locale
from rolecast.jobspec import JobSpec
from rolecast.ledger import Ledger
from rolecast.markdown import to_html
from rolecast.plan import Scheduled
from rolecast.render import Renderer, builtin_templates
from rolecast.settings import Settings

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
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
    prefect_ui: str | None = None
    token: str = ""
    calendar: Callable[[], list[Scheduled]] = list

    @property
    def boards(self) -> list[str]:
        """The channels that are shown on the board."""
        return [name for name, one in self.channels.items() if one.connector.name == "board"]


def new_token() -> str:
    """Ties a form to this process."""
    return secrets.token_urlsafe(24)


@cache
def _env() -> ImmutableSandboxedEnvironment:
    env = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(builtin_templates() / "web"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["markdown"] = _markdown
    env.filters["when"] = _when
    env.globals["facts"] = facts
    env.globals["phrases_in"] = Renderer().phrases_in
    env.globals["direction"] = direction
    env.globals["language_name"] = language_name
    return env


@cache
def _markdown(text: str) -> Any:
    from markupsafe import Markup

    return Markup(to_html(text))  # sanitised there


def _when(at: datetime, zone: str = "UTC") -> str:
    """A time as people say it, in a named zone."""
    return f"{at.astimezone(ZoneInfo(zone)):%a %d %b %Y, %H:%M}"


def direction(language: str) -> str:
    """ltr or rtl."""
    return str(locale(language).text_direction)


def page(site: Site, request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """An HTML page; answered with 304 when the browser has the same already."""
    html = (
        _env()
        .get_template(template)
        .render(site=site, company=site.settings.company, path=request.url.path, **values)
    )
    tag = f'"{hashlib.blake2b(html.encode(), digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if status == 200 and request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return HTMLResponse(html, status, headers)


def not_found(site: Site, request: Request, what: str, inside: bool = False) -> Response:
    """A page that helps on: colleagues to the board, others to the company."""
    return page(site, request, "missing.html.j2", 404, what=what, inside=inside)


def read_spec(text: str) -> JobSpec:
    """A spec out of the ledger."""
    return JobSpec.model_validate_json(text)


def number(request: Request, name: str = "page") -> int:
    """A page number from the query, from 1."""
    text = request.query_params.get(name, "1")
    return max(1, min(int(text), 100_000)) if text.isdigit() else 1


def same_origin(request: Request, token: str, given: str) -> bool:
    """Whether a form was sent from our own page: nobody else's page may decide for a recruiter."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site not in (None, "same-origin", "none"):
        return False
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        return False
    return secrets.compare_digest(token.encode(), given.encode())


class Headers:
    """Adds the security headers to every answer."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, with_headers)
