"""The pages on which one signs in and out.

What a mail's link shows is a page with a button: programs that look into mails follow links, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rolecast import oidc, signin
from rolecast.ledger import people
from rolecast.people import NotOurs, Role, goes_to, hashed
from rolecast.publish import now_utc
from rolecast.told import N_, Told
from rolecast.web.access import device_of, guarded
from rolecast.web.pages import NOTHING, Site, back, language_of, page, sayings

BACK = "/signin/oidc/back"
# no-referrer would make browsers send our own form with the origin "null".
NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
TOO_OFTEN = N_("Too many mails were asked for from your network. Try again in a few minutes.")
sayings(signed_out=N_("You have signed out."))


def routes(site: Site) -> list[Route]:
    """/signin, /signin/CODE, the provider's, and /signout."""
    door = Door(site)
    return [
        guarded(site, "/signin", door.ask, Role.anyone),
        guarded(site, "/signin", door.send, Role.anyone, ("POST",)),
        guarded(site, "/signin/oidc", door.to_provider, Role.anyone),
        guarded(site, BACK, door.from_provider, Role.anyone),
        guarded(site, "/signin/{secret}", door.look, Role.anyone),
        guarded(site, "/signin/{secret}", door.finish, Role.anyone, ("POST",)),
        guarded(site, "/signout", door.leave, Role.employee, ("POST",)),
    ]


class Door:
    """The pages' functions."""

    def __init__(self, site: Site):
        self.site, self.access = site, site.access
        # The prefix binds a cookie to our host and https (RFC 6265bis, 4.1.3).
        self.asked = "__Host-rolecast-asked" if site.access.safe else "rolecast-asked"

    def remember(self, answer: Response, browser: str) -> Response:
        """Ties what comes back to this browser."""
        age = timedelta(minutes=signin.MINUTES)
        answer.set_cookie(
            self.asked, browser, int(age.total_seconds()),
            secure=self.access.safe, httponly=True, samesite="lax",
        )  # fmt: skip
        return answer

    def ask(
        self,
        request: Request,
        wrong: Told | None = None,
        status: int = 200,
        typed: Mapping[str, str] = NOTHING,
    ) -> Response:
        """The page that asks who it is."""
        to = goes_to(typed.get("to") or request.query_params.get("to", "/"))
        if request.state.person and not wrong:
            return RedirectResponse(to, 303)
        return page(
            self.site, request, "signin.html.j2", status,
            wrong=wrong, to=to, email=typed.get("email", ""), provider=self.access.provider,
        )  # fmt: skip

    def send(self, request: Request) -> Response:
        """Take an address, send a mail."""
        form, network = request.state.form, self.access.network(request)
        if not self.access.by_mail:
            return self.site.refused(request, 403)
        if self.access.signins.wait(network):
            return self.ask(request, Told(TOO_OFTEN), 429, form)
        self.access.signins.missed(network)
        try:
            browser = signin.by_mail(
                self.site.ledger, self.site.settings, form.get("email", ""), form.get("to", "/"),
                language_of(request), now_utc(), request.cookies.get(self.asked, ""),
            )  # fmt: skip
        except NotOurs as error:
            return self.ask(request, error, 422, form)
        if self.site.postman:
            self.site.postman.soon()
        email = form.get("email", "").strip()
        answer = page(self.site, request, "signin_sent.html.j2", email=email)
        return self.remember(answer, browser)

    def look(self, request: Request) -> Response:
        """The page behind a mail's link, which changes nothing."""
        secret, browser = request.path_params["secret"], request.cookies.get(self.asked, "")
        try:
            row = signin.asked_for(self.site.ledger, secret, browser, now_utc())
        except signin.NotValid as error:
            return page(self.site, request, "signin_over.html.j2", 410, wrong=error)
        answer = page(self.site, request, "signin_finish.html.j2", email=row.email)
        answer.headers.update(NO_STORE)
        return answer

    def finish(self, request: Request) -> Response:
        """Use the link up."""
        secret, now = request.path_params["secret"], now_utc()
        browser = request.cookies.get(self.asked, "")
        try:
            session, to = signin.finish(
                self.site.ledger, self.site.settings, secret, browser, device_of(request), now
            )
        except signin.NotValid as error:
            return page(self.site, request, "signin_over.html.j2", 410, wrong=error)
        return self.enter(request, session, to)

    def enter(self, request: Request, session: str, to: str) -> Response:
        """Give the browser its session; the one it had before ends."""
        with self.site.ledger.begin() as conn:
            people.end_session(conn, hashed(request.cookies.get(self.access.cookie, "")))
        answer = RedirectResponse(to, 303)
        self.access.keep(answer, session)
        answer.delete_cookie(self.asked, secure=self.access.safe, httponly=True, samesite="lax")
        return answer

    def ours(self) -> str:
        """Where the provider sends people back to."""
        return self.site.settings.company.url.rstrip("/") + BACK

    def to_provider(self, request: Request) -> Response:
        """Off to the provider."""
        if self.access.provider is None:
            return self.site.refused(request, 404)
        to = goes_to(request.query_params.get("to", "/"))
        try:
            begun, way = self.access.provider.begin(self.site.ledger, self.ours(), to, now_utc())
        except oidc.Problem as error:
            return self.ask(request, error, 502, {"to": to})
        return self.remember(RedirectResponse(way, 303), begun.browser)

    def from_provider(self, request: Request) -> Response:
        """Back from the provider."""
        given, browser = request.query_params, request.cookies.get(self.asked, "")
        try:
            state = given.get("state", "")
            row = signin.asked_for(self.site.ledger, state, browser, now_utc())
            if self.access.provider is None or not row.secret:
                raise signin.NotValid(N_("This is not a provider's answer. Sign in anew."))
            if "code" not in given:
                raise oidc.Problem(N_("The provider did not let you in. Sign in anew."))
            code, issuer = given["code"], given.get("iss", "")
            said = self.access.provider.who(self.ours(), code, row.secret, issuer)
            session = signin.finish_with(
                self.site.ledger, self.site.settings, row, said.subject, said.email, said.name,
                device_of(request), now_utc(),
            )  # fmt: skip
        except (signin.NotValid, oidc.Problem, NotOurs) as error:
            return page(self.site, request, "signin_over.html.j2", 410, wrong=error)
        return self.enter(request, session, row.goes_to)

    def leave(self, request: Request) -> Response:
        """Sign out."""
        with self.site.ledger.begin() as conn:
            people.end_session(conn, hashed(request.cookies.get(self.access.cookie, "")))
        answer = back("/signin", "signed_out")
        self.access.lose(answer)
        return answer
