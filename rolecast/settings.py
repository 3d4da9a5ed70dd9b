"""rolecast.toml: the company, the ledger and the channels.

Secrets never stand in the file: a secret setting is `env:NAME` or
`block:NAME`, and when it is left out, the environment variable
ROLECAST_<CHANNEL>_<SETTING> is read.
"""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from rolecast.jobspec import zone
from rolecast.outcomes import Stage

FILE = "rolecast.toml"

HOURS = r"^([01]?\d|2[0-3])(:[0-5]\d)?-([01]?\d|2[0-4])(:[0-5]\d)?$"
ChannelName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class SettingsError(Exception):
    """The settings file cannot be used; the message names the place and the cure."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Company(_Part):
    """What all channels share."""

    name: str = Field("", description="For pages and for specs that name only a unit.")
    timezone: str = Field("UTC", description="Zone of dates in job specs, such as Europe/Berlin.")
    url: str = Field("http://127.0.0.1:8080", description="Public address of links and job pages.")

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        zone(name)
        return name


class Route(_Part):
    """Which jobs go to a channel: every list that is not empty must match."""

    teams: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


When = Literal["never", "first", "linted", "always"]


class Approval(_Part):
    """When a person has to agree to a text before it goes out."""

    publish: When = Field("never", description="For new posts.")
    edit: When = Field("never", description="For changes of live posts.")
    withdraw: Literal["never", "always"] = Field("never", description="For taking posts down.")


class Remind(_Part):
    """Reminders of a job that is still open."""

    every: int = Field(14, ge=1, le=365, description="Days between two posts.")
    times: int = Field(1, ge=1, le=9, description="How many reminders.")


def _approval(value: Any) -> Any:
    return {"publish": value, "edit": value} if isinstance(value, str) else value


class Policy(_Part):
    """How a channel behaves."""

    approval: Annotated[Approval, BeforeValidator(_approval)] = Field(
        Approval(),
        description="Which texts a person has to agree to. always; never; first: until one text "
        "of the job has been agreed to; linted: when `rolecast check` warns about the job spec. "
        'For posts and edits alike, or apart: { publish = "first", edit = "linted" }.',
    )
    on_change: Literal["edit", "leave"] = Field(
        "edit", description="What happens to a live post when its job spec changes."
    )
    cannot_edit: Literal["ask", "leave", "reply", "repost"] = Field(
        "ask",
        description="What happens then where the network cannot edit. ask: a person does it. "
        "reply: a reply says it. repost: it is taken down and posted anew.",
    )
    on_close: Literal["withdraw", "mark", "leave"] = Field(
        "withdraw",
        description="What happens to a live post when its job closes. mark: it says so, where the "
        "network can edit, and else is taken down.",
    )
    remind: Remind | None = Field(None, description="Reminders, such as { every = 14, times = 1 }.")
    closing: int | None = Field(
        None, ge=1, le=60, description="Days before the closing date at which a last call is made."
    )
    workers: int = Field(4, ge=1, le=32, description="Posts sent at the same time.")


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Hours = Annotated[str, StringConstraints(pattern=HOURS)]


class Pace(_Part):
    """When new posts may go out, and how many: for one account, in its own time zone."""

    days: tuple[Day, ...] = Field(DAYS, min_length=1, description="Days of the week.")
    hours: tuple[Hours, ...] = Field((), description='Times of the day, such as "9:00-12:30".')
    spacing: int = Field(0, ge=0, le=10_080, description="Minutes between two posts, at least.")
    per_day: int | None = Field(None, ge=1, description="Posts a day, at most.")
    timezone: str = Field("", description="Such as Europe/Berlin; empty: the company's.")

    @field_validator("hours")
    @classmethod
    def _forward(cls, hours: tuple[str, ...]) -> tuple[str, ...]:
        for text in hours:
            start, end = minutes(text)
            if start >= end or end > 24 * 60:
                raise ValueError(f'{text!r}: write from and to of one day, such as "9:00-17:00"')
        return hours

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name:
            zone(name)
        return name

    @property
    def free(self) -> bool:
        """Whether nothing has to wait."""
        return not (self.hours or self.spacing or self.per_day) and set(self.days) == set(DAYS)


def minutes(hours: str) -> tuple[int, int]:
    """From and to of "9:00-17:30", in minutes of the day."""
    start, end = ([int(part) for part in one.split(":")] for one in hours.split("-"))
    return start[0] * 60 + (start[1] if start[1:] else 0), end[0] * 60 + (end[1] if end[1:] else 0)


class Cost(_Part):
    """What a channel costs, where you want to see that beside what it brings."""

    currency: str = Field("EUR", pattern=r"^[A-Z]{3}$", description="Such as EUR or USD.")
    per_post: float = Field(0, ge=0, description="For each post.")
    per_month: float = Field(0, ge=0, description="For the account or the subscription.")


class ChannelSettings(BaseModel):
    """One [channels.NAME] table; what is not listed here are the connector's own settings."""

    model_config = ConfigDict(extra="allow", frozen=True)

    connector: str
    enabled: bool = True
    route: Route = Route()
    policy: Policy = Policy()
    pace: Pace = Pace()
    cost: Cost | None = None


