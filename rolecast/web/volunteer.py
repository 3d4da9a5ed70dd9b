"""Ask me, I work there: the page on which a colleague offers to be asked, and takes it back."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import asking
from rolecast.asking import NotPossible
from rolecast.ledger import questions
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.told import N_, Told
from rolecast.web.access import guarded
from rolecast.web.pages import NOTHING, Site, back, gettext, not_found, page, sayings

NOT_SHOWN = N_("You are not shown for this team.")
sayings(
    volunteered=N_("Thank you. Colleagues who look at the team's jobs can ask you now."),
    no_volunteer=N_("You are not shown there any more."),
)


def routes(site: Site) -> list[Route]:
    """/me/volunteer, and where its forms are sent to."""
    me = Volunteering(site)
    return [
        guarded(site, "/me/volunteer", me.show, Role.employee),
        guarded(site, "/me/volunteer", me.offer, Role.employee, ("POST",)),
        guarded(site, "/me/volunteer/back", me.take_back, Role.employee, ("POST",)),
    ]


class Volunteering:
    """The page on which somebody offers to be asked, and takes it back."""

    def __init__(self, site: Site):
        self.site = site

    def show(
        self,
        request: Request,
        wrong: Told | None = None,
        status: int = 200,
        typed: Mapping[str, str] = NOTHING,
    ) -> Response:
        """What somebody offers, and a form."""
        person = request.state.person
        with self.site.ledger.read() as conn:
            offers = questions.offers(conn, person.id)
            teams = asking.may_offer(conn, person, self.site.boards)
        wished = typed.get("team") or request.query_params.get("team", "") or person.team or ""
        wished = next((one for one in teams if asking.alike(one) == asking.alike(wished)), "")
        mine = next((one for one in offers if one.team == wished), None)
        return page(
            self.site, request, "volunteer.html.j2", status, wrong=wrong,
            offers=offers, teams=teams, team=wished, most=asking.NOTE,
            note=typed.get("note", mine.note if mine else ""),
            mail=bool(typed.get("mail") if typed else mine and mine.mail),
        )  # fmt: skip

    def offer(self, request: Request) -> Response:
        """Take an offer."""
        form, person = request.state.form, request.state.person
        try:
            asking.offer(
                self.site.ledger, person, form.get("team", ""), form.get("note", ""),
                bool(form.get("mail")), self.site.boards, now_utc(),
            )  # fmt: skip
        except NotPossible as error:
            return self.show(request, error, 422, form)
        return back("/me/volunteer", "volunteered")

    def take_back(self, request: Request) -> Response:
        """Take one back."""
        team = request.state.form.get("team", "")
        if not asking.take_back(self.site.ledger, request.state.person, team):
            return not_found(self.site, request, gettext(request)(NOT_SHOWN), inside=True)
        return back("/me/volunteer", "no_volunteer")
