"""go, the public face: short links and the job pages they may lead to.

A click is on disk before its answer leaves. Links lead to jobs' own addresses
only, which stand in the ledger: nothing in a request can name a target.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rolecast import links
from rolecast.clicks import Click, device, referrer_host
from rolecast.jobspec import JobSpec
from rolecast.ledger import clicks, shown
from rolecast.publish import now_utc
from rolecast.web.board import job_page, similar
from rolecast.web.pages import Site, not_found, page, read_spec


def routes(site: Site, jobs_at: str = "/public/jobs") -> list[Route]:
    """/r/CODE, /r/CODE+ and the public job pages below `jobs_at`."""

    def follow(request: Request) -> Response:
        code = request.path_params["code"]
        looking = code.endswith("+")
        code = code.removesuffix("+")
        with site.ledger.read() as conn:
            job_id = clicks.job_of(conn, code) if links.is_code(code) else None
            row, is_shown = shown.job(conn, job_id, site.boards) if job_id else (None, False)
            others = (
                [] if is_shown or row is None else similar(conn, site, read_spec(row.spec).title)
            )
        if job_id is None or row is None:
            return not_found(site, request, "This link is not one of ours, or it was cut off.")
        spec = read_spec(row.spec)
        target = spec.apply.url or f"{jobs_at}/{spec.id}"
        if looking:
            return page(site, request, "link.html.j2", job=spec, target=target, code=code)
        _record(site, request, code)
        if not is_shown and (row.removed or _is_over(site, spec)):
            return page(site, request, "closed.html.j2", 410, job=spec, others=others, inside=False)
        # 302 and no-store: the target must be able to change.
        return RedirectResponse(target, 302, {"Cache-Control": "no-store"})

    def job(request: Request) -> Response:
        return job_page(site, request, inside=False)

    return [Route("/r/{code}", follow), Route(f"{jobs_at}/{{id}}", job)]


def _is_over(site: Site, spec: JobSpec) -> bool:
    """Whether nobody can apply any more: taken, closed, or past its last day."""
    closes = spec.closes_at(site.settings.company.timezone)
    return spec.status in ("closed", "filled") or (closes is not None and closes <= now_utc())


def _record(site: Site, request: Request, code: str) -> None:
    """Write the click, durably. HEAD is a robot's or a preview's question: not a click."""
    if request.method == "HEAD":
        return
    headers = request.headers
    click = Click(
        code,
        now_utc(),
        device(headers.get("user-agent", "")),
        referrer_host(headers.get("referer", "")),
    )
    with site.ledger.begin() as conn:
        clicks.add(conn, [click])
