"""Administrators' page: who is known, and who has which role."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast.ledger import events, people
from rolecast.ledger.events import Event
from rolecast.people import Person, Role, role_of
from rolecast.publish import now_utc
from rolecast.told import N_, Told
from rolecast.web.access import guarded
from rolecast.web.pages import Site, back, not_found, number, page, sayings

PER_PAGE = 50
ROLE = "role given"  # what the audit calls it
ROLES = (Role.employee, Role.recruiter, Role.admin)
sayings(role_given=N_("The role has been changed."))


def routes(site: Site) -> list[Route]:
    """/desk/people, and where its forms are sent to."""

    def is_fixed(one: Person) -> bool:
        return role_of(site.settings.people, one.email) is not Role.employee

    def home(request: Request, wrong: Told | None = None, status: int = 200) -> Response:
        search, at = request.query_params.get("q", "").strip()[:100], number(request)
        with site.ledger.read() as conn:
            found, total = people.everybody(conn, search, (at - 1) * PER_PAGE, PER_PAGE)
        fixed = {one.id for one in found if is_fixed(one)}
        return page(
            site, request, "people.html.j2", status, wrong=wrong,
            people=found, fixed=fixed,
            roles=ROLES, search=search, total=total, at=at, pages=max(1, -(-total // PER_PAGE)),
        )  # fmt: skip

    def give(request: Request) -> Response:
        wanted, form = request.path_params["id"], request.state.form
        if wanted == request.state.person.id:
            return home(request, Told(N_("Somebody else has to change your own role.")), 422)
        if form.get("role") not in ROLES:
            return home(request, Told(N_("Choose a role.")), 422)
        with site.ledger.read() as conn:
            found = people.get(conn, wanted)
        if found is None:
            return not_found(site, request, N_("There is no such person."), inside=True)
        if is_fixed(found):
            wrong = Told(N_("rolecast.toml gives this role. Change it there."))
            return home(request, wrong, 422)
        with site.ledger.begin() as conn:
            people.change(conn, wanted, role=form["role"])
            # By number, which names nobody any more when the person has gone.
            told = Event(
                "", now_utc(), request.state.person.email, ROLE, f"{wanted} {form['role']}"
            )
            events.add(conn, [told])
            people.end_sessions(conn, wanted)  # what they may do is looked at anew
        return back("/desk/people", "role_given")

    return [
        guarded(site, "/desk/people", home, Role.admin),
        guarded(site, "/desk/people/{id}", give, Role.admin, ("POST",)),
    ]
