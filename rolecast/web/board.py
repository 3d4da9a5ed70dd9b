"""The board: what employees see."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import jsonld, links, systems
from rolecast.ledger import shown
from rolecast.people import Role
from rolecast.web import ask, fair, refer, share
from rolecast.web.access import guarded
from rolecast.web.pages import Site, not_found, number, page, read_spec

PER_PAGE = 50


def routes(site: Site) -> list[Route]:
    """/ and /jobs/ID."""

    def home(request: Request) -> Response:
        search, at = request.query_params.get("q", "").strip()[:200], number(request)
        with site.ledger.read() as conn:
            start = (at - 1) * PER_PAGE
            rows, total = shown.board(conn, site.boards, search, start, PER_PAGE)
        jobs = [(row, read_spec(row.spec)) for row in rows]
        pages = max(1, -(-total // PER_PAGE))
        return page(
            site,
            request,
            "board.html.j2",
            jobs=jobs,
            total=total,
            search=search,
            at=at,
            pages=pages,
        )

    def job(request: Request) -> Response:
        return job_page(site, request, inside=True)

    return [
        guarded(site, "/", home, Role.employee),
        guarded(site, "/jobs/{id}", job, Role.employee),
    ]


def job_page(site: Site, request: Request, inside: bool) -> Response:
    """One job; `inside` shows what is for colleagues only. A job that is gone says so."""
    job_id = request.path_params["id"]
    with site.ledger.read() as conn:
        row, is_shown = shown.job(conn, job_id, site.boards)
        others = [] if is_shown or row is None else similar(conn, site, read_spec(row.spec).title)
    if row is None:
        return not_found(site, request, f"There is no job {job_id!r}.", inside)
    spec = read_spec(row.spec)
    if not is_shown:
        return page(site, request, "closed.html.j2", 410, job=spec, others=others, inside=inside)
    apply_at = spec.apply.url
    code = request.query_params.get("ref", "")
    if apply_at and links.is_code(code):  # whoever came by a link takes its code along
        apply_at = code.join(systems.around(apply_at, site.settings.go.parameters))
    data = jsonld.job_posting(
        spec, str(request.url), row.first_seen, site.settings.company.timezone
    )
    more: dict[str, Any] = {}
    if inside:
        with site.ledger.read() as conn:
            for part in (share, refer, ask, fair):
                more |= part.on_job(site, conn, request, spec)
    return page(
        site,
        request,
        "job.html.j2",
        job=spec,
        inside=inside,
        apply_at=apply_at,
        jsonld=jsonld.script(data),
        **more,
    )


def similar(conn, site: Site, title: str) -> list[tuple[str, str]]:
    """Ids and titles of open jobs like this one, or the newest ones."""
    words = sorted((word for word in title.split() if len(word) > 3), key=len, reverse=True)
    for word in words[:3]:
        rows, _ = shown.board(conn, site.boards, word, 0, 5)
        if rows:
            return [(row.id, read_spec(row.spec).title) for row in rows]
    rows, _ = shown.board(conn, site.boards, "", 0, 5)
    return [(row.id, read_spec(row.spec).title) for row in rows]
