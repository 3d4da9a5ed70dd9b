"""The desk: what recruiters see and decide."""

from __future__ import annotations

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rolecast import desk
from rolecast.ledger import clicks, shown
from rolecast.publish import now_utc
from rolecast.web.pages import Site, number, page, same_origin

PER_PAGE = 100
WHO = "desk"  # sign-in comes with the employees' accounts


def routes(site: Site) -> list[Route]:
    """/desk, and /desk/decide for its forms."""

    def home(request: Request) -> Response:
        at = number(request)
        with site.ledger.read() as conn:
            waiting = shown.needs_a_person(conn)
            rows, total = shown.table(conn, (at - 1) * PER_PAGE, PER_PAGE)
            titles = shown.titles(conn, {one.job_id for one in [*waiting, *rows]})
            clicked = clicks.totals(conn)
        return page(
            site,
            request,
            "desk.html.j2",
            waiting=waiting,
            rows=rows,
            total=total,
            titles=titles,
            clicked=clicked,
            at=at,
            pages=max(1, -(-total // PER_PAGE)),
            said=request.query_params.get("said", ""),
            wrong=request.query_params.get("wrong", ""),
        )

    async def decide(request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        if not same_origin(request, site.token, form.get("token", "")):
            return page(site, request, "refused.html.j2", 403)
        from starlette.concurrency import run_in_threadpool

        return await run_in_threadpool(_decide, site, form)

    return [Route("/desk", home), Route("/desk/decide", decide, methods=["POST"])]


def _decide(site: Site, form: dict[str, str]) -> Response:
    slot = (form.get("job", ""), form.get("channel", ""), form.get("moment", ""))
    what, now = form.get("what", ""), now_utc()
    try:
        if what == "there":
            desk.it_is_there(site.ledger, slot, form.get("address", ""), WHO, now)
        elif what in DECISIONS:
            DECISIONS[what](site.ledger, slot, WHO, now)
        else:
            raise desk.NotPossible("choose one of the buttons")
    except desk.NotPossible as error:
        return RedirectResponse(f"/desk?{urlencode({'wrong': str(error)})}", 303)
    return RedirectResponse(f"/desk?{urlencode({'said': f'Noted for {slot[0]}.'})}", 303)


DECISIONS = {
    "not-there": desk.not_there,
    "gone": desk.it_is_gone,
    "retry": desk.retry,
    "drop": desk.drop,
}
