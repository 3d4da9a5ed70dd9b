"""A Discourse forum: a topic for each job.

Sources: docs.discourse.org, and Discourse's OpenAPI file.

A topic takes an external id of ours, which is unique: a lost answer cannot make a second topic.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar

from pydantic import Field, SecretStr

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
    Unavailable,
)
from rolecast.post import Post


class Discourse(Connector):
    """Opens topics in one category. The forum's own rules for new users (links, length of titles,
    similar texts) apply to the account that posts."""

    name: ClassVar[str] = "discourse"
    label: ClassVar[str] = "Discourse"
    guarantee: ClassVar[Guarantee] = Guarantee.KEYED
    limit: ClassVar[int | None] = 32_000
    settle: ClassVar[float] = 30.0
    pace: ClassVar[float] = 1.0
    voice: ClassVar[str] = "forum"

    url: str = Field(description="Address of the forum: https://forum.example.com.")
    user: str = Field(description="Name of the user that posts.")
    category: int = Field(description="Number of the category.")
    key: SecretStr | None = Field(
        None,
        description="API key for that user.",
        json_schema_extra={
            "how": "In Discourse: Admin → Advanced → API keys → New, for a single user, with the "
            "scopes topics: write, read, update, delete and posts: edit."
        },
    )

    def publish(self, http: Http, post: Post) -> Receipt:
        body = {
            "title": post.title,
            "raw": post.text,
            "category": self.category,
            "external_id": post.key,
        }
        try:
            made = self._call(http, "POST", "/posts.json", json=body)
        except _Taken:
            there = self.find(http, post)
            if there is None:
                raise
            return self.edit(http, there, post)
        return self._receipt(made["topic_id"], made["topic_slug"], made["id"])

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        body = {"post": {"raw": post.text, "edit_reason": "The job spec changed."}}
        self._call(http, "PUT", f"/posts/{receipt.extra['post']}.json", json=body, idempotent=True)
        body = {"topic": {"title": post.title, "category_id": self.category}}
        self._call(http, "PUT", f"/t/-/{receipt.id}.json", json=body, idempotent=True)
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            self._call(http, "DELETE", f"/t/{receipt.id}.json", idempotent=True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        try:
            there = self._call(http, "GET", f"/t/external_id/{post.key}.json")
        except Gone:
            return None
        return self._receipt(there["id"], there["slug"], there["post_stream"]["posts"][0]["id"])

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        try:
            there = self._call(http, "GET", f"/posts/{receipt.extra['post']}.json")
        except Gone:
            return None
        return Seen(says=there["raw"], address=receipt.address)

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        counted = {}
        for receipt in receipts:
            with suppress(Gone):
                there = self._call(http, "GET", f"/t/{receipt.id}.json")
                links = there.get("details", {}).get("links") or []
                counted[receipt.id] = Counts(
                    impressions=there["views"],
                    clicks=sum(link["clicks"] for link in links),
                    likes=there["like_count"],
                    comments=there["posts_count"] - 1,
                )
        return counted

    def whoami(self, http: Http) -> str:
        me = self._call(http, "GET", f"/u/{self.user}.json")["user"]
        return f"{me['username']} on {self.url}"

    def _receipt(self, topic: int, slug: str, first: int) -> Receipt:
        address = f"{self.url.rstrip('/')}/t/{slug}/{topic}"
        return Receipt(id=str(topic), address=address, extra={"post": first})

    def _call(self, http: Http, method: str, path: str, **options: Any) -> Any:
        if self.key is None:
            raise Unauthorised("there is no API key for Discourse")
        headers = {"Api-Key": self.key.get_secret_value(), "Api-Username": self.user}
        url = f"{self.url.rstrip('/')}{path}"
        return http.json(method, url, headers=headers, errors=_errors, **options)


class _Taken(Refused):
    """A topic has our external id already."""


def _errors(status: int, body: Any) -> ConnectorError | None:
    body = body if isinstance(body, dict) else {}
    told = "; ".join(str(one) for one in body.get("errors", []))
    if status == 429:
        wait = body.get("extras", {}).get("wait_seconds")
        return Unavailable(f"the forum asks to wait: {told}", float(wait) if wait else None)
    if status == 403:
        return Unauthorised(f"the forum does not let {told or 'this key'} do that")
    if status == 422:
        # The forum names the field in words of its own language, the id in ours.
        kind = _Taken if "external" in told.casefold() else Refused
        return kind(f"the forum does not take this: {told}")
    return None
