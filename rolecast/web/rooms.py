"""Which pages there are and who may see them, as the documents and the tests ask for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.routing import BaseRoute, Mount, Route

from rolecast.people import Role

# What asks for no role, and why. A page that is neither here nor guarded is a mistake.
OPEN = {
    "/r/{code}": "a link that was shared; leads to its job",
    "/public/jobs/{id}": "a job as candidates see it",
    "/public/jobs.atom": "open jobs, for feed readers",
    "/public/jobs.json": "open jobs, for job sites",
    "/public/sitemap.xml": "open jobs, for search engines",
    "/api/outcomes": "applicant systems, which sign what they tell",
    "/api/outcomes/{name}": "applicant systems, which sign what they tell",
    "/api/openapi.json": "the description of the above",
    "/metrics": "Prometheus, from this machine or its network only",
    "/healthz": "whoever watches whether all is well",
    "/livez": "whoever watches whether Rolecast answers",
    "/static": "style sheets and scripts",
}


@dataclass(frozen=True, order=True)
class Room:
    """A page, or where a form is sent to. needs: None when it asks for no role, see OPEN."""

    path: str
    method: str
    needs: Role | None


def rooms(routes: Iterable[BaseRoute]) -> list[Room]:
    """All of them, by address; HEAD is GET. Raises LookupError for one that is neither guarded nor
    open on purpose."""
    found = []
    for route in routes:
        if not isinstance(route, Route | Mount):
            raise LookupError(f"{route!r} is no kind of page that is known here")
        methods = (route.methods if isinstance(route, Route) else None) or {"GET"}
        needs = getattr(route.endpoint, "needs", None) if isinstance(route, Route) else None
        if needs is None and route.path not in OPEN:
            raise LookupError(f"{route.path} does not say who may see it")
        found += [Room(route.path, method, needs) for method in sorted(methods - {"HEAD"})]
    return sorted(found, key=lambda room: (room.path, room.method))
