"""The desk's grid: one row a job, one cell a channel, and decisions about many cells at once.

The address is the view: whatever is searched, filtered and sorted by stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from rolecast import bulk
from rolecast.jobspec import Moment
from rolecast.ledger import decisions, grid, overview
from rolecast.ledger.decisions import Decision
from rolecast.ledger.grid import KINDS, SORTS, View
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.told import N_, Told
from rolecast.web.access import guarded
from rolecast.web.pages import Site, gettext, page

PER_PAGE = 50
LONGEST = 100  # letters of a search, a team and the like
BOXES = 6_000  # fields of a form: the cells of a page, and more
OUT = ("live", "held", "unknown")  # states from which taking down needs a run
# What each kind of cell is called, and its sign: none is told by its colour alone.
WORDS = {
    "failed": ("✕", N_("failed")),
    "gone": ("⊘", N_("gone")),
    "held": ("‖", N_("held")),
    "asked": ("?", N_("to approve")),
    "edited": ("✎", N_("changed there")),
    "waiting": ("…", N_("waiting")),
    "leaving": ("↘", N_("leaving")),
    "sending": ("→", N_("being sent")),
    "live": ("✓", N_("live")),
    "planned": ("○", N_("planned")),
    "withdrawn": ("↓", N_("taken down")),
    "dropped": ("–", N_("left out")),
    "none": ("·", N_("not there")),
}
# What a publication's state is called.
STATES = {kind: word for kind, (_, word) in WORDS.items()} | {
    "refused": N_("refused by the network"),
    "unknown": N_("perhaps there"),
}
ORDERS = {
    "newest": N_("Newest first"),
    "title": N_("By title"),
    "closes": N_("Closes soon"),
    "clicks": N_("Most clicks"),
    "trouble": N_("Most trouble"),
}
MOMENTS = {
    "announce": N_("Announcement"),
    "remind": N_("Reminders"),
    "closing": N_("Last call"),
    "change": N_("Replies that tell a change"),
}
assert set(WORDS) == set(KINDS) and set(ORDERS) == set(SORTS)
assert set(MOMENTS) <= {one.value for one in Moment}


def routes(site: Site) -> list[Route]:
    """/desk/grid, and where its forms are sent to."""

    def home(request: Request, wrong: Told | None = None) -> Response:
        form = request.state.form if request.method == "POST" else {}
        asked = _read(form["view"]) if "view" in form else dict(request.query_params)
        chosen = request.state.many if form else {}
        return _page(site, request, asked, wrong, chosen)

    def decide(request: Request) -> Response:
        form, many = request.state.form, request.state.many
        view, who = _read(form.get("view", "")), request.state.person.email
        try:
            cells = _chosen(site, view, many)
            done = bulk.decide(
                site.ledger, form.get("what", ""), cells, who, now_utc(), view_of(view).moment
            )
        except Told as error:
            return home(request, error)
        return RedirectResponse(f"/desk/grid?{query(view, decision=done.id)}#decision", 303)

    def undo(request: Request) -> Response:
        form = request.state.form
        view, id_ = _read(form.get("view", "")), form.get("decision", "")
        try:
            bulk.undo(site.ledger, id_, request.state.person.email, now_utc())
        except bulk.Undecided as error:
            return home(request, error)
        return RedirectResponse(f"/desk/grid?{query(view, decision=id_)}#decision", 303)

    return [
        guarded(site, "/desk/grid", home, Role.recruiter),
        guarded(site, "/desk/grid/decide", decide, Role.recruiter, ("POST",), BOXES),
        guarded(site, "/desk/grid/undo", undo, Role.recruiter, ("POST",)),
    ]


def view_of(asked: Mapping[str, str]) -> View:
    """The view that an address asks for; what it says that means nothing is left out."""

    def one_of(name: str, known: object) -> str:
        return asked[name] if asked.get(name, "") in known else ""  # type: ignore[operator]

    return View(
        search=" ".join(asked.get("q", "").split())[:LONGEST],
        channel=asked.get("channel", "")[:LONGEST],
        state=one_of("state", KINDS),
        team=asked.get("team", "")[:LONGEST],
        moment=one_of("moment", MOMENTS),
        needs=bool(asked.get("needs")),
        sort=one_of("sort", SORTS) or "newest",
    )


def query(asked: Mapping[str, str], **more: str) -> str:
    """The view as it stands in an address."""
    names = ("q", "channel", "state", "team", "moment", "needs", "sort", "page")
    kept = {name: asked[name] for name in names if asked.get(name)}
    return urlencode(kept | more)


def _page(
    site: Site,
    request: Request,
    asked: Mapping[str, str],
    wrong: Told | None,
    chosen: Mapping[str, list[str]],
) -> Response:
    view, zone = view_of(asked), ZoneInfo(site.settings.company.timezone)
    number = asked.get("page", "1")
    at = max(1, int(number)) if re.fullmatch(r"[0-9]{1,6}", number) else 1
    today = now_utc().astimezone(zone).date()
    site.live.before(request)
    with site.ledger.read() as conn:
        jobs, total = grid.page(conn, view, today, (at - 1) * PER_PAGE, PER_PAGE)
        found = grid.cells(conn, [job.id for job in jobs], view.channel, view.moment)
        teams = overview.teams(conn)
        decision = _decision(conn, asked.get("decision", ""))
    known = list(site.channels)
    names = known + sorted({name for _, name in found} - set(known))
    columns, say = [view.channel] if view.channel else names, gettext(request)
    words = {kind: (sign, say(word)) for kind, (sign, word) in WORDS.items()}
    ticked = {*chosen.get("cell", ()), *chosen.get("job", ())}
    rows = [(job, _line(job.id, columns, found, words, ticked)) for job in jobs]
    return page(
        site, request, "grid.html.j2", 422 if wrong else 200, wrong=wrong,
        view=view, rows=rows, total=total, at=at, pages=max(1, -(-total // PER_PAGE)),
        columns=columns, names=names, teams=teams,
        words=words, orders=ORDERS, moments=MOMENTS, decision=decision,
        query=query(asked), turn=query({**asked, "page": ""}),
        ticked=ticked, everything="all" in chosen,
    )  # fmt: skip


def _line(
    job: str,
    columns: Sequence[str],
    found: Mapping[tuple[str, str], Sequence[grid.Post]],
    words: Mapping[str, tuple[str, str]],
    ticked: Collection[str],
) -> list[tuple[str, str, str, str, str, int, bool]]:
    """A row's cells, ready: a template is slow where there are five hundred of them."""
    line = []
    for name in columns:
        posts, key = found.get((job, name), ()), f"{job}/{name}"
        kind = posts[0].kind if posts else "none"
        line.append((key, name, kind, *words[kind], len(posts), key in ticked))
    return line


