"""One cell of the grid: every post of a job on a channel, with what can be done about it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import desk
from rolecast.channels import Channel
from rolecast.ledger import approvals, clicks, overview, publications
from rolecast.ledger.approvals import Asked
from rolecast.ledger.grid import kind_of
from rolecast.ledger.publications import Publication
from rolecast.ledger.states import State
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.told import N_, Told
from rolecast.web.access import guarded
from rolecast.web.grid import MOMENTS, WORDS
from rolecast.web.pages import Site, back, not_found, page, sayings

ACTIONS = {
    "not-there": (desk.not_there, N_("It is not there, send it")),
    "gone": (desk.it_is_gone, N_("I have taken it down")),
    "retry": (desk.retry, N_("Try again")),
    "put-up": (desk.retry, N_("Put it up again")),
    "put-back": (desk.put_back, N_("Put back")),
    "accept": (desk.accept, N_("Accept it as it is")),
    "drop": (desk.drop, N_("Skip: leave it out")),
    "withdraw": (desk.withdraw, N_("Take it down")),
    "keep": (desk.keep, N_("Leave it up after all")),
    "forget": (desk.forget, N_("Forget this post")),
}
sayings(cell_noted=N_("Noted. The next run takes it from here."))


def routes(site: Site) -> list[Route]:
    """/desk/grid/JOB/CHANNEL, and where its forms are sent to."""

    def cell(request: Request, wrong: Told | str | None = None) -> Response:
        job, channel = request.path_params["job"], request.path_params["channel"]
        site.live.before(request)
        with site.ledger.read() as conn:
            title = overview.titles(conn, [job]).get(job)
            found = [p for p in publications.of_jobs(conn, [job]) if p.channel == channel]
            asked = {one.slot: one for one in approvals.waiting(conn, [job])}
            clicked = clicks.people(conn, [one.link for one in found])
        if title is None or not (found or channel in site.channels):
            there = N_("There is no such job, or no such channel.")
            return not_found(site, request, there, inside=True)
        known = site.channels.get(channel)
        found.sort(key=lambda one: (one.made_at is None, one.made_at or one.updated))
        posts = [
            (one, asked.get(one.slot), kind(one, asked), possible(one, known)) for one in found
        ]
        return page(
            site, request, "cell.html.j2", 422 if wrong else 200, wrong=wrong,
            job=job, title=title, channel=channel, known=known, posts=posts, clicked=clicked,
            words=WORDS, moments=MOMENTS, actions=ACTIONS,
        )  # fmt: skip

    def act(request: Request) -> Response:
        form, who = request.state.form, request.state.person.email
        job, channel = request.path_params["job"], request.path_params["channel"]
        slot, what = (job, channel, form.get("moment", "")), form.get("what", "")
        try:
            _decide(site, form, slot, what, who)
        except Told as error:
            return cell(request, error)
        return back(f"/desk/grid/{job}/{channel}", "cell_noted")

    return [
        guarded(site, "/desk/grid/{job}/{channel}", cell, Role.recruiter),
        guarded(site, "/desk/grid/{job}/{channel}", act, Role.recruiter, ("POST",)),
    ]


def kind(one: Publication, asked: dict[publications.Slot, Asked]) -> str:
    """What a post is called in the grid."""
    drifts, unwanted = one.drift is not None, one.unwanted is not None
    return kind_of(one.state, one.slot in asked, drifts, unwanted)


def possible(one: Publication, channel: Channel | None) -> list[str]:
    """What may be decided about a post: names of ACTIONS, and `there` for naming its address."""
    state, pending = one.state, one.pending
    by_hand = channel is not None and channel.connector.manual
    if one.unwanted and state not in (State.withdrawn, State.dropped):
        return ["gone"] if pending == "withdraw" and state is State.held else ["keep"]
    if state is State.live:
        return (["put-back", "accept"] if one.drift is not None else []) + ["withdraw", "forget"]
    if state is State.held and pending == "withdraw":
        return ["gone", "drop"]
    if state is State.held and pending == "publish":
        return ["there", "drop"] if by_hand else ["there", "not-there", "drop"]
    if state is State.unknown:
        return ["there"] + (["not-there"] if pending == "publish" else [])
    if state is State.withdrawn:
        return ["put-up"] if one.unwanted else []
    return {
        State.held: ["there", "retry", "withdraw", "drop"],
        State.refused: ["retry", "drop"],
        State.waiting: ["retry", "drop"],
        State.gone: ["put-back", "accept"],
        State.dropped: ["put-up"],
        State.planned: ["withdraw"],
    }.get(state, [])


def _decide(site: Site, form: dict[str, str], slot: publications.Slot, what: str, who: str) -> None:
    """Raises NotPossible, or Told for a form that makes no sense."""
    now = now_utc()
    if what == "there":
        desk.it_is_there(site.ledger, slot, form.get("address", "")[:2000], who, now)
    elif what in ACTIONS:
        ACTIONS[what][0](site.ledger, slot, who, now)
    elif what in ("approve", "refuse"):
        with site.ledger.read() as conn:
            asked = {str(one.id): one for one in approvals.waiting(conn, [slot[0]])}
        question = asked.get(form.get("asked", ""))
        if question is None or question.slot != slot:
            raise Told(N_("This text has changed meanwhile, or is decided; look again."))
        note = form.get("note", "").strip()[:1000]
        desk.decide(site.ledger, question, what == "approve", who, now, note)
    else:
        raise Told(N_("Choose one of the buttons."))
