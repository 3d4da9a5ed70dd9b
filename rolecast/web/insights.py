"""Insights: what works, over all jobs, for a period."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import comparing, insights, insightwords, origins
from rolecast.insights import PERIODS, Period
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.sections import Section, Tell
from rolecast.told import N_
from rolecast.web import pictures
from rolecast.web.access import guarded
from rolecast.web.pages import Site, language_of, not_found, page

Maker = Callable[[Site, Period, Tell], Section]
NAMES = {
    30: N_("The last 30 days"),
    90: N_("The last 90 days"),
    365: N_("The last 365 days"),
    0: N_("All time"),
}


def routes(site: Site) -> list[Route]:
    """/desk/insights, its charts and its tables."""

    def home(request: Request) -> Response:
        tell, days = Tell(language_of(request)), _days(request)
        with site.ledger.read() as conn:
            of = _period(site, conn, days)
            sections = [make(site, of, tell) for make in MAKERS.values()]
        return page(
            site,
            request,
            "insights.html.j2",
            sections=sections,
            days=days,
            periods=[(one, tell.say(NAMES[one])) for one in PERIODS],
            query=f"?days={days}",
            charts="/desk/charts",
            tables="/desk/insights",
        )

    def chart(request: Request) -> Response:
        name, kind = request.path_params["name"], request.path_params["kind"]
        section = _one(request, name) if kind in pictures.KINDS else None
        picture = pictures.find([section], name) if section else None
        if picture is None:
            return not_found(site, request, "There is no such chart.", inside=True)
        about = Tell(language_of(request)).say(NAMES[_days(request)])
        return pictures.answer(request, picture, kind, about)

    def table(request: Request) -> Response:
        name = request.path_params["name"]
        section = _one(request, name) if name in MAKERS else None
        if section is None:
            return not_found(site, request, "There is no such table.", inside=True)
        return pictures.table(section, f"{name}-{_days(request) or 'all'}")

    def _one(request: Request, name: str) -> Section | None:
        """The section with a chart or a table of that name: nothing else is read."""
        make = MAKERS.get(name) or MAKERS.get(name.partition("-")[0])
        if make is None:
            return None
        with site.ledger.read() as conn:
            of = _period(site, conn, _days(request))
            return make(site, of, Tell(language_of(request)))

    return [
        guarded(site, "/desk/insights", home, Role.recruiter),
        guarded(site, "/desk/insights/{name}.csv", table, Role.recruiter),
        guarded(site, "/desk/charts/{name}.{kind}", chart, Role.recruiter),
    ]


def _period(site: Site, conn, days: int) -> Period:
    return Period(conn, days, now_utc(), ZoneInfo(site.settings.company.timezone))


def _days(request: Request) -> int:
    asked = request.query_params.get("days", "90")
    return int(asked) if asked in {str(one) for one in PERIODS} else 90


def _prices(site: Site, of: Period, tell: Tell) -> Section:
    entered = {name: one.cost for name, one in site.settings.channels.items()}
    found = origins.prices(of, insights.channels(of), site.channels, entered)
    return insightwords.prices(found, any(entered.values()), tell)


MAKERS: dict[str, Maker] = {
    "channels": lambda site, of, tell: comparing.section(insights.channels(of), tell),
    "parts": lambda site, of, tell: insightwords.parts(origins.parts(of), tell),
    "wait": lambda site, of, tell: insightwords.wait(origins.wait(of), tell),
    "wordings": lambda site, of, tell: comparing.section(insights.wordings(of), tell),
    "moments": lambda site, of, tell: comparing.section(insights.moments(of), tell),
    "weekdays": lambda site, of, tell: comparing.section(insights.weekdays(of), tell),
    "dayparts": lambda site, of, tell: comparing.section(insights.dayparts(of), tell),
    "prices": _prices,
}
