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
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rolecast import oidc, signin
from rolecast.go import Limiter, asker
from rolecast.ledger import Ledger, people
from rolecast.people import NotOurs, Person, Role, hashed
from rolecast.publish import now_utc
from rolecast.settings import Settings

LOCAL = "local"  # the person of a Rolecast that nobody else reaches
MOST = 300_000  # letters of a form's field: a whole job spec, and then some
LONGEST = 1_000_000  # and of a whole form
OUR_NAMES = ("127.0.0.1", "localhost", "testserver")  # what this machine calls itself
PASSED_ON = (
    "forwarded", "x-forwarded", "x-real-ip", "x-client-ip", "via", "cf-connecting", "true-client",
)  # fmt: skip
Endpoint = Callable[[Request], Response]


@dataclass
class Access:
    """Knows who asks. provider: of OpenID, where there is one."""

    ledger: Ledger
    settings: Settings
    provider: oidc.Provider | None = None
    # By network (see `network`): mails asked for, and friends named.
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
        """What forms of ours carry: made from the session, which no other page can read. Where
        there is none, from who it is and a number of this process."""
        if secret := request.cookies.get(self.cookie, ""):
            return hashed(f"form {secret}")
        person = getattr(request.state, "person", None)
        return hashed(f"form {self.key} {person.id if person else ''}")

    def network(self, request: Request) -> str:
        """The address of who asks, for limits only; it is never kept. The proxies that we trust say
        whom they ask for."""
        peer = request.client.host if request.client else ""
        passed_on = ",".join(request.headers.getlist("x-forwarded-for"))
        return asker(self.settings.go.proxies, peer, passed_on)

    def is_ours(self, request: Request) -> bool:
        """Whether a form comes from a page of ours: nobody else's may decide for somebody."""
        site = request.headers.get("sec-fetch-site")
        if site == "same-origin":  # the browser's word, whatever a Referrer-Policy makes of Origin
            return True
        if site not in (None, "none"):
            return False
        origin, host = request.headers.get("origin"), request.headers.get("host", "")
        if origin is None:
            return True
        # A proxy may call us by another name than browsers do.
        return origin in (f"http://{host}", f"https://{host}", _origin(self.settings.company.url))

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
    """Whether this machine asks, and not somebody else through it.

    What passes requests on says so in a header, or calls us by another name, or speaks HTTP/1.0,
    as nginx does when it is told nothing.
    """
    peer = request.client.host if request.client else ""
    told = any(name.startswith(PASSED_ON) for name in request.headers)
    name = request.headers.get("host", "").partition(":")[0]
    if told or name not in OUR_NAMES or request.scope.get("http_version") == "1.0":
        return False
    return peer == "testclient" or _among(("127.0.0.0/8", "::1/128"), peer)


def _among(networks: tuple[str, ...], address: str) -> bool:
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address == "testclient" and "testclient" in networks
    return any(
        known in ipaddress.ip_network(one, strict=False) for one in networks if one != "testclient"
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def fields(form: FormData) -> dict[str, str]:
    """A form's texts; the same name twice: the last one."""
    return {name: _text(value) for name, value in form.multi_items()}


def many(form: FormData) -> dict[str, list[str]]:
    """A form's texts where the same name may come often, as that of boxes does."""
    return {name: [_text(value) for value in form.getlist(name)] for name in form}


def _text(value: object) -> str:
    """A field's text without what no ledger can hold: NUL, which PostgreSQL refuses, and halves of
    letters, which UTF-8 has not."""
    return str(value).replace("\0", "").encode("utf-8", "replace").decode()[:MOST]


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
            given, token = request.state.form.get("token", ""), site.access.token(request)
            same = secrets.compare_digest(token.encode(), given.encode())
            if not (same and site.access.is_ours(request)):
                return site.refused(request, 403, reason="form")
        return endpoint(request)

    @wraps(endpoint)
    async def run(request: Request) -> Response:
        if request.method == "POST":
            length = request.headers.get("content-length", "")
            if length.isdecimal() and int(length[:20]) > LONGEST:
                raise HTTPException(413)
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
