"""What colleagues see of each other: only those who want to be seen, and sums of teams."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import fairness
from rolecast.jobspec import JobSpec
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.told import N_
from rolecast.web.access import guarded
from rolecast.web.pages import Site, gettext, not_found, number, page, person_of

PER_PAGE = 50


def routes(site: Site) -> list[Route]:
    """/fair, where the company has turned the list on or has set goals."""

    def home(request: Request) -> Response:
        ours, at = site.settings.people, number(request)
        if not (ours.leaderboard or ours.goals):
            return not_found(site, request, N_("There is no such page."), inside=True)
        with site.ledger.read() as conn:
            found = fairness.leaders(conn, ours)
            goals = fairness.goals(conn, ours, now_utc())
        return page(
            site, request, "fair.html.j2", leaderboard=ours.leaderboard, goals=goals,
            leaders=found[(at - 1) * PER_PAGE : at * PER_PAGE], at=at,
            pages=max(1, -(-len(found) // PER_PAGE)),
        )  # fmt: skip

    return [guarded(site, "/fair", home, Role.employee)]


def on_job(site: Site, conn, request: Request, job: JobSpec) -> dict[str, Any]:
    """The warning about open reach on a job's pages, for recruiters."""
    person = person_of(request)
    if person is None or not person.role.may(Role.recruiter):
        return {"open_reach": ""}
    warning = fairness.open_reach(conn, job, site.channels, site.boards)
    return {"open_reach": warning.within(gettext(request)) if warning else ""}
