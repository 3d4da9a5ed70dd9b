"""What is kept about a person: their page, the export, and deleting it all."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import mydata
from rolecast.ledger import bonuses
from rolecast.ledger import mydata as rows_of
from rolecast.people import Person, Role
from rolecast.publish import now_utc
from rolecast.told import N_, Told
from rolecast.web.access import guarded
from rolecast.web.pages import Site, page

SHOWN = 10  # rows of each table on the page; the export has all
YES_OR_NO = {"mails", "ranked", "lent", "approved"}
NUMBERS = {"id", "taken_from", "answers_to", "decided_by"}  # say nothing to a reader


def routes(site: Site) -> list[Route]:
    """/me/data, its export, and the form that deletes."""

    def show(request: Request, wrong: Told | None = None, status: int = 200) -> Response:
        person: Person = request.state.person
        with site.ledger.read() as conn:
            found = mydata.everything(conn, person)
            named = rows_of.named_in(conn, person)
            owed = [
                one for one in bonuses.of_person(conn, person.id)
                if one.state in ("pending", "eligible")
            ]  # fmt: skip
        zone = site.settings.company.timezone
        return page(
            site, request, "me_data.html.j2", status, wrong=wrong,
            tables=[_table(name, rows, zone) for name, rows in found.items() if rows],
            named=named, owed=owed, typed=request.state.form.get("email", "") if wrong else "",
            again=bool(site.settings.people.header) or site.access.alone,
        )  # fmt: skip

    def export(request: Request) -> Response:
        with site.ledger.read() as conn:
            text = mydata.export(conn, request.state.person, now_utc())
        headers = {
            "Content-Disposition": 'attachment; filename="rolecast-my-data.json"',
            "Cache-Control": "no-store",
        }
        return Response(text, media_type="application/json", headers=headers)

    def forget(request: Request) -> Response:
        person: Person = request.state.person
        if request.state.form.get("email", "").strip().lower() != person.email:
            told = Told(N_("Nothing was deleted: type your own mail address, %(email)s."),
                        email=person.email)  # fmt: skip
            return show(request, told, 422)
        mydata.forget(site.ledger, person.id)
        request.state.person = None
        answer = page(site, request, "me_gone.html.j2")
        site.access.lose(answer)
        return answer

    return [
        guarded(site, "/me/data", show, Role.employee),
        guarded(site, "/me/data/export", export, Role.employee),
        guarded(site, "/me/data/delete", forget, Role.employee, ("POST",)),
    ]


def _table(name: str, rows: list[dict[str, Any]], zone: str) -> dict[str, Any]:
    """A table as the page shows it: the latest rows, without columns that are empty in all."""
    latest = rows[::-1][:SHOWN]
    columns = [
        column
        for column in latest[0]
        if column not in NUMBERS and any(row.get(column) not in (None, "", {}) for row in latest)
    ]
    said = mydata.COLUMNS
    return {
        "name": mydata.TABLES.get(name, name),
        "key": name,
        "count": len(rows),
        "left": len(rows) - len(latest),
        "heads": [said.get(f"{name}.{one}") or said.get(one, one) for one in columns],
        "rows": [[_cell(row.get(column), column) for column in columns] for row in latest],
        "zone": zone,
    }


def _cell(value: Any, column: str) -> Any:
    """What the template shows: times stay times."""
    if value is None:
        return ""
    if column in YES_OR_NO and value in (0, 1):
        return Told(N_("yes") if value else N_("no"))
    if isinstance(value, list):
        return " ".join(str(one) for one in value)
    return value if isinstance(value, datetime) else str(value)
