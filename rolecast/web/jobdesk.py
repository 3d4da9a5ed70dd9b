"""A job on the desk: what came of it, what it looks like everywhere, and what happened."""

from __future__ import annotations

import base64
from functools import lru_cache
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import history, jobfigures, jobtelling
from rolecast.image import Image, ImageProblem, thumbnail
from rolecast.jobspec import JobSpec, Status
from rolecast.ledger import clicks, counts, jobs, publications
from rolecast.people import Role
from rolecast.previews import Preview
from rolecast.publish import now_utc
from rolecast.sections import Section, Tell
from rolecast.told import N_, Told
from rolecast.web import fair, pictures
from rolecast.web.access import guarded
from rolecast.web.grid import STATES
from rolecast.web.pages import Site, language_of, not_found, page, read_spec

MOMENTS = ("announce", "remind-1", "closing")
STANDING = {
    "draft": N_("draft"),
    "open": N_("open"),
    "closed": N_("closed"),
    "filled": N_("filled"),
}
assert set(STANDING) == set(Status)


def routes(site: Site) -> list[Route]:
    """/desk/jobs/ID, its charts and its tables."""

    def job(request: Request) -> Response:
        job_id = request.path_params["id"]
        with site.ledger.read() as conn:
            row = jobs.some_jobs(conn, [job_id]).get(job_id)
            posts = publications.of_jobs(conn, [job_id]) if row else []
            counted = counts.latest(conn, [one.id for one in posts])
            clicked = clicks.people(conn, [one.link for one in posts])
        if row is None:
            told = Told(N_("There is no job %(job)s."), job=job_id)
            return not_found(site, request, told, inside=True)
        spec, moment = read_spec(row.spec), request.query_params.get("moment", "announce")
        with site.ledger.read() as conn:
            more = fair.on_job(site, conn, request, spec)
        return page(
            site,
            request,
            "jobdesk.html.j2",
            job=spec,
            row=row,
            sections=_sections(site, request, job_id),
            charts=f"/desk/jobs/{job_id}",
            posts=[(one, *counted.get(one.id, (None, None))) for one in posts],
            clicked=clicked,
            previews=_previews(site, spec, moment),
            moment=moment,
            moments=[(one, Tell(language_of(request)).name("moments", one)) for one in MOMENTS],
            entries=history.of_job(site.ledger, job_id),
            happened=history.WORDS,
            states=STATES,
            standing=STANDING,
            **more,
        )

    def file(request: Request) -> Response:
        job_id, name, kind = (request.path_params[one] for one in ("id", "name", "kind"))
        with site.ledger.read() as conn:
            row = jobs.some_jobs(conn, [job_id]).get(job_id)
        found = _sections(site, request, job_id) if row else []
        if kind == "csv":
            section = next((one for one in found if one.key == name), None)
            if section:
                return pictures.table(section, f"{job_id}-{name}")
        picture = pictures.find(found, name) if kind in pictures.KINDS else None
        if picture is None:
            return not_found(site, request, N_("There is no such chart or table."), inside=True)
        return pictures.answer(request, picture, kind, read_spec(row.spec).title)

    return [
        guarded(site, "/desk/jobs/{id}", job, Role.recruiter),
        guarded(site, "/desk/jobs/{id}/{name}.{kind}", file, Role.recruiter),
    ]


def _sections(site: Site, request: Request, job_id: str) -> list[Section]:
    zone = ZoneInfo(site.settings.company.timezone)
    with site.ledger.read() as conn:
        found = jobfigures.of_job(conn, job_id, now_utc(), zone)
    return jobtelling.sections(found, Tell(language_of(request)))


def _previews(site: Site, spec: JobSpec, moment: str) -> list[tuple[Preview, str]]:
    """The job's posts as readers see them, each with its picture as an address."""
    if site.previews is None or moment not in MOMENTS:
        return []
    found = site.previews(spec, moment)
    return [(one, _picture(one.post.image) if one.post else "") for one in found if one.taken]


@lru_cache(64)
def _picture(image: Image | None) -> str:
    try:
        return image and f"data:image/jpeg;base64,{base64.b64encode(thumbnail(image)).decode()}"
    except ImageProblem:  # it has changed since it was read
        return ""
