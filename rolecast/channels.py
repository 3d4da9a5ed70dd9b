"""Channels: a connector, its account, a routing rule and policies."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import ValidationError

from rolecast.connector import Connector
from rolecast.jobspec import JobSpec
from rolecast.settings import (
    ChannelSettings,
    Pace,
    Policy,
    Route,
    Settings,
    SettingsError,
    explain,
)

KEY = "ROLECAST_KEY"  # the variable with the key of the vault
ANYWHERE = Route()
SecretSource = Callable[[str], str | None]


@dataclass(frozen=True)
class Channel:
    """One configured destination."""

    name: str
    connector: Connector
    route: Route
    policy: Policy
    enabled: bool = True
    pace: Pace = field(default_factory=Pace)

    def takes(self, spec: JobSpec) -> bool:
        """Whether this job is for this channel."""
        if not self.enabled or self.name in spec.channels.skip:
            return False
        if spec.channels.only and self.name not in spec.channels.only:
            return False
        return self._anywhere or _matches(self.route, spec)

    @cached_property
    def _anywhere(self) -> bool:
        return self.route == ANYWHERE

    def cannot_send(self) -> str | None:
        """Why nothing can be sent now, in words that say what to do; None when it can."""
        missing = self.connector.missing()
        if not missing:
            return None
        names = " and ".join(variable(self.name, field) for field in missing)
        return f"not connected: set {names} (`rolecast doctor` says how to get it)"


def variable(channel: str, field: str) -> str:
    """The environment variable that holds a channel's secret."""
    return f"ROLECAST_{channel}_{field}".upper().replace("-", "_")


def build(
    settings: Settings,
    table: Mapping[str, type[Connector]],
    env: Mapping[str, str],
    block: SecretSource | None = None,
) -> dict[str, Channel]:
    """The channels by name. Raises SettingsError naming every mistake.

    block: reads a secret out of a Prefect Block; without it such secrets stay unset, which is
    enough to plan and to preview.
    """
    channels, wrong = {}, []
    for name, entry in settings.channels.items():
        try:
            channels[name] = _one(name, entry, table, env, block)
        except SettingsError as error:
            wrong.append(str(error))
    if wrong:
        raise SettingsError("\n".join(wrong))
    return channels


def _one(
    name: str,
    entry: ChannelSettings,
    table: Mapping[str, type[Connector]],
    env: Mapping[str, str],
    block: SecretSource | None,
) -> Channel:
    where = f"rolecast.toml: [channels.{name}]"
    kind = table.get(entry.connector)
    if kind is None:
        near = difflib.get_close_matches(entry.connector, table, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sorted(table))}"
        raise SettingsError(f"{where}: no connector is called {entry.connector!r}; {hint}")
    values = dict(entry.model_extra or {})
    for secret in kind.secrets():
        values[secret] = _secret(where, name, secret, values.get(secret), env, block)
    try:
        connector = kind.model_validate(values)
    except ValidationError as error:
        raise SettingsError(explain(where, error)) from error
    return Channel(name, connector, entry.route, entry.policy, entry.enabled, entry.pace)


def _secret(
    where: str,
    channel: str,
    field: str,
    reference: object,
    env: Mapping[str, str],
    block: SecretSource | None,
) -> str | None:
    if reference is None:
        return env.get(variable(channel, field)) or None
    source, _, key = str(reference).partition(":")
    if source == "env" and key:
        return env.get(key) or None
    if source == "block" and key:
        return block(key) if block else None
    # The value itself is never repeated: it may be the secret.
    raise SettingsError(
        f'{where}: {field} is a secret and may not stand here; write "env:NAME" or '
        f'"block:NAME", or leave it out and set {variable(channel, field)}'
    )


def _matches(route: Route, spec: JobSpec) -> bool:
    countries = {place.country for place in spec.locations} | set(spec.remote_from)
    return all(
        not wanted or {text.casefold() for text in wanted} & {text.casefold() for text in given}
        for wanted, given in (
            (route.teams, {spec.team} if spec.team else set()),
            (route.countries, countries),
            (route.languages, {spec.language, spec.language.split("-")[0]}),
            (route.tags, set(spec.tags)),
        )
    )
