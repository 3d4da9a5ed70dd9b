"""Say it better: colleagues suggest other words, recruiters take them over at the desk."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import suggestions
from rolecast.asking import NotPossible
from rolecast.ledger import jobs
from rolecast.ledger import suggestions as kept
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.suggestions import FIELDS, LISTS
from rolecast.told import N_, Told
from rolecast.web.access import guarded
from rolecast.web.ask import NO_JOB, ago, job_of, named_choices
from rolecast.web.pages import (
    NOTHING,
    Site,
    back,
    gettext,
    not_found,
    number,
    page,
    read_spec,
    sayings,
)
from rolecast.worddiff import segments
from rolecast.wrapping import unwrapped

PER_PAGE, OWN = 10, 20
LONG = 600  # characters without a change, of which the middle is left out
NO_SUGGESTION = N_("There is no such suggestion any more.")
CHOOSE = N_("Choose one of the buttons.")
sayings(
    suggested=N_("Thank you. HR reads your suggestion, and you hear what became of it."),
    suggestion_back=N_("Your suggestion has been taken back."),
    suggestion_accepted=N_("The new words stand in the file now; its author has been told."),
    suggestion_by_hand=N_("Noted; its author has been told."),
    suggestion_declined=N_("The words stay as they are; its author has been told why."),
)


def routes(site: Site) -> list[Route]:
    """/jobs/ID/suggest, /desk/suggestions, and what their forms are sent to."""
    ours, desk = Suggesting(site), Deciding(site)
    return [
        guarded(site, "/jobs/{id}/suggest", ours.show, Role.employee),
        guarded(site, "/jobs/{id}/suggest", ours.take, Role.employee, ("POST",)),
        guarded(site, "/jobs/{id}/suggest/{one}/back", ours.take_back, Role.employee, ("POST",)),
        guarded(site, "/desk/suggestions", desk.show, Role.recruiter),
        guarded(site, "/desk/suggestions", desk.decide, Role.recruiter, ("POST",)),
    ]


class Suggesting:
    """A colleague's page: the words as they are, a field for others."""

    def __init__(self, site: Site):
        self.site = site

    def show(
        self,
        request: Request,
        wrong: Told | None = None,
        status: int = 200,
        typed: Mapping[str, str] = NOTHING,
    ) -> Response:
        """The form for one text of a job, and what one has suggested for it."""
        with self.site.ledger.read() as conn:
            job, is_open = job_of(self.site, conn, request)
            if job is None or not is_open:
                return not_found(self.site, request, gettext(request)(NO_JOB), inside=True)
            own = kept.of_person(conn, request.state.person.id, job.id, OWN)
        choices = named_choices(job)
        what = typed.get("what") or request.query_params.get("what", "")
        label, text = choices.get(what, ("", ""))
        field = what.partition(".")[0]
        return page(
            self.site, request, "suggest.html.j2", status, wrong=wrong, job=job,
            choices=choices, what=what if text else "", label=label, text=text, fields=FIELDS,
            typed=typed.get("after", unwrapped(text)), why=typed.get("why", ""),
            named=bool(typed.get("named")), own=own, is_line=field != "description",
            most=suggestions.MOST.get(field, suggestions.LINE), most_why=suggestions.WHY,
        )  # fmt: skip

    def take(self, request: Request) -> Response:
        """Take a suggestion."""
        form, person = request.state.form, request.state.person
        with self.site.ledger.read() as conn:
            job, is_open = job_of(self.site, conn, request)
        if job is None or not is_open:
            return not_found(self.site, request, gettext(request)(NO_JOB), inside=True)
        try:
            suggestions.suggest(
                self.site.ledger, person, job, form.get("what", ""), form.get("after", ""),
                form.get("why", ""), bool(form.get("named")), now_utc(),
            )  # fmt: skip
        except NotPossible as error:
            return self.show(request, error, 422, form)
        return back(f"/jobs/{job.id}/suggest", "suggested")

    def take_back(self, request: Request) -> Response:
        """Take one's own back."""
        id_ = request.path_params["one"]
        if not _is_number(id_) or not suggestions.take_back(
            self.site.ledger, request.state.person, id_
        ):
            return not_found(self.site, request, gettext(request)(NO_SUGGESTION), inside=True)
        with self.site.ledger.read() as conn:
            job, _ = job_of(self.site, conn, request)
        return back(f"/jobs/{job.id}/suggest" if job else "/", "suggestion_back")


class Deciding:
    """The recruiters' page."""

    def __init__(self, site: Site):
        self.site = site

    def show(
        self,
        request: Request,
        wrong: Told | None = None,
        status: int = 200,
        typed: Mapping[str, str] = NOTHING,
    ) -> Response:
        """What waits, with what would change. typed: a reason, by suggestion."""
        at = number(request)
        with self.site.ledger.read() as conn:
            found, total = kept.waiting(conn, (at - 1) * PER_PAGE, PER_PAGE)
            rows = jobs.some_jobs(conn, [one.job_id for one in found])
        waiting = [self._shown(request, one, rows.get(one.job_id)) for one in found]
        return page(
            self.site, request, "suggestions.html.j2", status, wrong=wrong,
            waiting=waiting, total=total, at=at, pages=max(1, -(-total // PER_PAGE)),
            typed=typed, fields=FIELDS, most=suggestions.REASON, folder=self.site.folder,
        )  # fmt: skip

    def _shown(self, request: Request, one: kept.Suggestion, row: jobs.JobRow | None) -> dict:
        """A suggestion with its job, what would change, and whether that is still possible."""
        job = read_spec(row.spec) if row else None
        there = job is not None and not row.removed
        old = there and one.before in suggestions.texts(job, one.field)
        # By hand it is done before it is said.
        done = there and one.after in suggestions.texts(job, one.field)
        diff = list(segments(unwrapped(one.before), unwrapped(one.after)))
        return {
            "one": one,
            "job": job,
            "path": row.path if row else "",
            "ago": ago(one.made, now_utc(), request),
            "diff": [(kind, _shortened(kind, text)) for kind, text in diff],
            "possible": old or done,
            "line": one.field in LISTS,
            "lines": suggestions.by_hand(one) if self.site.folder is None else (),
        }

    def decide(self, request: Request) -> Response:
        """Take one over, or decline it."""
        form, person = request.state.form, request.state.person
        id_ = form.get("one", "")
        ledger, folder, now = self.site.ledger, self.site.folder, now_utc()
        try:
            if not _is_number(id_):
                raise KeyError(id_)
            if form.get("what") == "accept":
                suggestions.accept(ledger, folder, id_, person, now)
                said = "suggestion_accepted" if folder else "suggestion_by_hand"
            elif form.get("what") == "decline":
                suggestions.decline(ledger, id_, person, form.get("reason", ""), now)
                said = "suggestion_declined"
            else:
                raise NotPossible(CHOOSE)
        except KeyError:
            return not_found(self.site, request, gettext(request)(NO_SUGGESTION), inside=True)
        except NotPossible as error:
            return self.show(request, error, 422, {id_: form.get("reason", "")})
        return back("/desk/suggestions", said)


def _shortened(kind: str, text: str) -> str:
    """What stays as it is, where it is long: its ends are enough to know the place."""
    if kind != "same" or len(text) <= LONG:
        return text
    start, end = text[: LONG // 3].rpartition(" ")[0], text[-LONG // 3 :].partition(" ")[2]
    return f"{start or text[: LONG // 3]} […] {end or text[-LONG // 3 :]}"


def _is_number(text: str) -> bool:
    return re.fullmatch("[0-9a-f]{16}", text) is not None
