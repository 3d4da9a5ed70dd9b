"""The desk: what recruiters see and decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rolecast import desk, naming, referrals
from rolecast.ledger import approvals, clicks, jobs, shown
from rolecast.ledger.publications import Publication
from rolecast.ledger.states import State
from rolecast.people import Role
from rolecast.promises import promised
from rolecast.publish import now_utc
from rolecast.web import maildesk
from rolecast.web.access import guarded
from rolecast.web.pages import SAYINGS, Site, number, page

PER_PAGE = 100
Form = dict[str, str]


@dataclass(frozen=True)
class Together:
    """Posts that wait for one and the same reason: told once, tried again at once."""

    channel: str
    reason: str
    posts: list[Publication]


def routes(site: Site) -> list[Route]:
    """/desk, its calendar, and what its forms are sent to."""

    def home(request: Request) -> Response:
        at, now = number(request), now_utc()
        site.live.before(request)
        with site.ledger.read() as conn:
            together, alone = _grouped(shown.needs_a_person(conn))
            rows, total = shown.table(conn, (at - 1) * PER_PAGE, PER_PAGE)
            asked, broken = approvals.waiting(conn), jobs.broken(conn)
            promises = referrals.promises(conn, now)
            troubled = maildesk.troubled(conn)
            named = [*alone, *rows, *asked, *(post for one in together for post in one.posts)]
            named += [one.referral for one in promises]
            titles = shown.titles(conn, {one.job_id for one in named} | {b.id for b in broken})
            clicked = clicks.people(conn, [one.link for one in rows])
        return page(
            site,
            request,
            "desk.html.j2",
            waiting=alone,
            together=together,
            asked=asked,
            promises=promises,
            next_day=promised(now, site.settings.people.promise_days).date(),
            most=naming.MOST,
            mails=troubled,
            broken=broken,
            rows=rows,
            total=total,
            titles=titles,
            clicked=clicked,
            at=at,
            pages=max(1, -(-total // PER_PAGE)),
            wrong=request.query_params.get("wrong", ""),
            **_said(request.query_params.get("said", "")),
        )

    def calendar(request: Request) -> Response:
        zone = ZoneInfo(site.settings.company.timezone)
        found = site.calendar()
        days = [
            (day, list(posts))
            for day, posts in groupby(found, key=lambda one: one.at.astimezone(zone).date())
        ]
        with site.ledger.read() as conn:
            titles = shown.titles(conn, {one.job_id for one in found})
        return page(site, request, "calendar.html.j2", days=days, titles=titles, zone=zone.key)

    def taking(path: str, work: Callable[[Site, Form, str], str]) -> Route:
        def take(request: Request) -> Response:
            state = request.state
            return _answer(site, state.form, state.person.email, work)

        return guarded(site, path, take, Role.recruiter, ("POST",))

    return [
        guarded(site, "/desk", home, Role.recruiter),
        guarded(site, "/desk/calendar", calendar, Role.recruiter),
        taking("/desk/decide", _decide),
        taking("/desk/approve", _approve),
        taking("/desk/retry", _retry_all),
    ]


def _said(text: str) -> dict[str, str]:
    """What the page says after one of its forms; sentences of other pages say themselves."""
    if not text or text in SAYINGS:
        return {}
    return {"said": f"{text} The next run takes it from here."}


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


def _answer(site: Site, form: Form, who: str, work: Callable[[Site, Form, str], str]) -> Response:
    """Back to the desk, which says what was done, or why not."""
    try:
        said = {"said": work(site, form, who)}
    except desk.NotPossible as error:
        said = {"wrong": str(error)}
    return RedirectResponse(f"/desk?{urlencode(said)}", 303)


def _decide(site: Site, form: Form, who: str) -> str:
    slot = (form.get("job", ""), form.get("channel", ""), form.get("moment", ""))
    what, now = form.get("what", ""), now_utc()
    if what == "there":
        desk.it_is_there(site.ledger, slot, form.get("address", ""), who, now)
    elif what in DECISIONS:
        DECISIONS[what](site.ledger, slot, who, now)
    else:
        raise desk.NotPossible("choose one of the buttons")
    return f"Noted for {slot[0]}."


def _approve(site: Site, form: Form, who: str) -> str:
    with site.ledger.read() as conn:
        found = {str(one.id): one for one in approvals.waiting(conn)}
    asked, what = found.get(form.get("asked", "")), form.get("what")
    if asked is None:
        raise desk.NotPossible("this text has changed meanwhile, or is decided; look again")
    if what not in ("approve", "refuse"):
        raise desk.NotPossible("choose one of the buttons")
    note = form.get("note", "").strip()
    desk.decide(site.ledger, asked, what == "approve", who, now_utc(), note)
    return f"{'Approved' if what == 'approve' else 'Refused'} for {asked.job_id}."


def _retry_all(site: Site, form: Form, who: str) -> str:
    channel = form.get("channel", "")
    count = desk.retry_all(site.ledger, channel, form.get("reason", ""), who, now_utc())
    return f"{count} posts on {channel} are tried again."


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
