"""Questions and answers under a job, and who may be asked: inside only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from babel.dates import format_date, format_timedelta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import asking, suggestions
from rolecast.asking import NotPossible
from rolecast.facts import locale
from rolecast.jobspec import ID_PATTERN, JobSpec
from rolecast.ledger import questions, shown
from rolecast.ledger.questions import Question
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.told import N_, Told
from rolecast.web import volunteer
from rolecast.web.access import guarded
from rolecast.web.pages import (
    Site,
    back,
    gettext,
    language_of,
    not_found,
    number,
    page,
    read_spec,
    sayings,
)

ON_JOB, PER_PAGE, ANSWERS = 4, 20, 50  # questions on a job's page, on a page, answers on a page
FIRST = 2  # answers that are shown with their question
VOLUNTEERS = 6
JUST_NOW = N_("just now")
NO_QUESTION = N_("There is no such question any more.")
NO_JOB = N_("There is no such job.")
CLOSED = N_("This job is not open any more, so it takes no new questions.")
sayings(
    asked=N_("Your question is here now. Whoever offered to be asked has been told."),
    answered=N_("Thank you. Whoever asked hears of your answer."),
    question_deleted=N_("It has been deleted."),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A question or an answer as a page shows it."""

    one: Question
    ago: str
    answers: tuple[Entry, ...] = ()
    more: int = 0  # answers that are not shown here

    @property
    def paragraphs(self) -> list[str]:
        """Its text; line breaks within a paragraph are kept."""
        return [part for part in self.one.text.split("\n\n") if part.strip()]


@dataclass(frozen=True)
class Talk:
    """What a page needs to show questions, and to take them."""

    job: JobSpec
    open: bool
    entries: list[Entry]
    total: int
    typed: str = ""  # in the field for a question
    most: int = asking.QUESTION
    most_answer: int = asking.ANSWER
    volunteers: Any = ()
    others: int = 0  # volunteers who are not shown
    credited: Any = ()
    choices: Any = ()


def routes(site: Site) -> list[Route]:
    """/jobs/ID/questions and below, /me/volunteer."""
    them = Questions(site)
    every, one = "/jobs/{id}/questions", "/jobs/{id}/questions/{question}"
    return [
        guarded(site, every, them.all, Role.employee),
        guarded(site, every, them.ask, Role.employee, ("POST",)),
        guarded(site, one, them.one, Role.employee),
        guarded(site, one, them.answer, Role.employee, ("POST",)),
        guarded(site, f"{one}/delete", them.delete, Role.employee, ("POST",)),
        *volunteer.routes(site),
    ]


def on_job(site: Site, conn, request: Request, job: JobSpec) -> dict[str, Any]:
    """What a job's page shows of this: `talk`."""
    found, total = questions.of_job(conn, job.id, 0, ON_JOB)
    volunteers, count = questions.volunteers_of(conn, job.team, VOLUNTEERS) if job.team else ([], 0)
    to = request.query_params.get("to", "")
    named = next((one.name for one in volunteers if one.person_id == to), "")
    return {
        "talk": Talk(
            job,
            True,
            _entries(conn, request, found),
            total,
            typed=f"{named}, " if named else "",
            volunteers=volunteers,
            others=count - len(volunteers),
            credited=suggestions.credited(conn, job),
            choices=named_choices(job),
        )
    }


def named_choices(job: JobSpec) -> dict[str, tuple[str, str]]:
    """See suggestions.choices; with a field's name as people read it."""
    found = suggestions.choices(job).items()
    return {what: (suggestions.FIELDS[field], text) for what, (field, text) in found}


def _entries(conn, request: Request, found: list[Question]) -> list[Entry]:
    """Questions with their first answers."""
    answers = questions.first_answers(conn, [one.id for one in found], FIRST)
    made = []
    for one in found:
        first, count = answers[one.id]
        below = tuple(_entry(request, answer) for answer in first)
        made.append(_entry(request, one, below, count - len(first)))
    return made


def _entry(
    request: Request, one: Question, answers: tuple[Entry, ...] = (), more: int = 0
) -> Entry:
    return Entry(one, ago(one.made, now_utc(), request), answers, more)


def ago(at: datetime, now: datetime, request: Request) -> str:
    """How long ago that was, as people say it in the language of the page: 3 hours ago."""
    gone, language = now - at, language_of(request)
    if gone < timedelta(minutes=1):
        return gettext(request)(JUST_NOW)
    if gone > timedelta(days=30):
        return format_date(at, "long", locale=locale(language))
    return format_timedelta(
        -gone, granularity="minute", add_direction=True, locale=locale(language)
    )  # fmt: skip


