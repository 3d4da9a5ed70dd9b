"""Access tokens that end and are renewed, for the connectors whose network gives such.

Source: RFC 6749, 6 (refreshing an access token). Derive from `Renewable` and call the network
within `authorised`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar

from pydantic import Field, SecretStr

from rolecast.connector import (
    Connector,
    Http,
    OutcomeUnknown,
    Refused,
    Tokens,
    Unauthorised,
    Unavailable,
)

T = TypeVar("T")


class Renewable(Connector):
    """A connector whose `token` is renewed with `refresh_token` before and when it ends."""

    life: ClassVar[timedelta | None] = None  # of a token that a person gave, where it is known

    token: SecretStr | None = None
    refresh_token: SecretStr | None = Field(
        None,
        description="Refresh token, with which a new access token is fetched.",
        json_schema_extra={
            "how": "It comes with the access token where the app may have one. Set ROLECAST_KEY, "
            "too: what is renewed is kept in the ledger, sealed with it.",
            "optional": True,
        },
    )
    client_id: str | None = Field(None, description="The app's id, for renewing the token.")
    client_secret: SecretStr | None = Field(
        None,
        description="The app's secret, for renewing the token.",
        json_schema_extra={"how": "From the app's page, beside its id.", "optional": True},
    )

    def authorised(self, http: Http, call: Callable[[str], T]) -> T:
        """`call` with an access token that is valid; with a new one where the network says 401,
        before which nothing was done. Raises ConnectorError."""
        if self.token is None:
            raise Unauthorised(f"there is no access token for {self.label}")
        given = Tokens(access=self.token, refresh=self.refresh_token)
        if http.vault is None or not self.renewable():
            return call(self.token.get_secret_value())
        tokens = http.vault.tokens(given)
        if self._is_due(tokens, datetime.now(UTC)):
            tokens = http.vault.renewed(tokens, lambda old: self._renewed(http, old))
        try:
            return call(tokens.access.get_secret_value())
        except Unauthorised:
            fresh = http.vault.renewed(tokens, lambda old: self._renewed(http, old))
            return call(fresh.access.get_secret_value())

    def renewable(self) -> bool:
        """Whether what is needed for renewing is set."""
        return self.refresh_token is not None and self.client_id is not None

    def token_url(self) -> str:
        """Where the network renews tokens."""
        raise NotImplementedError

    def renew(self, http: Http, tokens: Tokens) -> dict[str, Any]:
        """The network's answer to a renewal: access_token, expires_in, refresh_token."""
        assert tokens.refresh
        body = {
            "grant_type": "refresh_token",
            "refresh_token": tokens.refresh.get_secret_value(),
            "client_id": self.client_id,
        }
        if self.client_secret:
            body["client_secret"] = self.client_secret.get_secret_value()
        return http.json("POST", self.token_url(), data=body | self.more())

    def more(self) -> dict[str, str]:
        """What else the network wants to be told."""
        return {}

    def _renewed(self, http: Http, old: Tokens) -> Tokens:
        try:
            answer = self.renew(http, old)
        except OutcomeUnknown as error:  # of the renewal; the call itself has not been made
            raise Unavailable(str(error)) from error
        except (Refused, Unauthorised) as error:
            raise Unauthorised(
                f"{self.label} does not renew the token any more: authorise the app anew ({error})"
            ) from error
        now, lasts = datetime.now(UTC), answer.get("expires_in")
        return Tokens(
            access=answer["access_token"],
            refresh=answer.get("refresh_token") or old.refresh,  # some give a new one each time
            expires=now + timedelta(seconds=float(lasts)) if lasts else None,
            since=now,
        )

    def _is_due(self, tokens: Tokens, now: datetime) -> bool:
        if tokens.expires is None:
            return self.life is not None and now > (tokens.since or now) + self.life / 2
        long = tokens.since is not None and tokens.expires - tokens.since > timedelta(days=2)
        return now > tokens.expires - (timedelta(days=7) if long else timedelta(minutes=5))
