"""Where feed readers, search engines and partners read the open jobs."""

from __future__ import annotations

import hashlib

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from rolecast import feeds
from rolecast.ledger import shown
from rolecast.web.board import goes_out_at
from rolecast.web.pages import Site, number, read_spec


def routes(site: Site, jobs_at: str) -> list[Route]:
    """jobs.json, jobs.atom and sitemap.xml beside the public job pages at `jobs_at`."""
    base = jobs_at.removesuffix("/jobs")
    public = site.settings.company.url.rstrip("/")

    def about(request: Request) -> feeds.About:
        company = site.settings.company
        home = company.url or str(request.base_url)
        return feeds.About(company.name or "Rolecast", home, public + request.url.path,
                           company.timezone)  # fmt: skip

    def page(at: int) -> tuple[list[feeds.Item], bool]:
        """The items of a page, newest first, and whether there are more. What only colleagues see
        yet is left out."""
        items = []
        with site.ledger.read() as conn:
            rows, total = shown.board(conn, site.boards, (at - 1) * feeds.MOST, feeds.MOST)
            for row in rows:
                spec, url = read_spec(row.spec), f"{public}{jobs_at}/{row.id}"
                if not goes_out_at(conn, site, row, spec):
                    items.append(feeds.Item(spec, url, row.first_seen, row.updated))
        return items, at * feeds.MOST < total

    def atom(request: Request) -> Response:
        items, _ = page(1)
        text = feeds.atom(about(request), items)
        return _answer(request, Response(text, media_type="application/atom+xml"))

    def json(request: Request) -> Response:
        at = number(request)
        items, more = page(at)
        known = about(request)
        next_url = f"{known.own}?page={at + 1}" if more else None
        found = feeds.json_feed(known, items, next_url)
        return _answer(request, JSONResponse(found, media_type="application/feed+json"))

    def sitemap(request: Request) -> Response:
        with site.ledger.read() as conn:
            found = shown.addresses(conn, site.boards)
            inside = {
                row.id
                for row in shown.looked_at_first(conn, site.boards)
                if goes_out_at(conn, site, row, read_spec(row.spec))
            }
        pages = [(f"{public}{jobs_at}/{id_}", at) for id_, at in found if id_ not in inside]
        return _answer(request, Response(feeds.sitemap(pages), media_type="application/xml"))

    return [
        Route(f"{base}/jobs.atom", atom),
        Route(f"{base}/jobs.json", json),
        Route(f"{base}/sitemap.xml", sitemap),
    ]


def _answer(request: Request, answer: Response) -> Response:
    """Readers ask often: who has it already hears only that."""
    tag = f'"{hashlib.blake2b(answer.body, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    answer.headers.update(headers)
    return answer
