"""The desk: what needs a recruiter now, what today brings, the numbers, and all posts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import desk, naming, numbers, referrals, today
from rolecast.ledger import approvals, clicks, jobs, overview, shown
from rolecast.ledger.publications import Publication
from rolecast.ledger.states import State
from rolecast.people import Role
from rolecast.promises import promised
from rolecast.publish import now_utc
from rolecast.told import N_, Told
from rolecast.web import maildesk
from rolecast.web.access import guarded
from rolecast.web.cell import ACTIONS
from rolecast.web.grid import STATES
from rolecast.web.pages import Site, back, number, page, sayings

PER_PAGE = 50
MOST = 50  # posts that need somebody, before the grid is the better place
Form = dict[str, str]
sayings(
    desk_noted=N_("Noted. The next run takes it from here."),
    desk_approved=N_("Approved. The next run takes it from here."),
    desk_refused=N_("Refused. It stays as it is."),
    desk_again=N_("They are tried again with the next run."),
)


@dataclass(frozen=True)
class Together:
    """Posts that wait for one and the same reason: told once, tried again at once."""

    channel: str
    reason: str
    posts: list[Publication]


def routes(site: Site) -> list[Route]:
    """/desk, its calendar, and what its forms are sent to."""

    def home(request: Request, wrong: Told | None = None) -> Response:
        at, now = number(request), now_utc()
        zone = site.settings.company.timezone
        site.live.before(request)
        with site.ledger.read() as conn:
            together, alone = _grouped(shown.needs_a_person(conn))
            rows, total = shown.table(conn, (at - 1) * PER_PAGE, PER_PAGE)
            asked, broken = approvals.waiting(conn), jobs.broken(conn)
            promises = referrals.promises(conn, now)
            troubled = maildesk.troubled(conn)
            day = today.of(conn, site.channels, zone, now)
            sums = numbers.of(conn, ZoneInfo(zone), now)
            named = [*alone[:MOST], *rows, *asked, *(p for one in together for p in one.posts)]
            named += [one.referral for one in promises]
            ids = {one.job_id for one in named} | {b.id for b in broken} | day.titles
            titles = overview.titles(conn, ids)
            clicked = clicks.people(conn, [one.link for one in rows])
        return page(
            site,
            request,
            "desk.html.j2",
            422 if wrong else 200,
            wrong=wrong,
            waiting=alone[:MOST],
            more=len(alone) > MOST,
            together=together,
            asked=asked,
            promises=promises,
            next_day=promised(now, site.settings.people.promise_days).date(),
            most=naming.MOST,
            mails=troubled,
            broken=broken,
            day=day,
            many=today.MANY,
            numbers=sums,
            states=STATES,
            actions=ACTIONS,
            zone=zone,
            rows=rows,
            total=total,
            titles=titles,
            clicked=clicked,
            at=at,
            pages=max(1, -(-total // PER_PAGE)),
        )

    def calendar(request: Request) -> Response:
        zone = ZoneInfo(site.settings.company.timezone)
        found = site.calendar()
        days = [
            (day, list(posts))
            for day, posts in groupby(found, key=lambda one: one.at.astimezone(zone).date())
        ]
        with site.ledger.read() as conn:
            titles = overview.titles(conn, {one.job_id for one in found})
        return page(site, request, "calendar.html.j2", days=days, titles=titles, zone=zone.key)

    def taking(path: str, work: Callable[[Site, Form, str], str]) -> Route:
        def take(request: Request) -> Response:
            state = request.state
            try:
                return back("/desk", work(site, state.form, state.person.email))
            except Told as error:
                return home(request, error)

        return guarded(site, path, take, Role.recruiter, ("POST",))

    return [
        guarded(site, "/desk", home, Role.recruiter),
        guarded(site, "/desk/calendar", calendar, Role.recruiter),
        taking("/desk/decide", _decide),
        taking("/desk/approve", _approve),
        taking("/desk/retry", _retry_all),
    ]


def _grouped(waiting: Iterable[Publication]) -> tuple[list[Together], list[Publication]]:
    """A channel's trouble once, whatever it holds up; and the rest."""
    found: dict[tuple[str, str], list[Publication]] = {}
    alone: list[Publication] = []
    for one in waiting:
        if one.state is State.waiting and one.reason:
            found.setdefault((one.channel, one.reason), []).append(one)
        else:
            alone.append(one)
    together = [Together(*key, posts) for key, posts in found.items() if posts[1:]]
    alone += [posts[0] for posts in found.values() if not posts[1:]]
    return together, alone


def _decide(site: Site, form: Form, who: str) -> str:
    slot = (form.get("job", ""), form.get("channel", ""), form.get("moment", ""))
    what, now = form.get("what", ""), now_utc()
    if what == "there":
        desk.it_is_there(site.ledger, slot, form.get("address", ""), who, now)
    elif what in DECISIONS:
        DECISIONS[what](site.ledger, slot, who, now)
    else:
        raise Told(N_("Choose one of the buttons."))
    return "desk_noted"


def _approve(site: Site, form: Form, who: str) -> str:
    with site.ledger.read() as conn:
        found = {str(one.id): one for one in approvals.waiting(conn)}
    asked, what = found.get(form.get("asked", "")), form.get("what")
    if asked is None:
        raise Told(N_("This text has changed meanwhile, or is decided; look again."))
    if what not in ("approve", "refuse"):
        raise Told(N_("Choose one of the buttons."))
    note = form.get("note", "").strip()
    desk.decide(site.ledger, asked, what == "approve", who, now_utc(), note)
    return "desk_approved" if what == "approve" else "desk_refused"


def _retry_all(site: Site, form: Form, who: str) -> str:
    channel = form.get("channel", "")
    desk.retry_all(site.ledger, channel, form.get("reason", ""), who, now_utc())
    return "desk_again"


DECISIONS = {
    "not-there": desk.not_there,
    "gone": desk.it_is_gone,
    "retry": desk.retry,
    "drop": desk.drop,
    "put-back": desk.put_back,
    "accept": desk.accept,
    "forget": desk.forget,
    "withdraw": desk.withdraw,
}
