"""The desk's reports: funnels, their tables for other programs, and news told by hand."""

from __future__ import annotations

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import crediting, reports, sharing
from rolecast.credit import Rules
from rolecast.ledger import Connection, clicks, events, outcomes, overview
from rolecast.outcomes import Outcome, Stage
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.sections import Tell
from rolecast.told import N_, Told
from rolecast.web.access import guarded
from rolecast.web.pages import Site, back, language_of, not_found, number, page, sayings

PER_PAGE = 50
SOURCE = "desk"
# What a report is by: the link to it, and what its first column holds.
KINDS = {
    "job": (N_("By job"), N_("Job")),
    "channel": (N_("By channel"), N_("Channel")),
    "moment": (N_("By moment"), N_("Moment")),
    "variant": (N_("By wording"), N_("Wording")),
    "share": (N_("By place of sharing"), N_("Place")),
}
STAGES = {
    Stage.applied.value: N_("Applied"),
    Stage.screened.value: N_("Screened"),
    Stage.interviewed.value: N_("Interviewed"),
    Stage.offered.value: N_("Offered a contract"),
    Stage.hired.value: N_("Hired"),
    Stage.started.value: N_("Started"),
    Stage.rejected.value: N_("Turned down"),
    Stage.withdrawn.value: N_("Withdrawn by the applicant"),
}
PARTIES = {
    "channel": N_("The channel"),
    "share": N_("The share of"),
    "referral": N_("The referral by"),
    "nobody": N_("Nobody"),
}
OTHERS = N_("Other places")
WRONG = {
    "application": N_("Application: write the system’s number of it, without spaces; no name."),
    "stage": N_("Stage: choose one of the list."),
    "ref": N_("Link: write its code as it stands in the address."),
    "job": N_("Job: write its id, as its file is named."),
}
sayings(
    outcome_told=N_("Noted, and decided whom it counts for."),
    outcome_known=N_("That was known already."),
)
assert set(KINDS) == {*reports.BY} - {"link"} and set(STAGES) == set(Stage)


def routes(site: Site, rules: Rules) -> list[Route]:
    """/desk/report, its CSV, an application's credit, and news by hand."""

    def home(request: Request, wrong: Told | None = None) -> Response:
        what = request.query_params.get("by", "job")
        job = request.query_params.get("job", "")
        if what not in reports.BY or (what == "link" and not job):
            told = Told(N_("There is no report by %(what)s."), what=what)
            return not_found(site, request, told, inside=True)
        at = number(request)
        with site.ledger.read() as conn:
            rows, total = _rows(conn, what, job, at)
            if request.query_params.get("format") == "csv":
                return _csv(reports.to_csv(rows), job or what)
            titles = overview.titles(conn, [row.name for row in rows]) if what == "job" else {}
            sums = clicks.state(conn)
            unread = [e for e in events.of_job(conn, "") if e.what == "unreadable"][-5:]
        tell, form = Tell(language_of(request)), request.state.form if wrong else {}
        return page(
            site, request, "report.html.j2", 422 if wrong else 200, wrong=wrong,
            by=what, kinds=KINDS, job=job, rows=rows, titles=titles, sums=sums, unread=unread,
            at=at, pages=max(1, -(-total // PER_PAGE)), stages=STAGES,
            called=lambda name: _called(tell, what, job, name),
            typed={name: form.get(name, "") for name in ("application", "stage", "ref", "job")},
        )  # fmt: skip

    def application(request: Request) -> Response:
        wanted, source = request.path_params["id"], request.query_params.get("source")
        with site.ledger.read() as conn:
            try:
                found = crediting.find(conn, wanted, source)
                news = outcomes.of_application(conn, *found)
                log = outcomes.credit_of(conn, *found)
                names = crediting.names(conn, log)
            except crediting.Unknown:
                news = []
        if not news:
            told = Told(N_("There is no application %(number)s."), number=wanted)
            return not_found(site, request, told, inside=True)
        read = [(row, *crediting.named(row, names)) for row in log]
        return page(site, request, "credit.html.j2", found=found, news=news, log=read,
                    stages=STAGES, parties=PARTIES)  # fmt: skip

    def tell(request: Request) -> Response:
        try:
            return back("/desk/report", _tell(site, rules, request.state.form))
        except Told as error:
            return home(request, error)

    return [
        guarded(site, "/desk/report", home, Role.recruiter),
        guarded(site, "/desk/report/tell", tell, Role.recruiter, ("POST",)),
        guarded(site, "/desk/applications/{id}", application, Role.recruiter),
    ]


def _rows(conn: Connection, what: str, job: str, at: int) -> tuple[list[reports.Row], int]:
    """The report's rows, and how many there are where it has pages."""
    if job:
        return reports.of_job(conn, job), 0
    if what == "job":
        return reports.of_jobs(conn, (at - 1) * PER_PAGE, PER_PAGE)
    return reports.by(conn, what), 0


def _csv(text: str, name: str) -> Response:
    safe = "".join(letter for letter in name if letter.isalnum() or letter in "-_")
    named = {"Content-Disposition": f'attachment; filename="rolecast-{safe}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=named)


def _called(tell: Tell, what: str, job: str, name: str) -> str:
    """What the first cell of a row says."""
    if name == reports.OTHERS:
        return tell.say(OTHERS)
    if what == "share" and name in sharing.PLACES:
        return tell.say(sharing.PLACES[name].label)
    kind = {"moment": "moments", "variant": "wordings"}.get(what, "channels")
    return tell.name("channels" if job else kind, name)


def _tell(site: Site, rules: Rules, form: dict[str, str]) -> str:
    """Raises Told for what cannot be taken."""
    fields = {name: form.get(name, "").strip() or None for name in ("application", "stage", "ref")}
    try:
        told = Outcome(**fields, job=form.get("job") or None, at=now_utc())
    except ValidationError as error:
        raise Told(WRONG[str(error.errors(include_url=False)[0]["loc"][0])]) from error
    key = f"{told.application}:{told.stage}"
    days = site.settings.people.promise_days
    new = crediting.take(site.ledger, SOURCE, key, [told], rules, now_utc(), days)
    return "outcome_told" if new else "outcome_known"
