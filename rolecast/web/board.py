"""The board: what employees see."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import jsonld, links, systems
from rolecast.jobspec import JobSpec
from rolecast.ledger import Ledger, people, searches, shown
from rolecast.ledger.jobs import JobRow
from rolecast.people import Person, Role, visit
from rolecast.publish import now_utc
from rolecast.search import Search, label
from rolecast.told import N_
from rolecast.web import ask, fair, refer, share
from rolecast.web.access import guarded
from rolecast.web.pages import Site, language_of, not_found, number, page, read_spec

log = logging.getLogger("rolecast.board")
PER_PAGE = 25
OFFERED = 10  # choices of a filter that are shown; the others can be searched for
FILTERS = {
    "team": N_("Team"),
    "workplace": N_("Workplace"),
    "city": N_("Place"),
    "country": N_("Country"),
    "employment": N_("Employment"),
    "language": N_("Language of the advert"),
}


def routes(site: Site) -> list[Route]:
    """/ and /jobs/ID."""

    visits = Visits(site.ledger)

    def home(request: Request) -> Response:
        person, now = request.state.person, now_utc()
        search, at = Search.read(request.query_params.multi_items()), number(request)
        before, noted = visit(person, now)
        found = site.finder.find(search, before, (at - 1) * PER_PAGE, PER_PAGE, now)
        saved = False
        if not search.is_empty:
            with site.ledger.read() as conn:
                saved = searches.has(conn, person.id, search.only_fresh(False).query)
        language = language_of(request)
        answer = page(
            site,
            request,
            "board.html.j2",
            found=found,
            search=search,
            saved=saved,
            filters=_filters(search, found.choices, language),
            chosen=_chosen(search, language),
            drop=[
                (label(name, value, language), search.without(name, value).query, count)
                for name, value, count in found.drop
            ],
            at=at,
            pages=max(1, -(-found.total // PER_PAGE)),
            zone=ZoneInfo(site.settings.company.timezone),
        )
        if noted:  # after the answer: nobody waits for the disk
            answer.background = BackgroundTask(visits.note, person, before, now)
        return answer

    def job(request: Request) -> Response:
        return job_page(site, request, inside=True)

    return [
        guarded(site, "/", home, Role.employee),
        guarded(site, "/jobs/{id}", job, Role.employee),
    ]


class Visits:
    """Notes who looks at the list, many in one transaction: at nine in the morning everybody does,
    and each would wait for the disk in turn."""

    def __init__(self, ledger: Ledger):
        self.ledger = ledger
        self._noted: dict[str, tuple[Person, datetime | None, datetime]] = {}
        self._lock = threading.Lock()

    def note(self, person: Person, before: datetime | None, now: datetime) -> None:
        """Somebody looks. Whoever is writing already writes this as well."""
        self._noted[person.id] = person, before, now
        while self._noted and self._lock.acquire(blocking=False):
            try:
                noted, self._noted = self._noted, {}
                with self.ledger.begin() as conn:
                    for one in noted.values():
                        people.looks(conn, *one)
            except Ledger.Error as error:
                log.warning("visits were not noted: %s", error)
            finally:
                self._lock.release()


def _filters(
    search: Search, choices: dict[str, list[tuple[str, int]]], language: str
) -> list[dict[str, Any]]:
    """The filters that leave a choice: each with (value, label, how many, whether it is made)."""
    found = []
    for name, title in FILTERS.items():
        made, all_ = search.chosen.get(name, ()), choices[name]
        if len(all_) < 2 and not made:
            continue
        shown_ = all_[:OFFERED] + [one for one in all_[OFFERED:] if one[0] in made]
        found.append(
            {
                "name": name,
                "title": title,
                "more": len(all_) - len(shown_),
                "choices": [
                    (value, label(name, value, language), count, value in made)
                    for value, count in shown_
                ],
            }
        )
    return found


def _chosen(search: Search, language: str) -> list[tuple[str, str]]:
    """(label, query without it) of the choices that are made."""
    return [
        (label(name, value, language), search.without(name, value).query)
        for name, values in search.chosen.items()
        for value in values
    ]


def job_page(site: Site, request: Request, inside: bool) -> Response:
    """One job; `inside` shows what is for colleagues only. A job that is gone says so; one that
    only colleagues see yet is not there for others, but by a colleague's link."""
    job_id, code = request.path_params["id"], request.query_params.get("ref", "")
    goes_out = None
    with site.ledger.read() as conn:
        row, is_shown = shown.job(conn, job_id, site.boards)
        if row is not None:
            spec = read_spec(row.spec)
            goes_out = goes_out_at(conn, site, row, spec)
            if goes_out and not inside and not shown.of_colleague(conn, code, job_id):
                row = None
    if row is None:
        return not_found(site, request, f"There is no job {job_id!r}.", inside)
    if not is_shown:
        others = similar(site, spec, inside)
        return page(site, request, "closed.html.j2", 410, job=spec, others=others, inside=inside)
    apply_at = spec.apply.url
    if apply_at and links.is_code(code):  # whoever came by a link takes its code along
        apply_at = code.join(systems.around(apply_at, site.settings.go.parameters))
    data = ""
    if not inside and not goes_out:  # for search engines, and they come from outside
        zone = site.settings.company.timezone
        posting = jsonld.job_posting(spec, str(request.url), row.first_seen, zone)
        data = jsonld.script(posting)
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
        goes_out=goes_out,
        jsonld=data,
        **more,
    )


def goes_out_at(conn: Any, site: Site, row: JobRow, spec: JobSpec) -> datetime | None:
    """When others will see a job that only colleagues see now."""
    zone = site.settings.company.timezone
    at = spec.goes_out_at(row.first_seen, zone)
    if at is None or at <= now_utc() or shown.elsewhere(conn, row.id, site.boards):
        return None
    return at.astimezone(ZoneInfo(zone))


def similar(site: Site, spec: JobSpec, inside: bool) -> list[tuple[str, str]]:
    """Ids and titles of open jobs like this one, or the newest ones. None, where the ledger does
    not let us look: what serves links alone may have no right to."""
    try:
        return site.finder.similar(spec.title, spec.id, now_utc(), inside)
    except Ledger.Error as error:
        log.info("no similar jobs are shown: %s", error)
        return []
