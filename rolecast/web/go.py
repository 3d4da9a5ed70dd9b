"""go, the public face: short links and the job pages they may lead to.

A click is on the disk before its answer leaves. Links lead to jobs' own addresses only, which stand
in the ledger: nothing in a request can name a target.
"""

from __future__ import annotations

import ipaddress
import time

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rolecast.clicks import SECOND, seen
from rolecast.go import Target
from rolecast.ledger import shown
from rolecast.web import feeds, metrics
from rolecast.web.board import job_page, similar
from rolecast.web.face import Face
from rolecast.web.pages import Site, not_found, page, read_spec

# The target must be able to change, and nobody between us and the reader may count for us.
NO_STORE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "origin"}
WRONG = "This link is not one of ours, or it was cut off."


def routes(site: Site, face: Face, jobs_at: str = "/public/jobs") -> list[Route]:
    """/r/CODE, /r/CODE+, the public job pages below `jobs_at`, their feeds, and /metrics."""

    async def follow(request: Request) -> Response:
        go = face.go
        path = request.path_params["code"]
        headers = dict(request.headers.raw)
        address = go.address(request.client.host if request.client else "", headers)
        if wait := go.limiter.wait(address):
            metrics.LIMITED.inc()
            return _slow_down(site, request, wait)
        code, target = go.find(path.removesuffix("+"))
        if target is None:
            metrics.UNKNOWN.inc()
            go.limiter.missed(address)
            return await run_in_threadpool(not_found, site, request, WRONG)
        now = int(time.time() * SECOND)
        if target.inside(now) and not await run_in_threadpool(_leads, site, code, target):
            return await run_in_threadpool(not_found, site, request, WRONG)
        if path.endswith("+"):
            return await run_in_threadpool(_looking, site, request, code, target)
        if request.method != "HEAD":  # a robot's or a preview's question
            await face.group.keep(code.encode(), seen(headers), address, time.time())
        if target.open(now):
            return RedirectResponse(target.address(code), 302, NO_STORE)
        return await run_in_threadpool(_closed, site, request, target)

    def job(request: Request) -> Response:
        return job_page(site, request, inside=False)

    def figures(request: Request) -> Response:
        if not _near(request):
            return not_found(site, request, "There is no such page.")
        content, kind = metrics.text()
        return Response(content, media_type=kind)

    return [
        Route("/r/{code}", follow),
        *feeds.routes(site, jobs_at),
        Route(f"{jobs_at}/{{id}}", job),
        Route("/metrics", figures),
    ]


def _leads(site: Site, code: str, target: Target) -> bool:
    """Whether a link leads to a job that only colleagues see yet: theirs do, and what is in a post
    that was out before."""
    with site.ledger.read() as conn:
        return shown.of_colleague(conn, code, target.job_id) or shown.is_out(conn, code)


def _looking(site: Site, request: Request, code: str, target: Target) -> Response:
    with site.ledger.read() as conn:
        row, _ = shown.job(conn, target.job_id, site.boards)
    if row is None:
        return not_found(site, request, WRONG)
    return page(
        site,
        request,
        "link.html.j2",
        job=read_spec(row.spec),
        target=target.address(code),
        is_open=target.open(int(time.time() * SECOND)),
    )


def _closed(site: Site, request: Request, target: Target) -> Response:
    with site.ledger.read() as conn:
        row, _ = shown.job(conn, target.job_id, site.boards)
        if row is None:
            return not_found(site, request, WRONG)
    spec = read_spec(row.spec)
    others = similar(site, spec, inside=False)
    return page(site, request, "closed.html.j2", 410, job=spec, others=others, inside=False)


def _slow_down(site: Site, request: Request, wait: int) -> Response:
    answer = page(site, request, "slow.html.j2", 429, wait=wait)
    answer.headers["Retry-After"] = str(wait)
    return answer


def _near(request: Request) -> bool:
    """Whether the figures are asked for from our own machine or network."""
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return request.client is not None and request.client.host == "testclient"
    return address.is_private and "x-forwarded-for" not in request.headers
