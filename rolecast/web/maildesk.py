"""Mails that could not be sent, on the desk: tried again, or given up.

To whom a friend's mail goes is not shown: until they agree, nobody but who named them knows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast.ledger import Connection, mails
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.told import N_
from rolecast.web.access import guarded
from rolecast.web.pages import Site, back, not_found, sayings

KINDS = {
    "signin": N_("A link to sign in"),
    "friend": N_("A mail to a friend who was named"),
    "news": N_("News for a colleague"),
    "digest": N_("New jobs for a colleague"),
    "alarm": N_("News of a run that failed"),
}
PRIVATE = ("friend",)
sayings(
    mail_again=N_("The mail is tried again."),
    mail_dropped=N_("The mail is given up."),
    mail_gone=N_("This mail has been dealt with meanwhile."),
)


@dataclass(frozen=True)
class Trouble:
    """One mail. to: "" where it is nobody's business. unclear: the server may have it."""

    id: str
    kind: str
    to: str
    why: str
    unclear: bool
    made: datetime


def troubled(conn: Connection) -> list[Trouble]:
    """The mails that need somebody, oldest first."""
    found = []
    for row in mails.troubled(conn):
        private = row.kind in PRIVATE
        why = row.trouble or ""
        if private and row.address:
            why = why.replace(row.address, "…")
        found.append(
            Trouble(
                row.id,
                KINDS.get(row.kind, row.kind),
                "" if private else row.address or "",
                why,
                row.state == "unknown",
                row.made,
            )
        )
    return found


def routes(site: Site) -> list[Route]:
    """/desk/mails/ID."""

    def decide(request: Request) -> Response:
        id_, what = request.path_params["id"], request.state.form.get("what")
        if what not in ("again", "drop"):
            return not_found(site, request, N_("Choose one of the buttons."), inside=True)
        with site.ledger.begin() as conn:
            done = mails.again(conn, id_, now_utc()) if what == "again" else mails.drop(conn, id_)
        if done and what == "again" and site.postman:
            site.postman.soon()
        said = ("mail_again" if what == "again" else "mail_dropped") if done else "mail_gone"
        return back("/desk", said)

    return [guarded(site, "/desk/mails/{id}", decide, Role.recruiter, ("POST",))]
