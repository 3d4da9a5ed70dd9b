"""Administrators' page: who did what, by person, job and day; and as a table for other programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast.ledger import audit, overview
from rolecast.ledger.audit import Deed, Filter
from rolecast.people import Role
from rolecast.web.access import guarded
from rolecast.web.pages import Site, number, page
from rolecast.web.staff import ROLE

PER_PAGE = 100
MOST = 50_000  # lines of a CSV
LONGEST = 254  # letters of a mail address
HEAD = ("at", "who", "what", "job", "where", "detail")


def routes(site: Site) -> list[Route]:
    """/desk/audit, and its CSV."""

    def home(request: Request) -> Response:
        asked, at = request.query_params, number(request)
        zone = ZoneInfo(site.settings.company.timezone)
        wanted, day = _filter(asked, zone)
        as_csv = asked.get("format") == "csv"
        start, count = (0, MOST) if as_csv else ((at - 1) * PER_PAGE, PER_PAGE)
        with site.ledger.read() as conn:
            found = audit.page(conn, wanted, start, count)
            deeds = _with_names(conn, found[:count])
            titles = {} if as_csv else overview.titles(conn, {one.job_id for one in deeds})
        if as_csv:
            return _csv(deeds)
        kept = {"who": wanted.who, "job": wanted.job, "day": day, "parts": asked.get("parts")}
        query = urlencode({name: value for name, value in kept.items() if value})
        return page(
            site, request, "audit.html.j2",
            deeds=deeds, titles=titles, wanted=wanted, day=day, query=query,
            at=at, pages=at + 1 if len(found) > count else at,
        )  # fmt: skip

    return [guarded(site, "/desk/audit", home, Role.admin)]


def _filter(asked, zone: ZoneInfo) -> tuple[Filter, str]:
    """What an address asks for, and the day as it stands there; a day that is none is left out."""
    since = until = None
    day = asked.get("day", "")
    try:
        first = date.fromisoformat(day)
        since = datetime(first.year, first.month, first.day, tzinfo=zone)
        following = first + timedelta(days=1)
        until = datetime(following.year, following.month, following.day, tzinfo=zone)
    except (ValueError, OverflowError):
        day = ""
    who = asked.get("who", "").strip()[:LONGEST]
    job = asked.get("job", "").strip()[:LONGEST]
    return Filter(who, job, since, until, bool(asked.get("parts"))), day


def _with_names(conn, deeds: Sequence[Deed]) -> list[Deed]:
    """Deeds in words. A role is given to a person's number: here is who that is, if they are
    still known."""
    numbers = [one.detail.partition(" ")[0] for one in deeds if one.what == ROLE]
    known = audit.names(conn, numbers)
    return [_worded(one, known) for one in deeds]


def _worded(one: Deed, known: dict[str, str]) -> Deed:
    what, detail = one.what, one.detail
    if what == ROLE:
        number_, _, role = detail.partition(" ")
        detail = f"{known.get(number_, number_)}: {role}"
    elif what in (0, 1):  # of an approval
        what = "approved" if what else "refused"
    elif what in ("approve", "retry", "withdraw"):
        what, detail = "decided for many", f"{what}: {detail}"
    return Deed(one.at, one.who, str(what), one.job_id, one.where, str(detail or ""))


def _csv(deeds: Sequence[Deed]) -> Response:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(HEAD)
    for one in deeds:
        row = (one.at.isoformat(), one.who, one.what, one.job_id, one.where, one.detail)
        table.writerow([_safe(cell) for cell in row])
    named = {"Content-Disposition": 'attachment; filename="rolecast-audit.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=named)


def _safe(cell: str) -> str:
    """Text that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