class Go(_Part):
    """Links and clicks."""

    proxies: tuple[str, ...] = Field(
        (), description="Networks of proxies whose X-Forwarded-For is believed, as 10.0.0.0/8."
    )
    keep_days: int = Field(
        180, ge=1, description="Days for which single clicks are kept; their sums stay."
    )
    keep: Literal["auto", "disk", "ledger"] = Field(
        "auto",
        description="Where a click is made durable before its answer leaves: on the machine's own "
        "disk, or in a ledger on PostgreSQL. auto: in the ledger when that is PostgreSQL.",
    )
    parameters: dict[str, str] = Field(
        {},
        description="Host of an applicant system → parameter of its addresses that carries the "
        "link's code to it, where `ref` or what Rolecast knows is not right.",
    )

    @field_validator("proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            ipaddress.ip_network(proxy, strict=False)
        return proxies


class System(_Part):
    """An applicant system that tells what became of applications."""

    kind: Literal["rolecast", "greenhouse", "lever", "ashby", "workable", "smartrecruiters"] = (
        Field(
            "rolecast",
            description="Whose webhooks they are; rolecast: our own API, for all others.",
        )
    )
    stages: dict[str, Stage] = Field(
        {}, description="The system's own names of stages, where Rolecast does not know them."
    )


class Oidc(_Part):
    """An OpenID Connect provider to sign in with."""

    issuer: str = Field(description="Its address, such as https://login.example.com/realms/staff.")
    client_id: str = Field(description="Our name there; the secret is ROLECAST_OIDC_SECRET.")
    label: str = Field("", description="What the button says after “Sign in with”.")


class People(_Part):
    """Colleagues: how they sign in and what holds for them.

    Without domains, oidc and header nobody signs in: whoever reaches the pages, from this machine
    only, may do everything.
    """

    domains: tuple[str, ...] = Field(
        (), description="Whoever has a mail address there may sign in by a link in a mail."
    )
    oidc: Oidc | None = Field(None, description="An OpenID Connect provider.")
    header: str = Field(
        "",
        description="Header in which a proxy of yours, one of go.proxies, names who has signed in "
        "there, by mail address; such as X-Forwarded-Email.",
    )
    recruiters: tuple[str, ...] = Field((), description="Mail addresses of who works at the desk.")
    admins: tuple[str, ...] = Field((), description="And of who gives others their roles.")
    session_days: int = Field(30, ge=1, le=365, description="Days until one signs in again.")
    promise_days: int = Field(
        10, ge=1, le=90, description="Days within which who named a friend hears what became of it."
    )
    bonus_days: int = Field(
        90, ge=0, le=730, description="Days after the first day of work at which a bonus is due."
    )
    leaderboard: bool = Field(
        False, description="Whether those who agree to it are named with what they achieved."
    )
    goals: dict[str, Annotated[int, Field(ge=1, le=1000)]] = Field(
        {}, description="Team → how many it wants to bring in a quarter; only its sum is shown."
    )


class Mail(_Part):
    """The server that takes our mails to colleagues and friends."""

    host: str = Field(description="The mail server.")
    port: int = Field(587, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection is protected; none only on one machine."
    )
    user: str = Field("", description="Name there; the password is ROLECAST_MAIL_PASSWORD.")
    sender: str = Field(description="From whom: jobs@example.com.")
    sender_name: str = Field(
        "", description="The sender's name as people see it; the company's unless you say so."
    )


class Notify(_Part):
    """Who is told when a run fails, and when one that should have come did not."""

    mail: tuple[str, ...] = Field((), description="Mail addresses; needs [mail].")
    blocks: tuple[str, ...] = Field(
        (),
        description="Prefect's notification blocks, such as slack-webhook/recruiting or "
        "ms-teams-webhook/recruiting.",
    )
    expects: tuple[str, ...] = Field(
        ("syndicate",), description="Flows that have to run at least every `silence` minutes."
    )
    silence: int = Field(45, ge=1, le=10_080, description="Minutes without a run that are told.")


class Log(_Part):
    """What the programs write about themselves; never anything about a person."""

    format: Literal["text", "json"] = Field(
        "text", description="text: lines for people. json: one JSON object a line, for programs."
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="From which weight on something is written."
    )


class Settings(_Part):
    """The whole file."""

    company: Company = Company()
    folder: str = Field("jobspecs", description="Folder of job specs.")
    templates: str | None = Field(
        None, description="Folder with templates of your own; they come before the built-in ones."
    )
    ledger: str = Field(
        "sqlite:///.rolecast/ledger.db", description="The ledger's address (SQLAlchemy URL)."
    )
    go: Go = Go()
    systems: dict[ChannelName, System] = Field(
        {}, description="Applicant systems; each one's secret is ROLECAST_SYSTEM_<NAME>_SECRET."
    )
    people: People = People()
    mail: Mail | None = Field(None, description="For sign-in, referrals, news and digests.")
    notify: Notify = Notify()
    log: Log = Log()
    credit: str = Field("v1", description="The rules by which applications are credited.")
    channels: dict[ChannelName, ChannelSettings] = {}

    @model_validator(mode="after")
    def _signed(self) -> Settings:
        """Mails come from the company by name, not from a bare address."""
        if not self.mail or self.mail.sender_name:
            return self
        mail = self.mail.model_copy(update={"sender_name": self.company.name})
        return self.model_copy(update={"mail": mail})

    @field_validator("channels")
    @classmethod
    def _not_colleagues(cls, channels: dict[str, ChannelSettings]) -> dict[str, ChannelSettings]:
        for name in ("share", "referral"):  # as the ledger calls colleagues' links
            if name in channels:
                raise ValueError(f"{name} means colleagues' own links: give it another name")
        return channels


def load(root: Path) -> Settings:
    """Read `root`/rolecast.toml. Raises SettingsError."""
    path = root / FILE
    try:
        data = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"there is no {FILE} in {root}; go to your Rolecast folder or name it with --root"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        raise SettingsError(explain(str(path), error)) from error


def explain(where: str, error: ValidationError) -> str:
    """One line a mistake, with the setting's full name."""
    lines = []
    for item in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in item["loc"])
        lines.append(f"{where}: {name or 'settings'}: {item['msg']}")
    return "\n".join(lines)


def ledger_address(settings: Settings, root: Path, env: dict[str, str]) -> str:
    """The ledger's address: ROLECAST_LEDGER, else the file's; SQLite paths are under `root`."""
    address = env.get("ROLECAST_LEDGER") or settings.ledger
    prefix = "sqlite:///"
    if address.startswith(prefix) and not address.startswith(prefix + "/"):
        return prefix + str((root / address.removeprefix(prefix)).resolve())
    return address


SYSTEM_SECRET = "ROLECAST_SYSTEM_{}_SECRET"


def system_secret(name: str) -> str:
    """The environment variable of an applicant system's secret."""
    return SYSTEM_SECRET.format(name.upper().replace("-", "_"))


NOT_IN_POSTS = {"go", "systems", "credit", "people", "mail", "notify", "log"}


def as_dict(settings: Settings) -> dict[str, Any]:
    """The settings that posts depend on as plain data, for digests; the file holds no secrets."""
    away: dict[str, Any] = dict.fromkeys(NOT_IN_POSTS, True)
    return settings.model_dump(mode="json", exclude={**away, "channels": {"__all__": {"cost"}}})
