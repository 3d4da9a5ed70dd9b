"""rolecast.toml: the company, the ledger and the channels.

Secrets never stand in the file: a secret setting is `env:NAME` or
`block:NAME`, and when it is left out, the environment variable
ROLECAST_<CHANNEL>_<SETTING> is read.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

FILE = "rolecast.toml"

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


class Route(_Part):
    """Which jobs go to a channel: every list that is not empty must match."""

    teams: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Policy(_Part):
    """How a channel behaves."""

    approval: Literal["never", "always"] = Field(
        "never", description="always: only a reviewed plan (publish --plan) reaches this channel."
    )
    on_change: Literal["edit", "leave"] = Field(
        "edit", description="What happens to a live post when its job spec changes."
    )
    on_close: Literal["withdraw", "leave"] = Field(
        "withdraw", description="What happens to a live post when its job closes."
    )
    workers: int = Field(4, ge=1, le=32, description="Posts sent at the same time.")


class ChannelSettings(BaseModel):
    """One [channels.NAME] table; what is not listed here are the connector's own settings."""

    model_config = ConfigDict(extra="allow", frozen=True)

    connector: str
    enabled: bool = True
    route: Route = Route()
    policy: Policy = Policy()


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
    channels: dict[ChannelName, ChannelSettings] = {}


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


def as_dict(settings: Settings) -> dict[str, Any]:
    """The settings as plain data, for digests; holds no secrets, since the file holds none."""
    return settings.model_dump(mode="json")
