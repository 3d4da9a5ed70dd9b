"""Naming a friend: the colleague's form, what became of those they named, and the friend's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from babel.lists import format_list
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rolecast import friends, inviting, naming, referrals
from rolecast.facts import amount, locale
from rolecast.go import Limiter
from rolecast.jobspec import JobSpec
from rolecast.ledger import overview, shown
from rolecast.ledger import referrals as store
from rolecast.people import NotOurs, Role
from rolecast.publish import now_utc
from rolecast.told import N_, Told
from rolecast.web.access import guarded
from rolecast.web.pages import (
    NOTHING,
    Site,
    back,
    language_of,
    not_found,
    number,
    page,
    person_of,
    read_spec,
    sayings,
)

# The secret in the address goes to nobody else. (no-referrer would make browsers send our own form
# with the origin "null".)
NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
PER_PAGE = 25
NO_JOB = N_("There is no such job.")
NO_REFERRAL = N_("You have not named anybody under this address.")
TOO_OFTEN = N_("Too many friends were named from your network. Try again in a few minutes.")
sayings(
    named=N_(
        "Thank you. Your friend gets one mail, and decides. If somebody has named them before, we "
        "will sort out who is credited by the rules, and tell you."
    ),
    taken_back=N_("Taken back. What you wrote about them is deleted."),
    friend_agreed=N_("Thank you. Our recruiters have it now."),
)


def routes(site: Site) -> list[Route]:
    """/jobs/ID/refer, /me/referrals and /friend/SECRET."""
    ours, theirs = Colleague(site), Friend(site)
    return [
        guarded(site, "/jobs/{id}/refer", ours.ask, Role.employee),
        guarded(site, "/jobs/{id}/refer", ours.name, Role.employee, ("POST",)),
        guarded(site, "/me/referrals", ours.home, Role.employee),
        guarded(site, "/me/referrals/{id}/back", ours.take_back, Role.employee, ("POST",)),
        guarded(site, "/friend/{secret}", theirs.look, Role.anyone),
        guarded(site, "/friend/{secret}", theirs.answer, Role.anyone, ("POST",)),
    ]


def on_job(site: Site, conn, request: Request, job: JobSpec) -> dict[str, Any]:
    """What a job's page shows: whether one can name a friend, and how one's own are getting on."""
    person = person_of(request)
    return {
        "can_refer": bool(site.settings.mail) and person is not None,
        "now": now_utc(),
        "referrals": referrals.of_person(conn, person.id, job.id) if person else [],
        "sentence": sentence,
    }


def sentence(one: store.Referral) -> str:
    """Where a referral stands, for whoever has named it; to be translated."""
    state = "undelivered" if referrals.is_undelivered(one) else one.state
    return naming.STATES[state]


def _bonus(job: JobSpec, language: str) -> str:
    ours = job.referral_bonus
    if ours is None:
        return ""
    return amount(ours.amount, ours.currency, language)


class Colleague:
    """The pages of who names."""

    def __init__(self, site: Site):
        self.site = site
        self.limiter = Limiter(30, 1 / 60)  # by network; a colleague's own limit is in the ledger

    def ask(
        self,
        request: Request,
        wrong: Told | None = None,
        status: int = 200,
        typed: Mapping[str, str] = NOTHING,
    ) -> Response:
        """The form."""
        job = self._job(request)
        if not isinstance(job, JobSpec):
            return job
        return page(
            self.site, request, "refer.html.j2", status,
            wrong=wrong, job=job, typed=typed, how=naming.HOW, most=naming.MOST,
            bonus=_bonus(job, language_of(request)), days=referrals.ANSWER.days,
        )  # fmt: skip

    def name(self, request: Request) -> Response:
        """Take it."""
        job, form, now = self._job(request), request.state.form, now_utc()
        if not isinstance(job, JobSpec):
            return job
        network = request.client.host if request.client else ""
        if self.limiter.wait(network):
            return self.ask(request, Told(TOO_OFTEN), 429, form)
        try:
            person, typed = request.state.person, naming.read(form)
            inviting.name(self.site.ledger, self.site.settings, person, job, typed, now)
        except (naming.NotThus, NotOurs, referrals.NotPossible) as error:
            return self.ask(request, error, 422, form)
        self.limiter.missed(network)
        if self.site.postman:
            self.site.postman.soon()
        return back("/me/referrals", "named")

    def _job(self, request: Request) -> JobSpec | Response:
        """The job of the address; or the page that says why nobody can be named for it."""
        job_id = request.path_params["id"]
        with self.site.ledger.read() as conn:
            row, is_shown = shown.job(conn, job_id, self.site.boards) if job_id.isprintable() else (
                None, False,
            )  # fmt: skip
        if row is None or not self.site.settings.mail:
            return not_found(self.site, request, NO_JOB, inside=True)
        job = read_spec(row.spec)
        if not is_shown:
            return page(self.site, request, "closed.html.j2", 410, job=job, others=[], inside=True)
        return job

    def home(self, request: Request, wrong: Told | None = None, status: int = 200) -> Response:
        """One's own referrals."""
        person, at = request.state.person, number(request)
        with self.site.ledger.read() as conn:
            total, start = store.count_of(conn, person.id), (at - 1) * PER_PAGE
            found = referrals.of_person(conn, person.id, start=start, count=PER_PAGE)
            titles = overview.titles(conn, {one.job_id for one in found})
        return page(
            self.site, request, "referrals.html.j2", status, wrong=wrong,
            found=found, titles=titles, sentence=sentence, total=total, now=now_utc(),
            at=at, pages=max(1, -(-total // PER_PAGE)),
        )  # fmt: skip

    def take_back(self, request: Request) -> Response:
        """Before the friend has answered."""
        id_, person = request.path_params["id"], request.state.person
        try:
            inviting.take_back(self.site.ledger, self.site.settings, person, id_, now_utc())
        except referrals.Missing:
            return not_found(self.site, request, NO_REFERRAL, inside=True)
        except referrals.NotPossible as error:
            return self.home(request, error, 422)
        if self.site.postman:
            self.site.postman.soon()
        return back("/me/referrals", "taken_back")


class Friend:
    """The page of who was named. The secret in its address is all that lets one in; it stands in no
    other page, and no other site hears it."""

    def __init__(self, site: Site):
        self.site = site
        self.answers: dict[str, Callable[[Request], Response]] = {
            "agree": self.agree, "decline": self.decline, "withdraw": self.withdraw,
        }  # fmt: skip

    def look(
        self,
        request: Request,
        wrong: Told | None = None,
        status: int = 200,
        typed: Mapping[str, str] = NOTHING,
    ) -> Response:
        """What would be passed on, or was. Changes nothing."""
        try:
            found = friends.look(
                self.site.ledger, self.site.settings, request.path_params["secret"], now_utc()
            )
        except friends.Gone as error:
            return self.over(request, error, 410)
        answer = page(
            self.site, request, "friend.html.j2", status, wrong=wrong, found=found, job=found.job,
            typed=typed, known=naming.known, most=naming.MOST, days=referrals.ANSWER.days,
            by=format_list([one.by for one in found.asked], locale=locale(language_of(request))),
            apply_at=self.site.link(found.first.link) if found.first.link else "",
        )  # fmt: skip
        answer.headers.update(NO_STORE)
        return answer

    def answer(self, request: Request) -> Response:
        """Yes, no, or not any more."""
        take = self.answers.get(request.state.form.get("what", ""))
        if take is None:
            return self.look(request, Told(N_("Choose one of the buttons.")), 422)
        try:
            return take(request)
        except friends.Gone as error:
            return self.over(request, error, 410)
        except (naming.NotThus, referrals.NotPossible) as error:
            return self.look(request, error, 422, request.state.form)

    def agree(self, request: Request) -> Response:
        """Yes."""
        secret, form = request.path_params["secret"], request.state.form
        friends.agree(self.site.ledger, self.site.settings, secret, form, now_utc())
        answer = back(request.url.path, "friend_agreed")
        answer.headers.update(NO_STORE)
        return answer

    def decline(self, request: Request) -> Response:
        """No to what waits for an answer."""
        friends.decline(
            self.site.ledger, request.path_params["secret"], request.state.form, now_utc()
        )
        try:  # what they have agreed to before stays
            friends.look(
                self.site.ledger, self.site.settings, request.path_params["secret"], now_utc()
            )
        except friends.Gone:
            return self.over(request)
        return RedirectResponse(request.url.path, 303, NO_STORE)

    def withdraw(self, request: Request) -> Response:
        """Not any more."""
        friends.withdraw(
            self.site.ledger, request.path_params["secret"], request.state.form, now_utc()
        )
        return self.over(request)

    def over(self, request: Request, why: Told | None = None, status: int = 200) -> Response:
        """Nothing is kept of them. why: None: they have just said so."""
        silenced = not why and request.state.form.get("silence") == "yes"
        answer = page(self.site, request, "friend_over.html.j2", status, why=why, silenced=silenced)
        answer.headers.update(NO_STORE)
        return answer
