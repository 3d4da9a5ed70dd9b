"""A Facebook page, through the Graph API.

Sources: developers.facebook.com/docs/pages-api/posts, …/graph-api/reference/page/feed,
…/graph-api/guides/error-handling, …/graph-api/reference/insights.

Facebook takes no key of ours; after a lost answer we look through the page's latest posts.
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
    OutcomeUnknown,
    Receipt,
    Refused,
    Seen,
    Unauthorised,
    Unavailable,
)
from rolecast.image import Media
from rolecast.post import Post

THROTTLED = {4, 17, 32, 341, 613, 80001}
TRANSIENT = {1, 2}


class Facebook(Connector):
    """Posts to one page. Facebook's figures for a post need a page with at least 100 likes and
    are renewed about once a day."""

    name: ClassVar[str] = "facebook"
    label: ClassVar[str] = "Facebook"
    media: ClassVar[Media | None] = Media(4_000_000, 4096, 1000)
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    limit: ClassVar[int | None] = 63_206
    settle: ClassVar[float] = 60.0
    pace: ClassVar[float] = 1.0
    voice: ClassVar[str] = "social"
    looks: ClassVar[str] = "network"
    fold: ClassVar[int | None] = 5
    cards: ClassVar[bool] = True

    page: str = Field(description="The page's number.", pattern=r"^\d+$")
    token: SecretStr | None = Field(
        None,
        description="Access token of the page.",
        json_schema_extra={
            "how": "At developers.facebook.com: make an app with pages_manage_posts, "
            "pages_read_engagement and read_insights; get a long-lived token as a person who "
            "manages the page, and with it the page's own token, which does not expire."
        },
    )
    api: str = Field("https://graph.facebook.com/v26.0", description="Address of the Graph API.")

    def publish(self, http: Http, post: Post) -> Receipt:
        if post.image is None:
            body = {"message": post.text, "link": post.link}
            made = self._call(http, "POST", f"/{self.page}/feed", data=body)["id"]
        else:
            image = {"source": (post.image.name, post.image.read(), post.image.type)}
            body = {"message": post.text, "alt_text_custom": post.image.alt}
            answer = self._call(http, "POST", f"/{self.page}/photos", data=body, files=image)
            made = answer["post_id"]
        return self._receipt(made)

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        body = {"message": post.text}
        self._call(http, "POST", f"/{receipt.id}", data=body, idempotent=True)
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            self._call(http, "DELETE", f"/{receipt.id}", idempotent=True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        query = {
            "fields": "id,message,created_time",
            "since": str(int(post.since.timestamp())),
            "limit": "100",
        }
        while True:
            page = self._call(http, "GET", f"/{self.page}/published_posts", params=query)
            for item in page["data"]:
                if post.link in item.get("message", ""):
                    return self._receipt(item["id"])
            after = page.get("paging", {}).get("cursors", {}).get("after")
            if not after or not page["paging"].get("next"):
                return None
            query["after"] = after

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        query = {"fields": "message,permalink_url"}
        try:
            there = self._call(http, "GET", f"/{receipt.id}", params=query)
        except Gone:
            return None
        return Seen(says=there.get("message"), address=there.get("permalink_url"))

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        counted = {}
        fields = (
            "shares,reactions.limit(0).summary(true),comments.limit(0).summary(true),"
            "insights.metric(post_media_view,post_clicks)"
        )
        for receipt in receipts:
            with suppress(Gone):
                there = self._call(http, "GET", f"/{receipt.id}", params={"fields": fields})
                told = {
                    one["name"]: one["values"][0]["value"]
                    for one in there.get("insights", {}).get("data", [])
                }
                counted[receipt.id] = Counts(
                    impressions=told.get("post_media_view"),
                    clicks=told.get("post_clicks"),
                    likes=there["reactions"]["summary"]["total_count"],
                    comments=there["comments"]["summary"]["total_count"],
                    reshares=there.get("shares", {}).get("count", 0),
                )
        return counted

    def whoami(self, http: Http) -> str:
        me = self._call(http, "GET", "/me", params={"fields": "id,name"})
        if me["id"] != self.page:
            raise Unauthorised(f"this token belongs to {me['name']} ({me['id']}), not to the page")
        return f"the page {me['name']}"

    def _receipt(self, number: str) -> Receipt:
        return Receipt(id=number, address=f"https://www.facebook.com/{number}")

    def _call(self, http: Http, method: str, path: str, **options: Any) -> Any:
        if self.token is None:
            raise Unauthorised("there is no access token for Facebook")
        headers = {"Authorization": f"Bearer {self.token.get_secret_value()}"}
        sure = method == "GET" or bool(options.get("idempotent"))
        return http.json(
            method,
            f"{self.api.rstrip('/')}{path}",
            headers=headers,
            errors=lambda status, body: _errors(body, sure),
            **options,
        )


def _errors(body: Any, sure: bool) -> ConnectorError | None:
    """Facebook's error codes; `sure`: the call may be repeated whatever became of it."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None
    code, told = error.get("code"), error.get("error_user_msg") or error.get("message", "")
    if code in THROTTLED:
        return Unavailable(f"Facebook asks to wait: {told}", 900)
    if code in (102, 190):
        return Unauthorised(f"the page's token has ended: {told}")
    if code == 100 and error.get("error_subcode") == 33:
        return Gone("the post is not on the page any more")
    if code == 10 or 200 <= (code or 0) < 300:
        return Unauthorised(f"the app may not do that: {told}")
    if code in TRANSIENT or error.get("is_transient"):
        return Unavailable(told) if sure else OutcomeUnknown(f"Facebook failed: {told}")
    if code == 506:
        return Refused("Facebook has a post with the same text already: change the words")
    return Refused(f"Facebook does not take this: {told} ({code})")
