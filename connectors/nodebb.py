"""A NodeBB forum: a topic for each job.

Source: docs.nodebb.org/api (write API v3, read API), and NodeBB's own OpenAPI files.

NodeBB takes no key of ours; after a lost answer we look through the category's latest topics.
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


class NodeBB(Connector):
    """Opens topics in one category."""

    name: ClassVar[str] = "nodebb"
    label: ClassVar[str] = "NodeBB"
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    limit: ClassVar[int | None] = 32_767
    settle: ClassVar[float] = 30.0
    pace: ClassVar[float] = 10.0  # the forum's own delay between two posts
    voice: ClassVar[str] = "forum"

    url: str = Field(description="Address of the forum: https://forum.example.com.")
    category: int = Field(description="Number of the category.")
    token: SecretStr | None = Field(
        None,
        description="API token of the user that posts.",
        json_schema_extra={
            "how": "In NodeBB: Admin → Settings → API access → Create token, for the user that "
            "posts; that user may post in the category."
        },
    )

    def publish(self, http: Http, post: Post) -> Receipt:
        body = {"cid": self.category, "title": post.title, "content": post.text}
        made = self._call(http, "POST", "/api/v3/topics/", json=body)["response"]
        if made.get("queued"):
            raise Unauthorised("the forum holds this user's topics for a moderator: raise its rank")
        return self._receipt(made["tid"], made["slug"], made["mainPid"])

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        body = {"content": post.text, "title": post.title}
        path = f"/api/v3/posts/{receipt.extra['post']}"
        self._call(http, "PUT", path, json=body, idempotent=True)
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            self._call(http, "DELETE", f"/api/v3/topics/{receipt.id}/state", idempotent=True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        listing = self._call(http, "GET", f"/api/category/{self.category}")
        for topic in listing["topics"]:
            if topic["deleted"]:
                continue
            first = self._call(http, "GET", f"/api/v3/posts/{topic['mainPid']}")["response"]
            if post.link in first["content"]:
                return self._receipt(topic["tid"], topic["slug"], topic["mainPid"])
        return None

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        try:
            there = self._call(http, "GET", f"/api/v3/posts/{receipt.extra['post']}")["response"]
        except Gone:
            return None
        if there.get("deleted"):
            return None
        return Seen(says=there["content"], address=receipt.address)

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        counted = {}
        for receipt in receipts:
            with suppress(Gone):
                there = self._call(http, "GET", f"/api/v3/topics/{receipt.id}")["response"]
                counted[receipt.id] = Counts(
                    impressions=there.get("viewcount"),
                    likes=there.get("upvotes"),
                    comments=there["postcount"] - 1 if "postcount" in there else None,
                )
        return counted

    def whoami(self, http: Http) -> str:
        me = self._call(http, "GET", "/api/self")
        return f"{me['username']} on {self.url}"

    def _receipt(self, topic: int, slug: str, first: int) -> Receipt:
        address = f"{self.url.rstrip('/')}/topic/{slug}"
        return Receipt(id=str(topic), address=address, extra={"post": first})

    def _call(self, http: Http, method: str, path: str, **options: Any) -> Any:
        if self.token is None:
            raise Unauthorised("there is no API token for NodeBB")
        headers = {"Authorization": f"Bearer {self.token.get_secret_value()}"}
        url = f"{self.url.rstrip('/')}{path}"
        return http.json(method, url, headers=headers, errors=_errors, **options)


def _errors(status: int, body: Any) -> ConnectorError | None:
    told = body.get("status", {}) if isinstance(body, dict) else {}
    reason = told.get("message", "") if isinstance(told, dict) else ""
    if "too-many-posts" in reason:
        return Unavailable(f"the forum asks to wait: {reason}")
    if status in (401, 403):
        return Unauthorised(f"the forum does not let this user do that: {reason or status}")
    if status == 400:
        return Refused(f"the forum does not take this: {reason}")
    return None
