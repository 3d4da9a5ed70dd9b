"""The desk's channels: how each is, what it costs when an answer is lost there, and test posts.

The pages have no channel's credentials: what a network said is what `rolecast doctor` and the flow
`collect` last wrote down, and a test post is asked for through the ledger.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rolecast import rehearsing
from rolecast.channels import Channel, variable
from rolecast.ledger import health, rehearsals
from rolecast.ledger.health import Health
from rolecast.ledger.rehearsals import Rehearsal
from rolecast.people import Role
from rolecast.publish import now_utc
from rolecast.told import N_, Told
from rolecast.web.access import guarded
from rolecast.web.pages import Site, back, not_found, page, sayings

GUARANTEES = {
    "keyed": N_("If an answer is lost, we send again: the network knows our key; nothing doubles."),
    "findable": N_("If an answer is lost, we look before we send again: nothing doubles."),
    "blind": N_("If an answer is lost, only a person can see whether it is there: the desk asks."),
    "local": N_("It lives in our own ledger: no answer can be lost."),
    "manual": N_("A person posts there, and says so on the desk."),
}
ABILITIES = {
    "edit": N_("change a live post"),
    "withdraw": N_("take it down"),
    "find": N_("tell whether it is there after a lost answer"),
    "look": N_("see what is live"),
    "count": N_("read the network's figures"),
    "rehearse": N_("send a test post to a private audience"),
}
STATES = {
    "asked": N_(
        "A test post is asked for: it is sent within half a minute, while the watcher runs."
    ),
    "running": N_("A test post is being sent."),
    "done": N_("The last test post worked."),
    "failed": N_("The last test post did not work."),
}
LIVE, WAITING = ("live",), ("planned", "waiting", "sending")
HELD, FAILED = ("held",), ("refused", "unknown", "gone")
sayings(
    rehearsal_asked=N_("A test post is asked for."),
    rehearsal_there=N_("A test post is asked for already."),
)


@dataclass(frozen=True)
class Row:
    """One channel as the desk shows it. quiet: why there can be no test post, when so."""

    channel: Channel
    health: Health
    posts: dict[str, int]
    rehearsal: Rehearsal | None
    audience: str = ""
    quiet: str = ""
    abilities: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The channel's name."""
        return self.channel.name

    @property
    def guarantee(self) -> str:
        """What a lost answer costs there; a sentence to be translated."""
        connector = self.channel.connector
        special = "manual" if connector.manual else "local" if connector.local else ""
        return GUARANTEES[special or connector.guarantee.value]

    @property
    def state(self) -> str:
        """off, unasked, trouble or well."""
        if not self.channel.enabled:
            return "off"
        if self.health.trouble:
            return "trouble"
        connector = self.channel.connector
        if self.health.checked is None and connector.can("whoami"):
            return "unasked"
        return "well"

    def count(self, *states: str) -> int:
        """How many of its posts are in these states."""
        return sum(self.posts.get(state, 0) for state in states)


def routes(site: Site) -> list[Route]:
    """/desk/channels, a channel's own page, and where its form is sent to."""

    def home(request: Request) -> Response:
        site.live.before(request)
        return page(site, request, "channels.html.j2", rows=_rows(site), **_words())

    def one(request: Request, wrong: Told | None = None) -> Response:
        name = request.path_params["name"]
        if name not in site.channels:
            there = N_("There is no such channel in rolecast.toml.")
            return not_found(site, request, there, inside=True)
        site.live.before(request)
        row = next(row for row in _rows(site) if row.name == name)
        return page(
            site, request, "channel.html.j2", 422 if wrong else 200, wrong=wrong,
            row=row, about=_about(row.channel), **_words(),
        )  # fmt: skip

    def rehearse(request: Request) -> Response:
        name, who = request.path_params["name"], request.state.person.email
        channel = site.channels.get(name)
        if channel is None:
            return one(request)
        try:
            rehearsing.audience(channel)
        except rehearsing.NoRehearsal as error:
            return one(request, Told(N_("There can be no test post: %(reason)s."), reason=error))
        with site.ledger.begin(alone="rehearsals") as conn:
            new = rehearsals.ask(conn, name, "", who, now_utc())
        return back(f"/desk/channels/{name}", "rehearsal_asked" if new else "rehearsal_there")

    return [
        guarded(site, "/desk/channels", home, Role.recruiter),
        guarded(site, "/desk/channels/{name}", one, Role.recruiter),
        guarded(site, "/desk/channels/{name}/rehearse", rehearse, Role.recruiter, ("POST",)),
    ]


def _words() -> dict[str, Any]:
    return {
        "states": STATES, "live": LIVE, "waits": WAITING, "held": HELD, "failed": FAILED,
    }  # fmt: skip


def _rows(site: Site) -> list[Row]:
    with site.ledger.read() as conn:
        known, counts = health.everything(conn), health.posts(conn)
        tried = rehearsals.latest(conn)
    rows = []
    for name, channel in site.channels.items():
        seen_by, quiet = "", ""
        try:
            seen_by = rehearsing.audience(channel)
        except rehearsing.NoRehearsal as error:
            quiet = str(error)
        found = known.get(name, Health(name))
        can = [(words, channel.connector.can(what)) for what, words in ABILITIES.items()]
        rows.append(Row(channel, found, counts.get(name, {}), tried.get(name), seen_by, quiet, can))
    return rows


def _about(channel: Channel) -> dict[str, Any]:
    """What the connector's documentation says, read off the code; no secret's value."""
    connector = channel.connector
    secrets = connector.secrets()
    shown = {
        name: (info.description or "", getattr(connector, name))
        for name, info in type(connector).model_fields.items()
        if name not in secrets
    }
    return {
        "says": inspect.cleandoc(connector.__doc__ or ""),
        "story": (inspect.getmodule(type(connector)).__doc__ or "").strip(),
        "settings": shown,
        "secrets": {variable(channel.name, name): how for name, how in secrets.items()},
        "policy": channel.policy.model_dump(exclude_defaults=True, mode="json"),
        "route": channel.route.model_dump(exclude_defaults=True, mode="json"),
    }
