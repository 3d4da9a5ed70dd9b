"""A Telegram channel, through a bot.

Source: core.telegram.org/bots/api (10.1). A bot cannot read back its own messages, and
Telegram takes no key of ours: after a lost answer only a person can see whether it is there.
Texts are sent without markup, so nothing has to be escaped.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from rolecast import lengths
from rolecast.connector import (
    Connector,
    ConnectorError,
    Gone,
    Guarantee,
    Http,
    Receipt,
    Refused,
    Unauthorised,
    Unavailable,
)
from rolecast.post import Post


class Telegram(Connector):
    """Posts to one channel or group. A bot may send about one message a second to a chat, and
    twenty a minute to a group. There are no figures: Telegram tells a bot no views."""

    name: ClassVar[str] = "telegram"
    label: ClassVar[str] = "Telegram"
    guarantee: ClassVar[Guarantee] = Guarantee.BLIND
    limit: ClassVar[int | None] = 4096
    unit: ClassVar[str] = "UTF-16 units"
    pace: ClassVar[float] = 3.0
    voice: ClassVar[str] = "social"
    cards: ClassVar[bool] = True

    chat: str = Field(description="The channel: @name, or its number.")
    token: SecretStr | None = Field(
        None,
        description="The bot's token.",
        json_schema_extra={
            "how": "In Telegram: write /newbot to @BotFather and copy the token; then add the bot "
            "to the channel as an administrator who may post, edit and delete."
        },
    )
    test_chat: str = Field(
        "", description="A channel or group for test posts: @name, or its number."
    )
    api: str = Field("https://api.telegram.org", description="Address of the Bot API.")
    preview: bool = Field(True, description="Show a preview of the link below the post.")

    def publish(self, http: Http, post: Post) -> Receipt:
        return self._receipt(self._call(http, "sendMessage", self._message(post)), post)

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        body = self._message(post) | {"message_id": int(receipt.id)}
        with suppress(_NotChanged):
            self._call(http, "editMessageText", body, idempotent=True)
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        body = {"chat_id": self.chat, "message_id": int(receipt.id)}
        with suppress(Gone):
            self._call(http, "deleteMessage", body, idempotent=True)

    def whoami(self, http: Http) -> str:
        me = self._call(http, "getMe", {}, idempotent=True)
        chat = self._call(http, "getChat", {"chat_id": self.chat}, idempotent=True)
        return f"@{me['username']} in {chat.get('title') or self.chat}"

    def audience(self) -> str | None:
        return f"who is in {self.test_chat}" if self.test_chat else None

    def rehearse(self, http: Http, post: Post) -> Receipt | None:
        there = self.model_copy(update={"chat": self.test_chat})
        return there.publish(http, post)

    def measure(self, text: str) -> int:
        return lengths.utf16(text)

    def _message(self, post: Post) -> dict[str, Any]:
        return {
            "chat_id": self.chat,
            "text": post.text,
            "link_preview_options": {"is_disabled": not self.preview, "url": post.link},
        }

    def _receipt(self, message: dict[str, Any], post: Post) -> Receipt:
        name = message["chat"].get("username")
        number = str(message["message_id"])
        return Receipt(id=number, address=f"https://t.me/{name}/{number}" if name else None)

    def _call(self, http: Http, method: str, body: dict[str, Any], idempotent: bool = False) -> Any:
        if self.token is None:
            raise Unauthorised("there is no bot token for Telegram")
        url = f"{self.api.rstrip('/')}/bot{self.token.get_secret_value()}/{method}"
        answer = http.json("POST", url, json=body, errors=_errors, idempotent=idempotent)
        return answer["result"]


class _NotChanged(Refused):
    """The message says that already."""


def _errors(status: int, body: Any) -> ConnectorError | None:
    if not isinstance(body, dict):
        return None
    told, more = body.get("description", ""), body.get("parameters", {})
    if "retry_after" in more:
        return Unavailable(f"Telegram asks to wait: {told}", float(more["retry_after"]))
    if "migrate_to_chat_id" in more:
        return Refused(f'the group has moved: set chat = "{more["migrate_to_chat_id"]}"')
    if "message is not modified" in told:
        return _NotChanged(told)
    if "message to edit not found" in told or "message to delete not found" in told:
        return Gone("the message is not in the channel any more")
    if status in (401, 403):
        return Unauthorised(f"Telegram does not let the bot do that: {told}")
    if status == 404:
        return Unauthorised("Telegram does not know this bot: copy its token anew")
    if status == 400:
        return Refused(f"Telegram does not take this: {told}")
    return None
