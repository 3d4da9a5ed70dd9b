"""The desk's reports: funnels, their tables for other programs, and news told by hand."""

from __future__ import annotations

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rolecast import crediting, reports
from rolecast.credit import Rules
from rolecast.ledger import clicks, events, outcomes, shown
from rolecast.outcomes import Outcome, Stage
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.web.access import guarded
from rolecast.web.pages import Site, not_found, number, page

PER_PAGE = 50
SOURCE = "desk"


def routes(site: Site, rules: Rules) -> list[Route]:
    """/desk/report, its CSV, an application's credit, and news by hand."""

    def home(request: Request) -> Response:
        what = request.query_params.get("by", "job")
        job = request.query_params.get("job", "")
        if what not in reports.BY or (what == "link" and not job):
            return not_found(site, request, f"There is no report by {what!r}.", inside=True)
        at = number(request)
        with site.ledger.read() as conn:
            total = 0
            if job:
                rows = reports.of_job(conn, job)
            elif what == "job":
                rows, total = reports.of_jobs(conn, (at - 1) * PER_PAGE, PER_PAGE)
            else:
                rows = reports.by(conn, what)
            if request.query_params.get("format") == "csv":
                return _csv(reports.to_csv(rows), job or what)
            titles = shown.titles(conn, [row.name for row in rows]) if what == "job" else {}
            sums = clicks.state(conn)
            unread = [e for e in events.of_job(conn, "") if e.what == "unreadable"][-5:]
        return page(
            site,
            request,
            "report.html.j2",
            by=what,
            kinds=[kind for kind in reports.BY if kind != "link"],
            job=job,
            rows=rows,
            titles=titles,
            sums=sums,
            unread=unread,
            at=at,
            pages=max(1, -(-total // PER_PAGE)),
            stages=[stage.value for stage in Stage],
            said=request.query_params.get("said", ""),
            wrong=request.query_params.get("wrong", ""),
        )

    def application(request: Request) -> Response:
        wanted, source = request.path_params["id"], request.query_params.get("source")
        with site.ledger.read() as conn:
            try:
                found = crediting.find(conn, wanted, source)
                news = outcomes.of_application(conn, *found)
                log = outcomes.credit_of(conn, *found)
                names = crediting.names(conn, log)
            except crediting.Unknown as error:
                return not_found(site, request, str(error).capitalize() + ".", inside=True)
        if not news:
            return not_found(site, request, f"There is no application {wanted!r}.", inside=True)
        read = [(row, *crediting.named(row, names)) for row in log]
        return page(site, request, "credit.html.j2", found=found, news=news, log=read)

    def tell(request: Request) -> Response:
        return _tell(site, rules, request.state.form)

    return [
        guarded(site, "/desk/report", home, Role.recruiter),
        guarded(site, "/desk/report/tell", tell, Role.recruiter, ("POST",)),
        guarded(site, "/desk/applications/{id}", application, Role.recruiter),
    ]


def _csv(text: str, name: str) -> Response:
    safe = "".join(letter for letter in name if letter.isalnum() or letter in "-_")
    named = {"Content-Disposition": f'attachment; filename="rolecast-{safe}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=named)


def _tell(site: Site, rules: Rules, form: dict[str, str]) -> Response:
    fields = {name: form.get(name, "").strip() or None for name in ("application", "stage", "ref")}
    try:
        told = Outcome(**fields, job=form.get("job") or None, at=now_utc())
    except ValidationError as error:
        one = error.errors(include_url=False)[0]
        return _back("wrong", f"{one['loc'][0]}: {one['msg']}")
    key = f"{told.application}:{told.stage}"
    days = site.settings.people.promise_days
    new = crediting.take(site.ledger, SOURCE, key, [told], rules, now_utc(), days)
    return _back(
        "said", f"{told.application} is {told.stage}." if new else "That was known already."
    )


def _back(kind: str, text: str) -> Response:
    from urllib.parse import urlencode

    return RedirectResponse(f"/desk/report?{urlencode({kind: text})}", 303)
