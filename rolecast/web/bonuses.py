"""The desk's bonuses: what payroll is given, and what it has paid."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import bonuses as rules
from rolecast.bonuses import State
from rolecast.ledger import bonuses, overview
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.told import N_, Told
from rolecast.web.access import guarded
from rolecast.web.pages import Site, back, not_found, number, page, sayings

PER_PAGE = 50
ALL = 1_000_000
STATES = {
    State.pending: N_("on its way"), State.eligible: N_("due"), State.paid: N_("paid"),
    State.void: N_("no bonus"),
}  # fmt: skip
sayings(
    bonus_paid=N_("Noted as paid. The colleagues whose bonus it is are told."),
    bonus_known=N_("That was noted before; nothing has changed."),
    bonus_undone=N_("Noted as not paid."),
)


def routes(site: Site) -> list[Route]:
    """/desk/bonuses and what its forms are sent to."""

    def home(request: Request, wrong: Told | None = None, status: int = 200) -> Response:
        state, at = request.query_params.get("state", ""), number(request)
        if state and state not in STATES:
            return not_found(site, request, N_("There are no such bonuses."), inside=True)
        if request.query_params.get("format") == "csv":
            return table(state or State.eligible)
        with site.ledger.read() as conn:
            rows = bonuses.page(conn, state, (at - 1) * PER_PAGE, PER_PAGE)
            counts = bonuses.counts(conn)
            titles = overview.titles(conn, {row[0].job_id for row in rows})
        total = counts.get(state, 0) if state else sum(counts.values())
        ours = site.settings.people
        return page(
            site, request, "bonuses.html.j2", status, wrong=wrong, state=state, states=STATES,
            rows=[(*row, rules.due_of(row[0], ours)) for row in rows], counts=counts,
            titles=titles, whys=rules.WHY, days=ours.bonus_days, total=total, at=at,
            pages=max(1, -(-total // PER_PAGE)),
        )  # fmt: skip

    def table(state: str) -> Response:
        with site.ledger.read() as conn:
            rows = bonuses.page(conn, state, 0, ALL)
        named = f'attachment; filename="rolecast-bonuses-{state}.csv"'
        headers = {"Content-Disposition": named, "Cache-Control": "no-store"}
        text = rules.to_csv(rows, site.settings)
        return Response(text, media_type="text/csv; charset=utf-8", headers=headers)

    def paid(request: Request) -> Response:
        form = request.state.form
        ids = [name.removeprefix("one-") for name in form if name.startswith("one-")]
        if not ids:
            return home(request, Told(N_("Choose the bonuses that were paid.")), 422)
        count = rules.pay(site.ledger, ids, request.state.person.email, now_utc())
        return _back(form, "bonus_paid" if count else "bonus_known")

    def undo(request: Request) -> Response:
        form = request.state.form
        try:
            rules.undo(site.ledger, form.get("bonus", ""), request.state.person.email, now_utc())
        except rules.NotPossible as error:
            return home(request, error, 422)
        return _back(form, "bonus_undone")

    return [
        guarded(site, "/desk/bonuses", home, Role.recruiter),
        guarded(site, "/desk/bonuses/paid", paid, Role.recruiter, ("POST",)),
        guarded(site, "/desk/bonuses/undo", undo, Role.recruiter, ("POST",)),
    ]


def _back(form: dict[str, str], said: str) -> Response:
    state = form.get("state", "")
    return back("/desk/bonuses", said, **({"state": state} if state in STATES else {}))
