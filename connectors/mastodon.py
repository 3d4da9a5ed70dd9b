"""Mastodon, and servers that speak its API.

Sources: docs.joinmastodon.org/methods/statuses, …/methods/media, …/api/rate-limits, and
StatusLengthValidator in Mastodon's source for the counting.

The server remembers our Idempotency-Key for an hour; later, or where a compatible server
ignores it, we look at the account's latest posts before sending again.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar, Literal

from pydantic import Field, SecretStr

from rolecast import lengths
from rolecast.connector import (
    Connector,
    ConnectorError,
    Counts,
    Gone,
    Guarantee,
    Http,
    Receipt,
    Refused,
    Seen,
    Unauthorised,
)
from rolecast.image import Media
from rolecast.post import Post


class Mastodon(Connector):
    """Posts to one account. Edits show in place; people who boosted the post are told."""

    name: ClassVar[str] = "mastodon"
    label: ClassVar[str] = "Mastodon"
    media: ClassVar[Media | None] = Media(8_000_000, 3840, 1500)
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    unit: ClassVar[str] = "characters, a link as 23"
    settle: ClassVar[float] = 30.0
    voice: ClassVar[str] = "social"
    cards: ClassVar[bool] = True

    server: str = Field(description="Address of the account's server: https://mastodon.example.")
    token: SecretStr | None = Field(
        None,
        description="Access token of the account.",
        json_schema_extra={
            "how": "On your server: Preferences → Development → New application, with the scopes "
            "read:accounts, read:statuses, write:statuses and write:media; copy its access token."
        },
    )
    max_characters: int = Field(500, ge=1, description="Longest post that the server takes.")
    visibility: Literal["public", "unlisted", "private"] = Field(
        "public", description="Who sees the posts."
    )

    @property
    def limit(self) -> int:
        return self.max_characters

    def publish(self, http: Http, post: Post) -> Receipt:
        status = self._status(http, post) | {"visibility": self.visibility}
        headers = {"Idempotency-Key": post.key}
        return _receipt(self._call(http, "POST", "/api/v1/statuses", json=status, headers=headers))

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        path = f"/api/v1/statuses/{receipt.id}"
        status = self._status(http, post)
        return _receipt(self._call(http, "PUT", path, json=status, idempotent=True))

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            self._call(http, "DELETE", f"/api/v1/statuses/{receipt.id}", idempotent=True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        query = {"limit": 40, "exclude_reblogs": "true", "exclude_replies": "true"}
        path = f"/api/v1/accounts/{self._me(http)['id']}/statuses"
        for item in self._call(http, "GET", path, params=query):
            if post.link in _text(item["content"]):
                return _receipt(item)
        return None

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        try:
            there = self._call(http, "GET", f"/api/v1/statuses/{receipt.id}")
        except Gone:
            return None
        return Seen(says=_text(there["content"]), address=there["url"])

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        counted = {}
        for receipt in receipts:
            with suppress(Gone):
                item = self._call(http, "GET", f"/api/v1/statuses/{receipt.id}")
                counted[receipt.id] = Counts(
                    likes=item.get("favourites_count"),
                    comments=item.get("replies_count"),
                    reshares=item.get("reblogs_count"),
                )
        return counted

    def whoami(self, http: Http) -> str:
        longest = self._call(http, "GET", "/api/v2/instance")["configuration"]["statuses"]
        if longest["max_characters"] < self.max_characters:
            raise Unauthorised(
                f"this server takes {longest['max_characters']} characters only: "
                f"set max_characters = {longest['max_characters']}"
            )
        return f"@{self._me(http)['acct']} on {self.server}"

    def audience(self) -> str | None:
        return "the account itself: a direct message that names nobody"

    def rehearse(self, http: Http, post: Post) -> Receipt | None:
        # Whom a text names would be shown it, too.
        quiet = post.model_copy(update={"text": post.text.replace("@", "@\u200b")})
        status = self._status(http, quiet) | {"visibility": "direct"}
        headers = {"Idempotency-Key": post.key}
        return _receipt(self._call(http, "POST", "/api/v1/statuses", json=status, headers=headers))

    def measure(self, text: str) -> int:
        return lengths.mastodon(text)

    def _status(self, http: Http, post: Post) -> dict[str, Any]:
        status: dict[str, Any] = {"status": post.text, "language": post.language.split("-")[0]}
        if post.image is not None:
            files = {"file": (post.image.name, post.image.read(), post.image.type)}
            sent = self._call(
                http,
                "POST",
                "/api/v2/media",
                files=files,
                data={"description": post.image.alt},
                idempotent=True,  # what no post uses is swept away
            )
            status["media_ids"] = [sent["id"]]
        return status

    def _me(self, http: Http) -> dict[str, Any]:
        with http.lock:
            if "me" not in http.memory:
                http.memory["me"] = self._call(http, "GET", "/api/v1/accounts/verify_credentials")
            return http.memory["me"]

    def _call(self, http: Http, method: str, path: str, **options: Any) -> Any:
        if self.token is None:
            raise Unauthorised("there is no access token for Mastodon")
        signed = {"Authorization": f"Bearer {self.token.get_secret_value()}"}
        options["headers"] = options.get("headers", {}) | signed
        return http.json(method, f"{self.server.rstrip('/')}{path}", errors=_errors, **options)


def _errors(status: int, body: Any) -> ConnectorError | None:
    told = body.get("error", "") if isinstance(body, dict) else ""
    if status == 403:
        return Unauthorised(f"the token may not do that: {told or 'a scope is missing'}")
    if status == 422:
        return Refused(f"Mastodon does not take this: {told}")
    return None


def _receipt(status: dict[str, Any]) -> Receipt:
    return Receipt(id=status["id"], address=status["url"])


def _text(html: str) -> str:
    """What a reader sees; Mastodon hides parts of a link with markup, not with spaces."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "html.parser")
    for line in soup.find_all("br"):
        line.replace_with("\n")
    return "\n\n".join(part.get_text() for part in soup.find_all("p")) or soup.get_text()
