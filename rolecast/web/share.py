"""Sharing a job: where to, in whose words; and the words that somebody lends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import sharing
from rolecast.jobspec import JobSpec
from rolecast.ledger import overview, shares, shown
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.sharing import PLACES, Place
from rolecast.told import N_, Told
from rolecast.web import sharepaper
from rolecast.web.access import guarded
from rolecast.web.pages import NOTHING, Site, back, not_found, number, page, read_spec, sayings

PER_PAGE = 5  # lent wordings beside the composer
WORDS_PER_PAGE = 20
BLANK = {"words": "", "server": "", "lend": ""}
GROUPS = (
    (N_("Networks"), ("linkedin", "x", "bluesky", "mastodon", "facebook")),
    (N_("Messages"), ("whatsapp", "telegram", "signal", "mail")),
    (N_("Everywhere else"), ("copy", "qr", "poster")),
)
PROMPTS = (
    N_("What surprised you when you joined?"),
    N_("Who would love this work, and why?"),
    N_("What is hard about it?"),
    N_("What would you miss if you left?"),
)
sayings(taken_back=N_("Nobody can take up these words any more."))


@dataclass(frozen=True)
class Ready:
    """What is to be posted, as the page shows it."""

    text: str
    link: str
    length: int
    too_long: int
    intent: str
    alike: sharing.Alike
    credit: str  # the name of whose words these are; "" for one's own
    lends: bool


def routes(site: Site) -> list[Route]:
    """/jobs/ID/share, its places, the QR code, the poster, and /me/words."""
    pages = Composer(site)
    paper = sharepaper.routes(site, pages.job)
    return [
        guarded(site, "/jobs/{id}/share", pages.places, Role.employee),
        *paper,
        guarded(site, "/jobs/{id}/share/{place}", pages.begin, Role.employee),
        guarded(site, "/jobs/{id}/share/{place}", pages.take, Role.employee, ("POST",)),
        guarded(site, "/me/words", pages.mine, Role.employee),
        guarded(site, "/me/words/{share}", pages.take_back, Role.employee, ("POST",)),
    ]


def on_job(site: Site, conn, request: Request, job: JobSpec) -> dict[str, Any]:
    """What a job's page shows of this: where one has shared it, and how many lend words."""
    person = request.state.person
    mine = shares.of_job(conn, person.id, job.id) if person else []
    lent = shares.lenders(conn, job.id, person.id if person else "")
    return {"shared_at": [PLACES[one.place] for one in mine if one.place in PLACES], "lent": lent}


