"""For whoever watches over the service: /livez, /healthz, and the desk's figures in /metrics."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client import REGISTRY, Histogram
from prometheus_client.core import GaugeMetricFamily
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rolecast import watching
from rolecast.ledger import Ledger, beats, health, watched
from rolecast.publish import now_utc
from rolecast.web.face import Face
from rolecast.web.pages import Site

SECONDS = Histogram(
    "rolecast_page_seconds",
    "Seconds until a page's answer was complete, by route",
    ["route", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10),
)
ENDLESS = "/desk/events"  # its answer is complete when the page is closed


def routes(site: Site, face: Face, whole: bool = True) -> list[Route]:
    """/livez: this process answers and reads the ledger. /healthz: everything is well, or what is
    not; without `whole`, of this process only, which may be allowed to read very little."""

    def alive(request: Request) -> Response:
        try:
            with site.ledger.read() as conn:
                conn.exec_driver_sql("select 1")
        except Ledger.Error:
            return PlainTextResponse("the ledger cannot be read", 503)
        return PlainTextResponse("ok")

    def healthy(request: Request) -> Response:
        found = watching.checks(site.ledger, face.spool, now_utc())
        wrong = [one for one in found if not one.well]
        status = 503 if wrong else 200
        headers = {"Cache-Control": "no-store"}
        wanted = request.query_params.get("format") or request.headers.get("accept", "")
        if "json" in wanted:
            body = {one.name: {"well": one.well, "detail": one.detail} for one in found}
            told = {"status": "wrong" if wrong else "ok", "checks": body}
            return JSONResponse(told, status, headers)
        text = "\n".join(f"{one.name}: {one.detail}" for one in wrong) or "ok"
        return PlainTextResponse(text, status, headers)

    return [Route("/livez", alive), Route("/healthz", healthy if whole else alive)]


class Figures:
    """The desk's figures, read when somebody asks for them."""

    def __init__(self, ledger: Ledger):
        self.ledger = ledger

    def describe(self) -> list[GaugeMetricFamily]:
        """Nothing is known before it is asked for."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """See prometheus_client. With a ledger that cannot be read there are none."""
        now = now_utc()
        try:
            with self.ledger.read() as conn:
                posts, mails = health.posts(conn), watched.mails_by_state(conn)
                overdue, seen = watched.overdue_promises(conn, now), beats.last(conn)
        except Ledger.Error:
            return
        found = GaugeMetricFamily(
            "rolecast_publications", "Posts, by channel and state", labels=["channel", "state"]
        )
        for channel, states in sorted(posts.items()):
            for state, number in sorted(states.items()):
                found.add_metric([channel, state], number)
        yield found
        sent = GaugeMetricFamily("rolecast_mails", "Mails, by state", labels=["state"])
        for state, number in sorted(mails.items()):
            sent.add_metric([state], number)
        yield sent
        promises = "Referrals of which a colleague should have heard by now"
        yield GaugeMetricFamily("rolecast_promises_overdue", promises, value=overdue)
        looks = GaugeMetricFamily(
            "rolecast_seconds_since_look", "Seconds since a part gave a sign of life",
            labels=["part"],
        )  # fmt: skip
        for part, at in sorted(seen.items()):
            looks.add_metric([part], max(0.0, (now - at).total_seconds()))
        yield looks


def watch_over(ledger: Ledger) -> Figures:
    """Have /metrics tell the ledger's figures, too, until `REGISTRY.unregister`."""
    figures = Figures(ledger)
    REGISTRY.register(figures)
    return figures


class Timed:
    """Measures how long pages take."""

    def __init__(self, app: ASGIApp, routes: list[BaseRoute]):
        self.app = app
        # Only our own routes: a made-up address must not become a figure's name.
        self.names = {one.endpoint: one.path for one in routes if isinstance(one, Route)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, began = [500], time.perf_counter()

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            route = self.names.get(scope.get("endpoint"), "other")
            if route != ENDLESS:
                spent = time.perf_counter() - began
                method = scope["method"] if scope["method"] in ("GET", "POST", "HEAD") else "other"
                SECONDS.labels(route, method, str(status[0])).observe(spent)
