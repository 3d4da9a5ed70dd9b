"""A Slack channel, through a bot of a Slack app.

Sources: docs.slack.dev/reference/methods/chat.postMessage and its neighbours,
…/methods/users.lookupByEmail, docs.slack.dev/messaging/message-metadata,
…/messaging/formatting-message-text, …/apis/web-api/rate-limits.

Slack takes no key of ours; every message carries it in its metadata, by which it is found
after a lost answer. Errors come as `"ok": false` in an answer of status 200.
"""

from __future__ import annotations

import re
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
from rolecast.post import Post

EVENT = "rolecast_post"
GONE = {"message_not_found", "cant_delete_message"}
LATER = {"ratelimited", "rate_limited", "service_unavailable", "team_added_to_org"}
UNSURE = {"fatal_error", "internal_error", "request_timeout"}
UNAUTHORISED = {
    "account_inactive", "channel_not_found", "invalid_auth", "is_archived", "missing_scope",
    "no_permission", "not_allowed_token_type", "not_authed", "not_in_channel",
    "restricted_action", "token_expired", "token_revoked",
}  # fmt: skip


class Slack(Connector):
    """Posts to one channel, about one message a second."""

    name: ClassVar[str] = "slack"
    label: ClassVar[str] = "Slack"
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    limit: ClassVar[int | None] = 4000
    settle: ClassVar[float] = 30.0
    pace: ClassVar[float] = 1.0
    tells: ClassVar[str] = "slack"
    voice: ClassVar[str] = "chat"
    cards: ClassVar[bool] = True

    channel: str = Field(description="The channel's number, such as C0123456789.")
    token: SecretStr | None = Field(
        None,
        description="Bot token of the app (xoxb-…).",
        json_schema_extra={
            "how": "At api.slack.com/apps: make an app with the bot scopes chat:write, "
            "channels:history, channels:read and reactions:read (and users:read and "
            "users:read.email, so that colleagues may have their news by Slack), install it, copy "
            "the bot token, and invite the bot to the channel."
        },
    )
    test_channel: str = Field(
        "", description="Number of a channel for test posts, to which the bot is invited, too."
    )
    api: str = Field("https://slack.com/api", description="Address of Slack's API.")

    def publish(self, http: Http, post: Post) -> Receipt:
        home = self._home(http)
        body = self._message(post) | {
            "metadata": {"event_type": EVENT, "event_payload": {"key": post.key}}
        }
        return self._receipt(home, self._call(http, "chat.postMessage", body)["ts"])

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        body = self._message(post) | {"ts": receipt.id}
        del body["unfurl_links"], body["mrkdwn"]
        self._call(http, "chat.update", body | {"parse": "none"}, idempotent=True)
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            body = {"channel": self.channel, "ts": receipt.id}
            self._call(http, "chat.delete", body, idempotent=True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        query = {
            "channel": self.channel,
            "oldest": f"{post.since.timestamp():.6f}",
            "include_all_metadata": "true",
            "limit": "200",
        }
        while True:
            page = self._ask(http, "conversations.history", query)
            for message in page["messages"]:
                about = message.get("metadata", {})
                if about.get("event_payload", {}).get("key") == post.key:
                    return self._receipt(self._home(http), message["ts"])
            cursor = page.get("response_metadata", {}).get("next_cursor")
            if not cursor:
                return None
            query["cursor"] = cursor

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        query = {
            "channel": self.channel,
            "latest": receipt.id,
            "oldest": receipt.id,
            "inclusive": "true",
            "limit": "1",
        }
        for message in self._ask(http, "conversations.history", query)["messages"]:
            if message["ts"] == receipt.id:
                return Seen(says=_plain(message["text"]), address=receipt.address)
        return None

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        counted = {}
        for receipt in receipts:
            query = {"channel": self.channel, "timestamp": receipt.id, "full": "true"}
            with suppress(Gone):
                message = self._ask(http, "reactions.get", query)["message"]
                counted[receipt.id] = Counts(
                    likes=sum(one["count"] for one in message.get("reactions", [])),
                    comments=message.get("reply_count", 0),
                )
        return counted

    def tell(self, http: Http, address: str, text: str) -> None:
        found = self._ask(http, "users.lookupByEmail", {"email": address})
        body = {"channel": found["user"]["id"], "text": _escaped(text), "mrkdwn": False}
        self._call(http, "chat.postMessage", body | {"unfurl_links": False})

    def whoami(self, http: Http) -> str:
        me = self._call(http, "auth.test", {}, idempotent=True)
        return f"{me['user']} in {me['team']}"

    def audience(self) -> str | None:
        return f"who is in channel {self.test_channel}" if self.test_channel else None

    def rehearse(self, http: Http, post: Post) -> Receipt | None:
        there = self.model_copy(update={"channel": self.test_channel})
        return there.publish(http, post)

    def wire(self, post: Post) -> str:
        return _escaped(post.text)

    def _message(self, post: Post) -> dict[str, Any]:
        return {
            "channel": self.channel,
            "text": self.wire(post),
            "mrkdwn": False,
            "unfurl_links": True,
        }

    def _home(self, http: Http) -> str:
        """The workspace's address, without a slash at its end."""
        with http.lock:
            if "home" not in http.memory:
                me = self._call(http, "auth.test", {}, idempotent=True)
                http.memory["home"] = me["url"].rstrip("/")
            return http.memory["home"]

    def _receipt(self, home: str, number: str) -> Receipt:
        address = f"{home}/archives/{self.channel}/p{number.replace('.', '')}"
        return Receipt(id=number, address=address)

    def _call(self, http: Http, method: str, body: dict[str, Any], idempotent: bool = False) -> Any:
        return self._answer(
            method,
            idempotent,
            http.json(
                "POST", self._url(method), json=body, headers=self._signed(), idempotent=idempotent
            ),
        )

    def _ask(self, http: Http, method: str, query: dict[str, str]) -> Any:
        found = http.json("GET", self._url(method), params=query, headers=self._signed())
        return self._answer(method, True, found)

    def _answer(self, method: str, idempotent: bool, body: Any) -> Any:
        if body.get("ok"):
            return body
        raise _error(body.get("error", "no reason given"), method, idempotent)

    def _url(self, method: str) -> str:
        return f"{self.api.rstrip('/')}/{method}"

    def _signed(self) -> dict[str, str]:
        if self.token is None:
            raise Unauthorised("there is no bot token for Slack")
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"}


def _error(code: str, method: str, idempotent: bool) -> ConnectorError:
    """Slack's error codes: docs.slack.dev lists them with each method."""
    told = f"Slack answered {code} to {method}"
    if code in GONE:
        return Gone("the message is not in the channel any more")
    if code in LATER:
        return Unavailable(told)
    if code in UNSURE:
        return Unavailable(told) if idempotent else OutcomeUnknown(told)
    if code in UNAUTHORISED:
        return Unauthorised(f"{told}: renew the token, or invite the bot to the channel")
    return Refused(told)


def _escaped(text: str) -> str:
    """Text in which nothing is Slack's markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str) -> str:
    """The text as it was written: Slack puts links into <…> and keeps our escapes."""
    text = re.sub(r"<(https?://[^|>]+)(\|[^>]*)?>", r"\1", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
