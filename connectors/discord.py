"""A Discord channel: through a bot, or through a webhook.

Sources: docs.discord.com/developers/resources/message and …/webhook, …/topics/rate-limits, and
Discord's OpenAPI file for v10.

A bot's message carries a nonce of ours, for which Discord answers with the first message for
some minutes, and the channel can be read afterwards. A webhook can do neither.
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
    Receipt,
    Refused,
    Seen,
    Unauthorised,
    Unavailable,
)
from rolecast.post import Post

API = "https://discord.com/api/v10"
EPOCH = 1_420_070_400_000  # Discord's numbers count milliseconds from here
MARKUP = re.compile(r"(https?://\S+)|([\\*_~`|>#\[\]()-])")


class Discord(Connector):
    """Posts to one channel as a bot."""

    name: ClassVar[str] = "discord"
    label: ClassVar[str] = "Discord"
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    limit: ClassVar[int | None] = 2000
    settle: ClassVar[float] = 15.0
    pace: ClassVar[float] = 1.0
    voice: ClassVar[str] = "chat"
    cards: ClassVar[bool] = True

    channel: str = Field(description="The channel's number.", pattern=r"^\d+$")
    server: str = Field(description="The number of the server it is in.", pattern=r"^\d+$")
    token: SecretStr | None = Field(
        None,
        description="The bot's token.",
        json_schema_extra={
            "how": "At discord.com/developers/applications: New application → Bot → Reset token; "
            "invite it to the server with View channel, Send messages and Read message history."
        },
    )
    test_channel: str = Field(
        "", description="Number of a channel for test posts.", pattern=r"^\d*$"
    )
    api: str = Field(API, description="Address of Discord's API.")

    def publish(self, http: Http, post: Post) -> Receipt:
        body = self._message(post) | {"nonce": post.key[:25], "enforce_nonce": True}
        return self._receipt(self._call(http, "POST", "", json=body))

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        path = f"/{receipt.id}"
        return self._receipt(
            self._call(http, "PATCH", path, json=self._message(post), idempotent=True)
        )

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            self._call(http, "DELETE", f"/{receipt.id}", idempotent=True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        after = (int(post.since.timestamp() * 1000) - EPOCH) << 22
        while True:
            query = {"after": str(max(after, 0)), "limit": 100}
            page = self._call(http, "GET", "", params=query)
            for message in page:
                if post.link in message["content"]:
                    return self._receipt(message)
            if len(page) < 100:
                return None
            after = max(int(message["id"]) for message in page)

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        try:
            there = self._call(http, "GET", f"/{receipt.id}")
        except Gone:
            return None
        return Seen(says=plain(there["content"]), address=receipt.address)

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        counted = {}
        for receipt in receipts:
            with suppress(Gone):
                there = self._call(http, "GET", f"/{receipt.id}")
                likes = sum(one["count"] for one in there.get("reactions", []))
                counted[receipt.id] = Counts(likes=likes)
        return counted

    def whoami(self, http: Http) -> str:
        me = http.json("GET", f"{self.api}/users/@me", headers=self._signed(), errors=_errors)
        return f"{me['username']} in channel {self.channel}"

    def audience(self) -> str | None:
        return f"who is in channel {self.test_channel}" if self.test_channel else None

    def rehearse(self, http: Http, post: Post) -> Receipt | None:
        there = self.model_copy(update={"channel": self.test_channel})
        return there.publish(http, post)

    def wire(self, post: Post) -> str:
        return escape(post.text)

    def _message(self, post: Post) -> dict[str, Any]:
        # Nobody is ever called by name from a job spec.
        return {"content": self.wire(post), "allowed_mentions": {"parse": []}}

    def _receipt(self, message: dict[str, Any]) -> Receipt:
        number = message["id"]
        address = f"https://discord.com/channels/{self.server}/{self.channel}/{number}"
        return Receipt(id=number, address=address)

    def _call(self, http: Http, method: str, path: str, **options: Any) -> Any:
        url = f"{self.api}/channels/{self.channel}/messages{path}"
        return http.json(method, url, headers=self._signed(), errors=_errors, **options)

    def _signed(self) -> dict[str, str]:
        if self.token is None:
            raise Unauthorised("there is no bot token for Discord")
        return {"Authorization": f"Bot {self.token.get_secret_value()}"}


class DiscordWebhook(Connector):
    """Posts to one channel through a webhook: made in a minute, and nothing can be read back."""

    name: ClassVar[str] = "discord-webhook"
    label: ClassVar[str] = "Discord webhook"
    guarantee: ClassVar[Guarantee] = Guarantee.BLIND
    limit: ClassVar[int | None] = 2000
    pace: ClassVar[float] = 0.5
    voice: ClassVar[str] = "chat"

    url: SecretStr | None = Field(
        None,
        description="Address of the webhook; whoever has it can post.",
        json_schema_extra={
            "how": "In Discord: channel settings → Integrations → Webhooks → New → Copy URL."
        },
    )

    def publish(self, http: Http, post: Post) -> Receipt:
        # Without wait=true a message that was not saved gives no error.
        message = self._call(http, "POST", "", params={"wait": "true"}, json=self._message(post))
        return Receipt(id=message["id"])

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        path = f"/messages/{receipt.id}"
        self._call(http, "PATCH", path, json=self._message(post), idempotent=True)
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            self._call(http, "DELETE", f"/messages/{receipt.id}", idempotent=True)

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        try:
            there = self._call(http, "GET", f"/messages/{receipt.id}")
        except Gone:
            return None
        return Seen(says=plain(there["content"]))

    def whoami(self, http: Http) -> str:
        about = self._call(http, "GET", "")
        return f"the webhook {about['name']} of channel {about['channel_id']}"

    def wire(self, post: Post) -> str:
        return escape(post.text)

    def _message(self, post: Post) -> dict[str, Any]:
        return {"content": self.wire(post), "allowed_mentions": {"parse": []}}

    def _call(self, http: Http, method: str, path: str, **options: Any) -> Any:
        if self.url is None:
            raise Unauthorised("there is no address of a webhook for Discord")
        return http.json(method, f"{self.url.get_secret_value()}{path}", errors=_errors, **options)


def escape(text: str) -> str:
    """Text in which Discord's Markdown stays plain; links are left alone."""
    return MARKUP.sub(lambda found: found[1] or f"\\{found[2]}", text)


def plain(text: str) -> str:
    """The opposite of `escape`."""
    return re.sub(r"\\([\\*_~`|>#\[\]()-])", r"\1", text)


def _errors(status: int, body: Any) -> ConnectorError | None:
    code = body.get("code", 0) if isinstance(body, dict) else 0
    told = body.get("message", "") if isinstance(body, dict) else ""
    if code == 10008:
        return Gone("the message is not in the channel any more")
    if status == 429 and isinstance(body, dict) and "retry_after" in body:
        return Unavailable("Discord asks to wait", float(body["retry_after"]))
    if status in (401, 403) or code in (10003, 10015):
        return Unauthorised(f"Discord does not let us post there: {told} ({code or status})")
    if status == 400:
        return Refused(f"Discord does not take this: {told} ({code})")
    return None