def job_of(site: Site, conn, request: Request) -> tuple[JobSpec | None, bool]:
    """The job of the page's address, and whether it is on the board now."""
    job_id = request.path_params["id"]
    if not re.match(ID_PATTERN, job_id):
        return None, False
    row, is_shown = shown.job(conn, job_id, site.boards)
    return (read_spec(row.spec), is_shown) if row else (None, False)


class Questions:
    """The pages' functions."""

    def __init__(self, site: Site):
        self.site = site

    def all(
        self, request: Request, wrong: Told | None = None, status: int = 200, typed: str = ""
    ) -> Response:
        """A job's questions."""
        at = number(request)
        with self.site.ledger.read() as conn:
            job, is_open = job_of(self.site, conn, request)
            if job is None:
                return not_found(self.site, request, gettext(request)(NO_JOB), inside=True)
            found, total = questions.of_job(conn, job.id, (at - 1) * PER_PAGE, PER_PAGE)
            entries = _entries(conn, request, found)
        if not (is_open or total):  # it may never have been shown
            return not_found(self.site, request, gettext(request)(NO_JOB), inside=True)
        return page(
            self.site, request, "questions.html.j2", status, wrong=wrong, job=job,
            talk=Talk(job, is_open, entries, total, typed),
            at=at, pages=max(1, -(-total // PER_PAGE)),
        )  # fmt: skip

    def ask(self, request: Request) -> Response:
        """Take a question."""
        typed = request.state.form.get("text", "")
        with self.site.ledger.read() as conn:
            job, is_open = job_of(self.site, conn, request)
        if job is None:
            return not_found(self.site, request, gettext(request)(NO_JOB), inside=True)
        try:
            if not is_open:
                raise NotPossible(CLOSED)
            asking.ask(self.site.ledger, request.state.person, job, typed, now_utc())
        except NotPossible as error:
            return self.all(request, error, 422, typed)
        return back(f"/jobs/{job.id}/questions", "asked")

    def one(
        self, request: Request, wrong: Told | None = None, status: int = 200, typed: str = ""
    ) -> Response:
        """One question with all of its answers."""
        at, id_ = number(request), request.path_params["question"]
        with self.site.ledger.read() as conn:
            job, is_open = job_of(self.site, conn, request)
            found = questions.get(conn, id_) if job and _is_number(id_) else None
            if job is None or found is None or found.answers_to or found.job_id != job.id:
                return not_found(self.site, request, gettext(request)(NO_QUESTION), inside=True)
            _, total = questions.first_answers(conn, [id_], 1)[id_]
            answers = questions.answers(conn, id_, (at - 1) * ANSWERS, ANSWERS)
        entry = _entry(request, found, tuple(_entry(request, one) for one in answers))
        return page(
            self.site, request, "question.html.j2", status, wrong=wrong, job=job,
            talk=Talk(job, is_open, [entry], total), entry=entry, typed=typed,
            at=at, pages=max(1, -(-total // ANSWERS)),
        )  # fmt: skip

    def answer(self, request: Request) -> Response:
        """Take an answer."""
        typed, params = request.state.form.get("text", ""), request.path_params
        person, now = request.state.person, now_utc()
        try:
            if not (_is_number(params["question"]) and re.match(ID_PATTERN, params["id"])):
                raise KeyError(params["question"])
            asking.answer(
                self.site.ledger, person, params["id"], params["question"], typed, now
            )  # fmt: skip
        except KeyError:
            return not_found(self.site, request, gettext(request)(NO_QUESTION), inside=True)
        except NotPossible as error:
            return self.one(request, error, 422, typed)
        return back(f"/jobs/{params['id']}/questions/{params['question']}", "answered")

    def delete(self, request: Request) -> Response:
        """Delete a question or an answer."""
        params, now = request.path_params, now_utc()
        try:
            if not _is_number(params["question"]):
                raise KeyError(params["question"])
            asking.remove(
                self.site.ledger, request.state.person, params["id"], params["question"], now
            )
        except KeyError:
            return not_found(self.site, request, gettext(request)(NO_QUESTION), inside=True)
        return back(f"/jobs/{quote(params['id'], safe='')}", "question_deleted")


def _is_number(text: str) -> bool:
    """Whether it can be a question's number."""
    return re.fullmatch("[0-9a-f]{16}", text) is not None
