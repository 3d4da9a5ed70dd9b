"""Viva Engage (Yammer): a community.

Sources: learn.microsoft.com/rest/api/yammer (messages.json, rate limits, Entra tokens).

Viva Engage takes no key of ours and cannot change a message. After a lost answer we look through
the community's latest messages for our link.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from connectors.oauth import Renewable
from rolecast.connector import (
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
from rolecast.post import Post

PAGES = 10  # of twenty messages each


class VivaEngage(Renewable):
    """Posts to one community under the name of the person who signed in: Viva Engage has no
    other way. Ten calls in thirty seconds at most; messages cannot be edited."""

    name: ClassVar[str] = "vivaengage"
    label: ClassVar[str] = "Viva Engage"
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    replies: ClassVar[bool] = True
    limit: ClassVar[int | None] = 10_000
    settle: ClassVar[float] = 60.0
    pace: ClassVar[float] = 3.0
    voice: ClassVar[str] = "chat"
    looks: ClassVar[str] = "network"
    cards: ClassVar[bool] = True

    community: int = Field(description="The community's number (group_id).")
    token: SecretStr | None = Field(
        None,
        description="Access token with the permission access_as_user.",
        json_schema_extra={
            "how": "In Entra: register an app with the delegated permission Yammer → "
            "access_as_user, and sign in as the person who posts. The token lasts about an hour; "
            "with a refresh token (offline_access) Rolecast renews it."
        },
    )
    api: str = Field("https://www.yammer.com/api/v1", description="Address of the API.")
    tenant: str = Field("organizations", description="The Entra tenant, for renewing the token.")
    oauth: str = Field("https://login.microsoftonline.com", description="Where tokens are renewed.")

    def publish(self, http: Http, post: Post) -> Receipt:
        body = {
            "body": post.text,
            "group_id": self.community,
            "og_url": post.link,
            "og_title": post.title,
        }
        if post.reply_to:
            body["replied_to_id"] = int(post.reply_to)
        made = self._call(http, "POST", "/messages.json", json=body)
        return _receipt(made["messages"][0])

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            self._call(http, "DELETE", f"/messages/{receipt.id}", idempotent=True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        query: dict[str, str] = {"threaded": "true", "limit": "20"}
        where = f"/messages/in_group/{self.community}.json"
        if post.reply_to:  # of threads a group shows the first message only
            query, where = {"limit": "20"}, f"/messages/in_thread/{post.reply_to}.json"
        for _ in range(PAGES):
            page = self._call(http, "GET", where, params=query)
            for message in page["messages"]:
                if post.link in _says(message):
                    return _receipt(message)
            if not page["messages"] or not page.get("meta", {}).get("older_available"):
                return None
            query["older_than"] = str(page["messages"][-1]["id"])
        return None

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        try:
            there = self._call(http, "GET", f"/messages/{receipt.id}.json")
        except Gone:
            return None
        return Seen(says=there["body"]["plain"], address=there.get("web_url"))

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        counted = {}
        for receipt in receipts:
            with suppress(Gone):
                path = f"/messages/in_thread/{receipt.extra['thread']}.json"
                page = self._call(http, "GET", path)
                first = next(m for m in page["messages"] if str(m["id"]) == receipt.id)
                counted[receipt.id] = Counts(
                    likes=first["liked_by"]["count"], comments=len(page["messages"]) - 1
                )
        return counted

    def whoami(self, http: Http) -> str:
        me = self._call(http, "GET", "/users/current.json")
        return f"{me['full_name']} in community {self.community}"

    def _call(self, http: Http, method: str, path: str, **options: Any) -> Any:
        url = f"{self.api.rstrip('/')}{path}"

        def call(token: str) -> Any:
            headers = {"Authorization": f"Bearer {token}"}
            return http.json(method, url, headers=headers, errors=_errors, **options)

        return self.authorised(http, call)

    def token_url(self) -> str:
        return f"{self.oauth.rstrip('/')}/{self.tenant}/oauth2/v2.0/token"

    def more(self) -> dict[str, str]:
        return {"scope": "https://www.yammer.com/access_as_user offline_access"}


def _errors(status: int, body: Any) -> ConnectorError | None:
    told = body.get("response", {}) if isinstance(body, dict) else {}
    reason = told.get("message", "") if isinstance(told, dict) else ""
    if status in (401, 403):
        return Unauthorised(
            f"Viva Engage does not let us do that: {reason or status}; sign in anew"
        )
    if status in (400, 422):
        return Refused(f"Viva Engage does not take this: {reason or status}")
    return None


def _says(message: dict[str, Any]) -> str:
    """Everything a message says, its link's card included."""
    cards = [str(one.get("web_url", "")) for one in message.get("attachments", [])]
    return " ".join([message["body"].get("plain", ""), *cards])


def _receipt(message: dict[str, Any]) -> Receipt:
    return Receipt(
        id=str(message["id"]),
        address=message.get("web_url"),
        extra={"thread": message.get("thread_id", message["id"])},
    )
