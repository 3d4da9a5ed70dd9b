"""A colleague's settings, their devices, and the off switch in their mails."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast.ledger import people
from rolecast.outbox import one_line
from rolecast.people import Person, Role, hashed
from rolecast.publish import now_utc
from rolecast.told import N_, Told
from rolecast.web.access import guarded
from rolecast.web.pages import NOTHING, Site, back, not_found, page, sayings
from rolecast.words import languages

MOST = 80  # characters of a name, and of a team
LABELS = {"mail": N_("by mail"), "slack": "Slack", "teams": "Microsoft Teams"}
sayings(
    settings_kept=N_("Your settings are kept."),
    signed_out_there=N_("That device is signed out."),
)


def routes(site: Site) -> list[Route]:
    """/me/settings and /me/off/CODE."""
    ours = MySettings(site)
    return [
        guarded(site, "/me/settings", ours.show, Role.employee),
        guarded(site, "/me/settings", ours.change, Role.employee, ("POST",)),
        guarded(site, "/me/settings/signout", ours.sign_out, Role.employee, ("POST",)),
        guarded(site, "/me/off/{code}", ours.off, Role.anyone),
        # Mail programs send this on a click of theirs (RFC 8058): no session, no form of ours. Who
        # has the code may do this and nothing else.
        open_to_all("/me/off/{code}", ours.switch_off),
    ]


def open_to_all(path: str, endpoint) -> Route:
    """A form that anybody may send, from wherever."""
    from starlette.concurrency import run_in_threadpool

    async def run(request: Request) -> Response:
        return await run_in_threadpool(endpoint, request)

    run.needs = Role.anyone  # type: ignore[attr-defined]
    return Route(path, run, methods=["POST"])


class MySettings:
    """The pages' functions."""

    def __init__(self, site: Site):
        self.site = site

    def ways(self) -> dict[str, str]:
        """How news can come: mail, and the chats that the company has."""
        names = {one.connector.tells for one in self.site.channels.values() if one.enabled}
        return {way: label for way, label in LABELS.items() if way == "mail" or way in names}

    def show(
        self,
        request: Request,
        wrong: Told | None = None,
        typed: Mapping[str, str] = NOTHING,
        status: int = 200,
    ) -> Response:
        """The page; with what was typed when that cannot be kept."""
        person: Person = request.state.person
        with self.site.ledger.read() as conn:
            devices = people.sessions_of(conn, person.id, now_utc())
        values = {
            "name": person.name, "team": person.team or "", "language": person.language or "",
            "mails": str(person.mails or ""), "ranked": str(person.ranked or ""),
            "tells": person.tells,
        }  # fmt: skip
        if wrong:
            values = {name: typed.get(name, "") for name in values}
        current = hashed(request.cookies.get(self.site.access.cookie, ""))
        ours = self.site.settings.people
        return page(
            self.site, request, "me_settings.html.j2", status, wrong=wrong, values=values,
            devices=devices, current=current, ways=self.ways(), most=MOST,
            leaderboard=ours.leaderboard, teams=sorted(ours.goals),
        )  # fmt: skip

    def change(self, request: Request) -> Response:
        """Keep what was chosen."""
        form = request.state.form
        name, team = one_line(form.get("name", "")), one_line(form.get("team", ""))
        wrong = None
        if not name:
            wrong = Told(N_("Write the name by which colleagues know you."))
        elif len(form.get("name", "").strip()) > MOST or len(form.get("team", "").strip()) > MOST:
            wrong = Told(N_("A name may have %(most)s characters at most."), most=MOST)
        elif form.get("language", "") not in ("", *languages()):
            wrong = Told(N_("Choose one of the languages."))
        elif form.get("tells", "mail") not in self.ways():
            wrong = Told(N_("Choose one of the ways in which news can come."))
        if wrong:
            return self.show(request, wrong, form, 422)
        values = {"name": name, "team": team or None, "language": form.get("language") or None}
        values |= {"mails": int(bool(form.get("mails"))), "tells": form.get("tells", "mail")}
        if self.site.settings.people.leaderboard:
            values["ranked"] = int(bool(form.get("ranked")))
        with self.site.ledger.begin() as conn:
            people.change(conn, request.state.person.id, **values)
        return back("/me/settings", "settings_kept")

    def sign_out(self, request: Request) -> Response:
        """End one of the person's own sessions."""
        with self.site.ledger.begin() as conn:
            people.end_session(conn, request.state.form.get("device", ""), request.state.person.id)
        return back("/me/settings", "signed_out_there")

    def off(self, request: Request) -> Response:
        """The page behind a mail's off switch, which changes nothing: scanners look at it, too."""
        return self._off(request, done=False)

    def switch_off(self, request: Request) -> Response:
        """No more round-ups for whose code this is."""
        with self.site.ledger.begin() as conn:
            person = people.of_off(conn, _code(request))
            if person:
                people.change(conn, person.id, mails=0)
        return self._off(request, done=True)

    def _off(self, request: Request, done: bool) -> Response:
        with self.site.ledger.read() as conn:
            person = people.of_off(conn, _code(request))
        if person is None:
            return not_found(self.site, request, N_("This off switch is not one of ours."))
        answer = page(self.site, request, "me_off.html.j2", done=done or not person.mails)
        answer.headers["Referrer-Policy"] = "no-referrer"
        return answer


def _code(request: Request) -> str:
    return request.path_params["code"][:64].replace("\0", "")
