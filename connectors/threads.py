"""Threads, through its API.

Sources: developers.facebook.com/docs/threads/posts, …/threads/insights, …/threads/troubleshooting,
and Meta's Postman collection.

A post is first made as a container, which nobody sees, and then published. Threads takes no key
of ours; after a lost answer we look through the account's latest posts. Posts cannot be edited.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar

import regex
from pydantic import Field, SecretStr

from connectors.oauth import Renewable
from rolecast.connector import (
    ConnectorError,
    Counts,
    Gone,
    Guarantee,
    Http,
    OutcomeUnknown,
    Receipt,
    Refused,
    Seen,
    Tokens,
    Unauthorised,
    Unavailable,
)
from rolecast.post import Post

_EMOJI = regex.compile(r"\p{Extended_Pictographic}")


class Threads(Renewable):
    """Posts to one account, at most 250 in 24 hours. Posts cannot be edited."""

    name: ClassVar[str] = "threads"
    label: ClassVar[str] = "Threads"
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    replies: ClassVar[bool] = True
    limit: ClassVar[int | None] = 500
    unit: ClassVar[str] = "characters, an emoji as its bytes"
    settle: ClassVar[float] = 60.0
    pace: ClassVar[float] = 1.0
    life: ClassVar[timedelta | None] = timedelta(days=60)
    voice: ClassVar[str] = "social"
    cards: ClassVar[bool] = True

    handle: str = Field(description="The account, without @.")
    token: SecretStr | None = Field(
        None,
        description="Long-lived access token; it lasts 60 days.",
        json_schema_extra={
            "how": "At developers.facebook.com: make an app with the Threads API and the "
            "permissions threads_basic, threads_content_publish, threads_manage_insights and "
            "threads_delete; authorise it as the account and exchange the token for a long-lived "
            "one."
        },
    )
    api: str = Field("https://graph.threads.net/v1.0", description="Address of the API.")

    def publish(self, http: Http, post: Post) -> Receipt:
        query = {"media_type": "TEXT", "text": post.text, "link_attachment": post.link}
        if post.reply_to:
            query["reply_to_id"] = post.reply_to
        # A container that is never published is never seen: making it may be repeated.
        made = self._call(http, "POST", "/me/threads", params=query, idempotent=True)
        answer = self._call(http, "POST", "/me/threads_publish", params={"creation_id": made["id"]})
        return Receipt(id=answer["id"], address=self._address(http, answer["id"]))

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            self._call(http, "DELETE", f"/{receipt.id}", idempotent=True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        query = {
            "fields": "id,text,permalink,timestamp,link_attachment_url",
            "since": str(int(post.since.timestamp())),
            "limit": "100",
        }
        where = f"/{post.reply_to}/replies" if post.reply_to else "/me/threads"
        for item in self._call(http, "GET", where, params=query)["data"]:
            if post.link in item.get("text", "") or post.link == item.get("link_attachment_url"):
                return Receipt(id=item["id"], address=item.get("permalink"))
        return None

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        try:
            there = self._call(http, "GET", f"/{receipt.id}", params={"fields": "text,permalink"})
        except Gone:
            return None
        return Seen(says=there.get("text"), address=there.get("permalink"))

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        counted = {}
        query = {"metric": "views,likes,replies,reposts,quotes,shares"}
        for receipt in receipts:
            with suppress(Gone):
                found = self._call(http, "GET", f"/{receipt.id}/insights", params=query)["data"]
                told = {one["name"]: one["values"][0]["value"] for one in found}
                shared = [told[name] for name in ("reposts", "quotes", "shares") if name in told]
                counted[receipt.id] = Counts(
                    impressions=told.get("views"),
                    likes=told.get("likes"),
                    comments=told.get("replies"),
                    reshares=sum(shared) if shared else None,
                )
        return counted

    def whoami(self, http: Http) -> str:
        me = self._call(http, "GET", "/me", params={"fields": "id,username"})
        if me["username"].casefold() != self.handle.removeprefix("@").casefold():
            raise Unauthorised(f"this token belongs to @{me['username']}, not to @{self.handle}")
        return f"@{me['username']}"

    def measure(self, text: str) -> int:
        emojis = _EMOJI.findall(text)
        return len(text) - len(emojis) + sum(len(one.encode()) for one in emojis)

    def _address(self, http: Http, number: str) -> str | None:
        """Where the post is; told separately, and not worth losing a receipt for."""
        with suppress(ConnectorError):
            query = {"fields": "permalink"}
            return self._call(http, "GET", f"/{number}", params=query).get("permalink")
        return None

    def _call(self, http: Http, method: str, path: str, **options: Any) -> Any:
        sure = method == "GET" or bool(options.get("idempotent"))

        def call(token: str) -> Any:
            return http.json(
                method,
                f"{self.api.rstrip('/')}{path}",
                headers={"Authorization": f"Bearer {token}"},
                errors=lambda status, body: _errors(body, sure),
                **options,
            )

        return self.authorised(http, call)

    def renewable(self) -> bool:
        return True  # with the token itself, while it lasts

    def renew(self, http: Http, tokens: Tokens) -> dict[str, Any]:
        return http.json(
            "GET",
            f"{self.api.rstrip('/')}/refresh_access_token",
            params={"grant_type": "th_refresh_token"},
            headers={"Authorization": f"Bearer {tokens.access.get_secret_value()}"},
            errors=lambda status, body: _errors(body, sure=True),
        )


def _errors(body: Any, sure: bool) -> ConnectorError | None:
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None
    code, told = error.get("code"), error.get("error_user_msg") or error.get("message", "")
    if code in (4, 17, 32, 613):
        return Unavailable(f"Threads asks to wait: {told}", 900)
    if code in (102, 190):
        return Unauthorised(f"the account's token has ended: {told}")
    if code in (24, 100) and error.get("error_subcode") in (33, 4279009):
        return Gone("the post is not on Threads any more")
    if code == 10 or 200 <= (code or 0) < 300:
        return Unauthorised(f"the app may not do that: {told}")
    if code in (1, 2) or error.get("is_transient"):
        return Unavailable(told) if sure else OutcomeUnknown(f"Threads failed: {told}")
    return Refused(f"Threads does not take this: {told} ({code})")