def _decision(conn: object, id_: str) -> dict[str, object] | None:
    """What was decided just now, as the page tells it."""
    found = decisions.get(conn, id_[:32]) if id_ else None  # type: ignore[arg-type]
    if found is None:
        return None
    parts = decisions.parts(conn, found.id)  # type: ignore[arg-type]
    still, total = decisions.left_to_undo(conn, found.id)  # type: ignore[arg-type]
    out = sum(part.before.get("state") in OUT for part in parts)
    return {"it": found, "total": total, "still": still, "out": out, "was": _age(found)}


def _age(decision: Decision) -> datetime:
    return decision.undone or decision.at


def _read(view: str) -> dict[str, str]:
    """A view as a form carries it."""
    return {name: values[-1] for name, values in parse_qs(view[:2000]).items()}


def _chosen(site: Site, asked: Mapping[str, str], many: Mapping[str, list[str]]) -> list[bulk.Cell]:
    """The cells that a form has ticked. Raises Undecided when that is none."""
    view = view_of(asked)
    with site.ledger.read() as conn:
        if "all" in many:
            return grid.matching(conn, view, bulk.MOST)
        rows = many.get("job", ())
        cells = grid.matching(conn, view, bulk.MOST, rows) if rows else []
    for text in many.get("cell", ()):
        job, _, channel = text.partition("/")
        cells.append((job, channel))
    if not cells:
        raise bulk.Undecided(N_("Tick the posts that you mean first."))
    return cells
