"""Composes the apps: all on one port for one machine, or go alone for the outside."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from rolecast import credit, hooks, oidc, outbox
from rolecast.channels import Channel
from rolecast.jobspec import JobSpec
from rolecast.ledger import Ledger
from rolecast.plan import Scheduled
from rolecast.post import Post
from rolecast.postman import Postman
from rolecast.previews import Preview
from rolecast.render import builtin_templates
from rolecast.settings import Settings
from rolecast.web import (
    api,
    ask,
    audit,
    author,
    board,
    bonuses,
    cell,
    channelsdesk,
    desk,
    fair,
    go,
    grid,
    insights,
    jobdesk,
    live,
    maildesk,
    me,
    ops,
    refer,
    referrals_desk,
    report,
    searches,
    share,
    signin,
    staff,
    suggestions,
)
from rolecast.web.access import Access
from rolecast.web.face import Face
from rolecast.web.pages import Headers, Site, not_found

LOCAL = ("127.0.0.1", "localhost", "testserver")


def create(
    ledger: Ledger,
    settings: Settings,
    channels: dict[str, Channel],
    prefect_ui: str | None = None,
    hosts: tuple[str, ...] = (),
    calendar: Callable[[], list[Scheduled]] = list,
    *,
    face: Face,
    systems: Mapping[str, hooks.System] | None = None,
    rules: credit.Rules | None = None,
    provider: oidc.Provider | None = None,
    sender: outbox.Sender | None = None,
    folder: Path | None = None,
    draft: Callable[[JobSpec, Channel], Post] | None = None,
    previews: Callable[[JobSpec, str], list[Preview]] | None = None,
) -> Starlette:
    """Board at /, desk at /desk, links at /r/CODE, public job pages at /public/jobs/ID.

    hosts: names by which we are called, beside our own machine's and those in the settings.
    calendar: the new posts of the next days. face: what answers the links.
    systems: applicant systems that may tell outcomes. rules: of credit. provider: of OpenID.
    sender: hands mails over; None: they wait in the ledger. folder: of the job specs, for what
    the desk writes into them. draft: what would be posted for a job that is not saved yet.
    previews: a job's posts of a moment, as readers will see them.
    """
    access = Access(ledger, settings, provider)
    postman = Postman(ledger, settings.mail, sender) if settings.mail and sender else None
    pulse = live.Live(ledger)
    face.on_end.append(pulse.close)
    site = Site(
        ledger, settings, channels, access, prefect_ui, calendar, postman, pulse, folder, draft,
        previews,
    )  # fmt: skip
    rules = rules or credit.load(settings.credit)
    parts = (
        signin, board, searches, share, refer, ask, me, fair, desk, bonuses, staff, suggestions,
        author, insights, jobdesk, grid, cell, channelsdesk, live, audit, maildesk,
    )  # fmt: skip
    routes = [route for part in parts for route in part.routes(site)]
    routes += [*report.routes(site, rules), *referrals_desk.routes(site, rules)]
    routes += [*go.routes(site, face), *api.routes(site, systems or {}, rules)]
    return _app(site, routes, hosts, face, has_board=True)


def go_alone(
    ledger: Ledger,
    settings: Settings,
    channels: dict[str, Channel],
    hosts: tuple[str, ...] = (),
    *,
    face: Face,
) -> Starlette:
    """The public face only: links at /r/CODE, job pages at /jobs/ID."""
    site = Site(ledger, settings, channels, Access(ledger, settings))
    return _app(site, go.routes(site, face, "/jobs"), hosts, face)


def _app(
    site: Site,
    routes: list[BaseRoute],
    hosts: tuple[str, ...],
    face: Face,
    has_board: bool = False,
) -> Starlette:
    @contextlib.asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        await face.start()
        warming = asyncio.create_task(asyncio.to_thread(site.finder.warm_up)) if has_board else None
        if site.postman:
            site.postman.start()
        figures = ops.watch_over(site.ledger) if site.live else None
        try:
            yield
        finally:
            if site.live and figures:
                site.live.close()
                REGISTRY.unregister(figures)
            if site.postman:
                await asyncio.to_thread(site.postman.stop)
            await face.stop()
            if warming:
                await warming
            await asyncio.to_thread(site.finder.close)

    def missing(request: Request, error: Exception) -> Response:
        return not_found(site, request, "There is no such page.")

    static = StaticFiles(directory=builtin_templates() / "web" / "static")
    routes = [*routes, *ops.routes(site, face, whole=site.live is not None)]
    return Starlette(
        routes=[*routes, Mount("/static", static)],
        middleware=[
            Middleware(Headers),
            Middleware(ops.Timed, routes=routes),
            # A page of somebody else's cannot reach us under a name of its own.
            Middleware(TrustedHostMiddleware, allowed_hosts=[*LOCAL, *_names(site), *hosts]),
        ],
        exception_handlers={404: missing},
        lifespan=life,
    )


def _names(site: Site) -> list[str]:
    addresses = [site.settings.company.url]
    addresses += [
        one.connector.base_url for one in site.channels.values() if one.connector.name == "board"
    ]
    return [name for address in addresses if (name := urlsplit(address).hostname)]
