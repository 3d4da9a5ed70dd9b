"""Who asks, and what they may: every page says which role it needs, and is guarded here."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rolecast import oidc, signin
from rolecast.go import Limiter
from rolecast.ledger import Ledger, people
from rolecast.people import NotOurs, Person, Role, hashed
from rolecast.publish import now_utc
from rolecast.settings import Settings

LOCAL = "local"  # the person of a Rolecast that nobody else reaches
MOST = 100_000  # bytes of a form's field
Endpoint = Callable[[Request], Response]


@dataclass
class Access:
    """Knows who asks. provider: of OpenID, where there is one."""

    ledger: Ledger
    settings: Settings
    provider: oidc.Provider | None = None
    # By network: mails asked for, and friends named.
    signins: Limiter = field(default_factory=lambda: Limiter(20, 1 / 60))
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @property
    def by_mail(self) -> bool:
        """Whether one signs in by a link in a mail."""
        return bool(self.settings.people.domains and self.settings.mail)

    @property
    def alone(self) -> bool:
        """Whether nobody signs in, and so only this machine is served."""
        ours = self.settings.people
        return not (ours.domains or ours.oidc or ours.header)

    @property
    def safe(self) -> bool:
        """Whether browsers reach us by https only."""
        return self.settings.company.url.startswith("https://")

    @property
    def cookie(self) -> str:
        """The session's; the prefix binds it to our host and https (RFC 6265bis, 4.1.3)."""
        return "__Host-rolecast" if self.safe else "rolecast"

    def person(self, request: Request) -> Person | None:
        """Who asks; None: nobody whom we know."""
        if self.alone:
            return self._local() if is_local(request) else None
        ours = self.settings.people
        if ours.header:
            peer = request.client.host if request.client else ""
            named = request.headers.getlist(ours.header)
            if len(named) == 1 and _among(self.settings.go.proxies, peer):
                try:
                    return signin.by_header(self.ledger, self.settings, named[0], now_utc())
                except NotOurs:
                    return None
        secret = request.cookies.get(self.cookie, "")
        return signin.who(self.ledger, secret, now_utc()) if 20 < len(secret) < 100 else None

    def token(self, request: Request) -> str:
        """What forms of ours carry: made from the session, which no other page can read."""
        secret = request.cookies.get(self.cookie, "")
        return hashed(f"form {secret or self.key}")

    def _local(self) -> Person:
        with self.ledger.read() as conn:
            found = people.get(conn, LOCAL)
        if found is None:
            with self.ledger.begin(alone="people") as conn:
                found = people.get(conn, LOCAL) or people.add(
                    conn, "you@localhost", "You", Role.admin, now_utc(), LOCAL
                )
        return found

    def keep(self, answer: Response, secret: str) -> None:
        """Give the browser its session."""
        answer.set_cookie(
            self.cookie,
            secret,
            max_age=self.settings.people.session_days * 86_400,
            secure=self.safe,
            httponly=True,
            samesite="lax",
        )

    def lose(self, answer: Response) -> None:
        """Take the session from the browser."""
        answer.delete_cookie(self.cookie, secure=self.safe, httponly=True, samesite="lax")


def is_local(request: Request) -> bool:
    """Whether this machine asks, and not somebody else through it."""
    peer = request.client.host if request.client else ""
    passed_on = {"x-forwarded-for", "forwarded", "x-real-ip", "via"} & set(request.headers)
    return not passed_on and (peer == "testclient" or _among(("127.0.0.0/8", "::1/128"), peer))


def _among(networks: tuple[str, ...], address: str) -> bool:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address == "testclient" and "testclient" in networks
    return any(
        known in ipaddress.ip_network(one, strict=False) for one in networks if one != "testclient"
    )


def same_origin(request: Request, token: str, given: str) -> bool:
    """Whether a form was sent from our own page: nobody else's page may decide for somebody."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site not in (None, "same-origin", "none"):
        return False
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        return False
    return secrets.compare_digest(token.encode(), given.encode("utf-8", "replace"))


def fields(form: FormData) -> dict[str, str]:
    """A form's texts; the same name twice: the last one."""
    return {name: _text(value) for name, value in form.multi_items()}


def many(form: FormData) -> dict[str, list[str]]:
    """A form's texts where the same name may come often, as that of boxes does."""
    return {name: [_text(value) for value in form.getlist(name)] for name in form}


def _text(value: object) -> str:
    """A field's text; no database takes the letter NUL."""
    return str(value)[:MOST].replace("\0", "")


def guarded(
    site: Any,
    path: str,
    endpoint: Endpoint,
    needs: Role,
    methods: tuple[str, ...] = ("GET",),
    most: int = 200,
) -> Route:
    """A page at `path` for those who have a role.

    `endpoint` is called in a thread with request.state.person (None: nobody) and, for a form of
    `most` fields at most, request.state.form, and request.state.many for names that come often.
    Whoever has not signed in is sent to do so.
    """

    def work(request: Request) -> Response:
        person = request.state.person = site.access.person(request)
        role = person.role if person else Role.anyone
        if not role.may(needs):
            if person is None and request.method in ("GET", "HEAD") and not site.access.alone:
                whole = request.url.path + (f"?{request.url.query}" if request.url.query else "")
                return RedirectResponse(f"/signin?to={quote(whole, safe='')}", 303)
            return site.refused(request, 403 if person or site.access.alone else 401, needs=needs)
        if request.method == "POST":
            given = request.state.form.get("token", "")
            if not same_origin(request, site.access.token(request), given):
                return site.refused(request, 403, reason="form")
        return endpoint(request)

    @wraps(endpoint)
    async def run(request: Request) -> Response:
        if request.method == "POST":
            async with request.form(max_files=0, max_fields=most, max_part_size=MOST) as form:
                request.state.form, request.state.many = fields(form), many(form)
        return await run_in_threadpool(work, request)

    run.needs = needs  # type: ignore[attr-defined]
    return Route(path, run, methods=list(methods))


def device_of(request: Request) -> str:
    """What a person knows their browser by, for the list of their sessions: no more."""
    agent = request.headers.get("user-agent", "")
    names = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome"}
    browser = next((name for word, name in names.items() if f"{word}/" in agent), "")
    browser = browser or ("Safari" if "Safari/" in agent else "Browser")
    phone = re.search(r"Mobile|Android|iPhone", agent)
    return f"{browser}, {'phone' if phone else 'computer'}"


def first_name(values: Mapping[str, str], name: str, most: int = 200) -> str:
    """One line of a form, tidied."""
    return " ".join(values.get(name, "").split())[:most]
