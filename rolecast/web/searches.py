"""Searches that a colleague has saved: new jobs like these come in a mail, once a week at most."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast.ledger import people, searches
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.search import LONGEST_QUERY, Search
from rolecast.told import N_, Told
from rolecast.web.access import guarded
from rolecast.web.pages import Site, back, language_of, not_found, page, sayings

MOST = 20  # of one person
sayings(
    search_saved=N_("Saved. New jobs like these come in one mail a week, if there are any."),
    search_deleted=N_("The search has been deleted."),
    mails_on=N_("You get mails again."),
    mails_off=N_("You get no mails any more, but those that you ask for."),
)


def routes(site: Site) -> list[Route]:
    """/me/searches, and where its forms are sent to."""

    def home(
        request: Request, wrong: Told | None = None, status: int = 200, refused: str = ""
    ) -> Response:
        language = language_of(request)
        with site.ledger.read() as conn:
            rows = searches.of_person(conn, request.state.person.id)
        return page(
            site,
            request,
            "searches.html.j2",
            status,
            wrong=wrong,
            searches=[(row, Search.parse(row.query).described(language)) for row in rows],
            refused=refused,
            by_mail=site.settings.mail is not None,
        )

    def save(request: Request) -> Response:
        person = request.state.person
        search = Search.parse(request.state.form.get("query", "")).only_fresh(False)
        if search.is_empty:
            wrong = Told(N_("Search for something first, or choose a filter."))
            return home(request, wrong, 422)
        if len(search.query) > LONGEST_QUERY:
            wrong = Told(N_("This search is too long to be saved. Take a choice away."))
            return home(request, wrong, 422, search.query)
        with site.ledger.begin(alone="searches") as conn:
            if not searches.has(conn, person.id, search.query):
                if searches.count(conn, person.id) >= MOST:
                    wrong = Told(
                        N_("You have %(most)s searches already. Delete one of them first."),
                        most=MOST,
                    )
                    return home(request, wrong, 422, search.query)
                searches.add(conn, person.id, search.query, now_utc())
        return back("/me/searches", "search_saved")

    def drop(request: Request) -> Response:
        with site.ledger.begin() as conn:
            if not searches.drop(conn, request.state.person.id, request.path_params["id"]):
                return not_found(site, request, "There is no such search.", inside=True)
        return back("/me/searches", "search_deleted")

    def mails(request: Request) -> Response:
        on = request.state.form.get("mails") == "1"
        with site.ledger.begin() as conn:
            people.change(conn, request.state.person.id, mails=int(on))
        return back("/me/searches", "mails_on" if on else "mails_off")

    return [
        guarded(site, "/me/searches", home, Role.employee),
        guarded(site, "/me/searches/mails", mails, Role.employee, ("POST",)),
        guarded(site, "/me/searches", save, Role.employee, ("POST",)),
        guarded(site, "/me/searches/{id}", drop, Role.employee, ("POST",)),
    ]
