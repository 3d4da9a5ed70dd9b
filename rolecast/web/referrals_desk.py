"""Recruiters' page of the friends who have agreed, and of what colleagues have been promised."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import naming, passing, referrals
from rolecast.credit import Rules
from rolecast.ledger import overview, people
from rolecast.ledger import referrals as store
from rolecast.ledger.referral_states import ENDED, FORWARD, TRANSITIONS, WITH_US
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.told import N_, Told
from rolecast.web.access import guarded
from rolecast.web.pages import NOTHING, Site, back, not_found, number, page, sayings
from rolecast.web.report import SOURCE

PER_PAGE = 25
MISSING = N_("There is no such referral, or its friend has withdrawn it.")
sayings(
    referral_set=N_("Noted, and told to the colleague."),
    referral_tied=N_("Noted. What the system tells about this application moves it from now on."),
    referral_rejected=N_("Ended, and told to the colleague with your words."),
    referral_extended=N_("Promised for that day, and told to the colleague with your words."),
)


def routes(site: Site, rules: Rules) -> list[Route]:
    """/desk/referrals, and where its forms are sent to."""

    def home(
        request: Request,
        wrong: Told | None = None,
        status: int = 200,
        typed: Mapping[str, str] = NOTHING,
    ) -> Response:
        at, ended = number(request), request.query_params.get("show") == "ended"
        states = ENDED if ended else WITH_US
        with site.ledger.read() as conn:
            found, total = store.at_the_desk(conn, states, (at - 1) * PER_PAGE, PER_PAGE)
            titles = overview.titles(conn, {one.job_id for one in found})
            by = {id_: people.get(conn, id_) for id_ in {one.person_id for one in found}}
        return page(
            site, request, "referrals_desk.html.j2", status, wrong=wrong,
            found=found, titles=titles, by=by, now=now_utc(), ended=ended, typed=typed,
            known=naming.known, briefly=naming.BRIEFLY, most=naming.MOST, sources=_sources(site),
            next_states={one.id: [s for s in FORWARD if s in TRANSITIONS[one.state]]
                         for one in found},
            total=total, at=at, pages=max(1, -(-total // PER_PAGE)),
        )  # fmt: skip

    def take(request: Request) -> Response:
        id_, form, now = request.path_params["id"], request.state.form, now_utc()
        desk = passing.Desk(site.ledger, site.settings, rules, request.state.person.email)
        what, word = form.get("what"), form.get("word", "")
        try:
            if what == "set":
                desk.set(id_, form.get("state", ""), now)
                said = "referral_set"
            elif what == "tie":
                source = form.get("source", "")
                if source and source not in _sources(site):
                    raise referrals.NotPossible(N_("Choose one of the systems."))
                desk.tie(id_, source, form.get("application", ""), now)
                said = "referral_tied"
            elif what == "reject":
                desk.reject(id_, word, now)
                said = "referral_rejected"
            elif what == "extend":
                desk.extend(id_, form.get("day", ""), word, now)
                said = "referral_extended"
            else:
                raise referrals.NotPossible(N_("Choose one of the buttons."))
        except referrals.Missing:
            return not_found(site, request, MISSING, inside=True)
        except (referrals.NotPossible, naming.NotThus) as error:
            return home(request, error, 422, form | {"id": id_})
        return back("/desk" if form.get("from") == "desk" else "/desk/referrals", said)

    return [
        guarded(site, "/desk/referrals", home, Role.recruiter),
        guarded(site, "/desk/referrals/{id}", take, Role.recruiter, ("POST",)),
    ]


def _sources(site: Site) -> list[str]:
    """Where applications may have their numbers from."""
    return [*site.settings.systems, SOURCE]