class Composer:
    """The pages' functions."""

    def __init__(self, site: Site):
        self.site = site

    def job(self, request: Request) -> tuple[JobSpec | None, Response | None]:
        """The job of the page, when it can be shared; else what says why not."""
        job_id = request.path_params["id"]
        with self.site.ledger.read() as conn:
            row, is_shown = shown.job(conn, job_id, self.site.boards)
        if row is None:
            return None, not_found(self.site, request, f"There is no job {job_id!r}.", inside=True)
        spec = read_spec(row.spec)
        zone = self.site.settings.company.timezone
        if not is_shown or not sharing.is_open(spec, now_utc(), zone):
            return None, page(self.site, request, "share_closed.html.j2", 410, job=spec)
        return spec, None

    def places(self, request: Request) -> Response:
        """Where to."""
        spec, refusal = self.job(request)
        if spec is None:
            return refusal  # type: ignore[return-value]
        with self.site.ledger.read() as conn:
            mine = shares.of_job(conn, request.state.person.id, spec.id)
        groups = [(name, [PLACES[one] for one in names]) for name, names in GROUPS]
        return page(
            self.site, request, "share.html.j2", job=spec, groups=groups,
            mine={one.place: self.site.link(one.link) for one in mine},
        )  # fmt: skip

    def begin(self, request: Request) -> Response:
        """The composer, empty."""
        spec, place, refusal = self._asked(request)
        return refusal or self._composer(request, spec, place)

    def take(self, request: Request) -> Response:
        """Words came: show how they go out; or a colleague's are wanted."""
        spec, place, refusal = self._asked(request)
        if refusal:
            return refusal
        form: dict[str, str] = request.state.form
        if form.get("take"):
            return self._with_lent(request, spec, place, form)
        try:
            ready = self._ready(request, spec, place, form)
        except sharing.NotPossible as error:
            return self._composer(request, spec, place, form, wrong=error, status=422)
        return self._composer(request, spec, place, form, ready=ready)

    def mine(self, request: Request) -> Response:
        """The words that somebody lends, and those they took up."""
        person, at = request.state.person, number(request)
        start = (at - 1) * WORDS_PER_PAGE
        with self.site.ledger.read() as conn:
            lent, total = shares.lent_by(conn, person.id, start, WORDS_PER_PAGE)
            taken = shares.taken_by(conn, person.id)
            ids = {one.job_id for one in lent} | {job for job, _, _ in taken}
            titles = overview.titles(conn, ids)
        return page(
            self.site, request, "words.html.j2", lent=lent, taken=taken, titles=titles,
            places=PLACES, at=at, pages=max(1, -(-total // WORDS_PER_PAGE)), total=total,
        )  # fmt: skip

    def take_back(self, request: Request) -> Response:
        """Lend these words no longer."""
        person = request.state.person
        with self.site.ledger.begin() as conn:
            done = shares.take_back(conn, person.id, request.path_params["share"])
        if not done:
            return not_found(self.site, request, "You do not lend these words.", inside=True)
        return back("/me/words", "taken_back")

    def _asked(self, request: Request) -> tuple[Any, Any, Response | None]:
        spec, refusal = self.job(request)
        if spec is None:
            return None, None, refusal
        place = PLACES.get(request.path_params["place"])
        if place is None or place.paper:
            return None, None, not_found(self.site, request, "There is no such page.", inside=True)
        return spec, place, None

    def _with_lent(
        self, request: Request, spec: JobSpec, place: Place, form: dict[str, str]
    ) -> Response:
        """The composer with a colleague's words below what is there already."""
        with self.site.ledger.read() as conn:
            one = shares.lent_one(conn, spec.id, form["take"])
        if one is None:
            gone = Told(N_("These words are not lent any more."))
            return self._composer(request, spec, place, form, wrong=gone, status=422)
        typed = form.get("words", "").strip()
        words = f"{typed}\n\n{one.words}" if typed else one.words
        return self._composer(request, spec, place, form | {"words": words, "taken": one.id})

    def _ready(
        self, request: Request, spec: JobSpec, place: Place, form: Mapping[str, str]
    ) -> Ready:
        """Mint the link, note what is to be noted. Raises NotPossible."""
        ledger, person, now = self.site.ledger, request.state.person, now_utc()
        words = sharing.tidy(form.get("words", ""))
        host = sharing.server(form.get("server", "")) if place.name == "mastodon" else ""
        lends = bool(form.get("lend"))
        if lends and not words:
            raise sharing.NotPossible(N_("There are no words yet that colleagues could use."))
        made = sharing.share(ledger, person.id, spec.id, place.name, now)
        credit = sharing.take_up(ledger, person, made, words, form.get("taken", ""), now)
        with ledger.read() as conn:
            others, _ = shares.lent_for(conn, spec.id, person.id, 0, sharing.COMPARED)
        if lends:
            sharing.lend(ledger, made, words)
        told = ""
        if form.get("told"):
            told = sharing.disclosure(form.get("language", ""), spec.company.name)
        link = self.site.link(made.link)
        text = sharing.composed(words, told, link)
        length = place.measure(text)
        return Ready(
            text=text,
            link=link,
            length=length,
            too_long=max(0, length - place.limit) if place.limit else 0,
            intent=sharing.intent(place, words, told, link, spec.title, host),
            alike=sharing.alike(words, others, spec, person.id),
            credit=credit,
            lends=lends,
        )

    def _composer(
        self,
        request: Request,
        spec: JobSpec,
        place: Place,
        form: Mapping[str, str] = NOTHING,
        ready: Ready | None = None,
        wrong: Told | None = None,
        status: int = 200,
    ) -> Response:
        """The page with everything that was typed still in its fields."""
        person, at = request.state.person, number(request)
        known = sharing.disclosures()
        asked = spec.language.split("-")[0]
        language = form.get("language", "") or (asked if asked in known else "en")
        with self.site.ledger.read() as conn:
            lent, total = shares.lent_for(conn, spec.id, person.id, (at - 1) * PER_PAGE, PER_PAGE)
            own = shares.get(conn, person.id, spec.id, place.name)
            taken = shares.lent_one(conn, spec.id, form.get("taken", ""))
        return page(
            self.site, request, "compose.html.j2", status, wrong=wrong,
            job=spec, place=place, ready=ready, prompts=PROMPTS,
            lines=sharing.lines(spec), lent=lent, total=total,
            at=at, pages=max(1, -(-total // PER_PAGE)), places=PLACES,
            own=own.words if own and own.lent else "",
            typed={**BLANK, **form}, chosen=language, most=sharing.MOST,
            tells=not form or bool(form.get("told")), credit=taken,
            told={one: sharing.disclosure(one, spec.company.name) for one in sorted(known)},
            link=self.site.link(own.link if own else "x" * 8),
        )  # fmt: skip
