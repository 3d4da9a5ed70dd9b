"""A colleague's own page: what they shared and named, what became of it, and why it counts."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import bonuses as rules
from rolecast import fairness, news
from rolecast.credit import plainly
from rolecast.ledger import bonuses, clicks, me, notices, overview, reports
from rolecast.ledger.me import Touched
from rolecast.people import Person, Role
from rolecast.publish import now_utc
from rolecast.told import N_, Told
from rolecast.web import mydata, mysettings
from rolecast.web.access import guarded
from rolecast.web.pages import Site, language_of, number, page

PER_PAGE = 20
FEW = 3  # of each list, on the first page

STAGES = {
    "applied": N_("applied"), "screened": N_("being looked at"), "interviewed": N_("interviewed"),
    "offered": N_("has an offer"), "hired": N_("hired"), "started": N_("has started"),
    "rejected": N_("somebody else was chosen"), "withdrawn": N_("has withdrawn"),
}  # fmt: skip
REFERRALS = STAGES | {
    "asked": N_("asked, not answered yet"), "agreed": N_("has agreed"),
    "passed_on": N_("a recruiter has taken it up"), "declined": N_("would rather not"),
    "forgotten": N_("has not answered"), "taken_back": N_("taken back"),
}  # fmt: skip
BONUSES = {
    "pending": N_("on its way"), "eligible": N_("due"), "paid": N_("paid"), "void": N_("no bonus"),
}  # fmt: skip
PLACES = {
    "linkedin": "LinkedIn", "x": "X", "bluesky": "Bluesky", "mastodon": "Mastodon",
    "facebook": "Facebook", "whatsapp": "WhatsApp", "telegram": "Telegram", "signal": "Signal",
    "mail": N_("Mail"), "copy": N_("Anywhere else"), "qr": N_("QR code"), "poster": N_("Poster"),
}  # fmt: skip


def routes(site: Site) -> list[Route]:
    """/me and what is below it."""
    mine = Mine(site)
    return [
        guarded(site, "/me", mine.home, Role.employee),
        guarded(site, "/me/shared", mine.shared, Role.employee),
        guarded(site, "/me/credit", mine.credit, Role.employee),
        guarded(site, "/me/news", mine.news, Role.employee),
        *mysettings.routes(site),
        *mydata.routes(site),
    ]


class Mine:
    """The pages' functions. No address names a person, so nobody else's figures are reached."""

    def __init__(self, site: Site):
        self.site = site

    def home(self, request: Request) -> Response:
        """The first few of everything."""
        person: Person = request.state.person
        with self.site.ledger.read() as conn:
            more = self.values(conn, person, language_of(request), FEW)
            named = me.named_by(conn, person.id)
            paid = bonuses.of_person(conn, person.id)
            wanted = {one.job_id for one in named} | {one.job_id for one in paid}
            more["titles"] |= overview.titles(conn, wanted)
            ours = self.site.settings.people
            goals = fairness.goals(conn, ours, now_utc(), person.team or "")
            empty = me.is_new(conn, person.id)
        return page(
            self.site, request, "me.html.j2", named=named, empty=empty, now=now_utc(),
            bonuses=[(one, rules.due_of(one, ours), rules.WHY.get(one.why)) for one in paid],
            goals=goals, **more,
        )  # fmt: skip

    def shared(self, request: Request) -> Response:
        """All that they have shared."""
        return self.listed(request, "shared")

    def credit(self, request: Request) -> Response:
        """All applications that their links touched."""
        return self.listed(request, "credit")

    def news(self, request: Request) -> Response:
        """All news."""
        return self.listed(request, "news")

    def listed(self, request: Request, what: str) -> Response:
        """One list, page by page."""
        at = number(request)
        with self.site.ledger.read() as conn:
            person, start = request.state.person, (at - 1) * PER_PAGE
            more = self.values(conn, person, language_of(request), PER_PAGE, start)
        pages = max(1, -(-more["totals"][what] // PER_PAGE))
        return page(self.site, request, "me_list.html.j2", what=what, at=at, pages=pages, **more)

    def values(
        self, conn, person: Person, language: str, count: int, start: int = 0
    ) -> dict[str, Any]:
        """What the lists are made of: `count` of each, from `start` on."""
        jobs, shared = me.jobs_shared(conn, person.id, start, count)
        links = me.shares_of(conn, person.id, jobs)
        found, total = notices.latest(conn, person.id, start, count)
        touched = me.touched_by(conn, person.id)
        ids = {*jobs, *(n.job_id for n in found if n.job_id)}
        ids |= {one.row.job_id for one in touched[start : start + count] if one.row.job_id}
        titles = overview.titles(conn, ids)
        credited = [one.link for one in touched if one.row.who == person.id]
        return {
            "shares": [(job, [one for one in links if one.job_id == job]) for job in jobs],
            "clicked": clicks.people(conn, [one.link for one in links]),
            "measured": reports.measured(conn),
            "credited": {link: credited.count(link) for link in credited},
            "credits": [(one, *why(one, person)) for one in touched[start : start + count]],
            "news": [(one, news.sentence(one, titles, language)) for one in found],
            "titles": titles,
            "totals": {"shared": shared, "credit": len(touched), "news": total},
            "words": {"stages": STAGES, "referrals": REFERRALS, "bonuses": BONUSES,
                      "places": PLACES},
        }  # fmt: skip


def why(one: Touched, person: Person) -> tuple[bool, list[Told]]:
    """Whether an application counts for somebody, and why, naming nobody else."""
    if one.row.who == person.id:
        if one.party == "referral":
            return True, [Told(N_("You named the applicant for this job."))]
        return True, [Told(N_("They came by your link, and no other comes before it."))]
    return False, plainly(one.row.party, one.row.steps, one.own)
