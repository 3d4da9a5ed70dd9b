"""Microsoft Teams: a channel, through a Workflows webhook or through Microsoft Graph.

Sources: learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors,
learn.microsoft.com/graph/api/chatmessage-post (and -update, -softdelete), …/chat-post,
adaptivecards.io/explorer.

A Workflows webhook answers 202 without a number: what it did cannot be seen or changed. Graph
gives both, but only for a person who has signed in: posts appear under that person's name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from contextlib import suppress
from html import escape
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import Field, SecretStr, field_validator

from connectors.oauth import Renewable
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
from rolecast.post import Post

CARD = "application/vnd.microsoft.card.adaptive"
MAX_BYTES = 28_000
_MARKUP = re.compile(r"([\\*_\[\]~`#-])")


class Teams(Connector):
    """Posts cards to one channel through a Workflows webhook. A post cannot be changed or taken
    down by Rolecast, only by a person in Teams."""

    name: ClassVar[str] = "teams"
    label: ClassVar[str] = "Microsoft Teams"
    guarantee: ClassVar[Guarantee] = Guarantee.BLIND
    pace: ClassVar[float] = 1.0
    voice: ClassVar[str] = "chat"

    url: SecretStr | None = Field(
        None,
        description="Address of the workflow; whoever has it can post.",
        json_schema_extra={
            "how": "In Teams: channel → … → Workflows → Post to a channel when a webhook request "
            "is received → copy the address. (Connectors at webhook.office.com are retired.)"
        },
    )
    where: str | None = Field(None, description="The channel's address, to show on the desk.")

    @field_validator("url")
    @classmethod
    def _not_retired(cls, url: SecretStr | None) -> SecretStr | None:
        if url and "webhook.office.com" in url.get_secret_value():
            raise ValueError("connectors at webhook.office.com are retired: make a workflow")
        return url

    def publish(self, http: Http, post: Post) -> Receipt:
        if self.url is None:
            raise Unauthorised("there is no address of a workflow for Teams")
        attachment = {"contentType": CARD, "contentUrl": None, "content": card(post)}
        body = {"type": "message", "attachments": [attachment]}
        size = len(json.dumps(body).encode())
        if size > MAX_BYTES:
            raise Refused(f"the card has {size} bytes; Teams takes {MAX_BYTES}")
        http.send("POST", self.url.get_secret_value(), json=body, errors=_errors)
        return Receipt(id=post.key, address=self.where)


class TeamsGraph(Renewable):
    """Posts to one channel under the name of the person who signed in; ten messages in ten
    seconds at most."""

    name: ClassVar[str] = "teams-graph"
    label: ClassVar[str] = "Microsoft Teams (Graph)"
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    settle: ClassVar[float] = 30.0
    pace: ClassVar[float] = 1.0
    tells: ClassVar[str] = "teams"
    voice: ClassVar[str] = "chat"

    team: str = Field(description="The team's id.")
    channel: str = Field(description="The channel's id, such as 19:…@thread.tacv2.")
    token: SecretStr | None = Field(
        None,
        description="Access token with ChannelMessage.Send and ChannelMessage.Read.All.",
        json_schema_extra={
            "how": "In Entra: register an app with the delegated permissions ChannelMessage.Send, "
            "ChannelMessage.Read.All and ChannelMessage.ReadWrite (and User.Read, Chat.Create and "
            "ChatMessage.Send, so that colleagues may have their news by Teams), and sign in as "
            "the person who posts. The token lasts about an hour; with a refresh token "
            "(offline_access) Rolecast renews it."
        },
    )
    api: str = Field("https://graph.microsoft.com/v1.0", description="Address of Graph.")
    tenant: str = Field("organizations", description="The Entra tenant, for renewing the token.")
    oauth: str = Field("https://login.microsoftonline.com", description="Where tokens are renewed.")

    def publish(self, http: Http, post: Post) -> Receipt:
        return _receipt(self._call(http, "POST", "", json=_message(post)))

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        self._call(http, "PATCH", f"/{receipt.id}", json=_message(post), idempotent=True)
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            self._call(http, "POST", f"/{receipt.id}/softDelete", idempotent=True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        path, query = "", {"$top": "50"}
        for _ in range(10):
            page = self._call(http, "GET", path, params=query)
            for message in page["value"]:
                if post.link in message["body"]["content"] and not message.get("deletedDateTime"):
                    return _receipt(message)
            further = page.get("@odata.nextLink", "").partition("?")[2]
            if not further:
                return None
            path, query = f"?{further}", {}
        return None

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        try:
            there = self._call(http, "GET", f"/{receipt.id}")
        except Gone:
            return None
        if there.get("deletedDateTime"):
            return None
        from bs4 import BeautifulSoup

        soup = BeautifulSoup(there["body"]["content"], "html.parser")
        for line in soup.find_all("br"):
            line.replace_with("\n")
        return Seen(says=soup.get_text(), address=there.get("webUrl"))

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        counted = {}
        for receipt in receipts:
            with suppress(Gone):
                there = self._call(http, "GET", f"/{receipt.id}")
                counted[receipt.id] = Counts(likes=len(there.get("reactions") or []))
        return counted

    def tell(self, http: Http, address: str, text: str) -> None:
        me = self._ask(http, "GET", "/me")["userPrincipalName"]
        members = [
            {
                "@odata.type": "#microsoft.graph.aadUserConversationMember",
                "roles": ["owner"],
                "user@odata.bind": f"{self.api.rstrip('/')}/users('{_quoted(one)}')",
            }
            for one in (me, address)
        ]
        # There is one such chat of two people: a second call finds it (graph/api/chat-post).
        made = {"chatType": "oneOnOne", "members": members}
        chat = self._ask(http, "POST", "/chats", json=made, idempotent=True)["id"]
        lines = [_linked(escape(line, quote=False)) for line in text.split("\n")]
        body = {"body": {"contentType": "html", "content": "<br>".join(lines)}}
        self._ask(http, "POST", f"/chats/{quote(chat, safe='')}/messages", json=body)

    def whoami(self, http: Http) -> str:
        me = self._ask(http, "GET", "/me")
        return f"{me['displayName']} ({me['userPrincipalName']})"

    def _call(self, http: Http, method: str, path: str, **options: Any) -> Any:
        room = f"/teams/{quote(self.team, safe='')}/channels/{quote(self.channel, safe='')}"
        return self._ask(http, method, f"{room}/messages{path}", **options)

    def _ask(self, http: Http, method: str, path: str, **options: Any) -> Any:
        def call(token: str) -> Any:
            headers = {"Authorization": f"Bearer {token}"}
            url = f"{self.api.rstrip('/')}{path}"
            return http.json(method, url, headers=headers, errors=_errors, **options)

        return self.authorised(http, call)

    def token_url(self) -> str:
        return f"{self.oauth.rstrip('/')}/{self.tenant}/oauth2/v2.0/token"

    def more(self) -> dict[str, str]:
        return {"scope": "https://graph.microsoft.com/.default offline_access"}


def card(post: Post) -> dict[str, Any]:
    """The post as an Adaptive Card 1.5: the title, the text, and the link as a button."""
    words = [line for line in post.text.split("\n") if line.strip() != post.link]
    paragraphs = [part for part in "\n".join(words).split("\n\n") if part.strip()]
    blocks = [
        {"type": "TextBlock", "text": _plain(part.strip("\n")), "wrap": True} for part in paragraphs
    ]
    title = {
        "type": "TextBlock", "text": _plain(post.title), "weight": "Bolder", "size": "Medium",
        "wrap": True, "style": "heading",
    }  # fmt: skip
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "lang": post.language,
        "body": [title, *blocks],
        "actions": [{"type": "Action.OpenUrl", "title": post.title[:60], "url": post.link}],
    }


def _plain(text: str) -> str:
    """Text in which the card's Markdown stays plain, with lines kept apart."""
    return _MARKUP.sub(r"\\\1", text).replace("\n", "\n\n")


def _message(post: Post) -> dict[str, Any]:
    lines = []
    for line in post.text.split("\n"):
        safe = escape(line, quote=False)
        lines.append(safe.replace(post.link, f'<a href="{post.link}">{post.link}</a>'))
    return {"body": {"contentType": "html", "content": "<br>".join(lines)}, "subject": post.title}


def _linked(line: str) -> str:
    """A line of HTML in which addresses are links."""
    return re.sub(r"(https?://[^\s<>\"]+)", r'<a href="\1">\1</a>', line)


def _quoted(name: str) -> str:
    """A person's address within an OData key."""
    return quote(name.replace("'", "''"), safe="@'")


def _receipt(message: dict[str, Any]) -> Receipt:
    return Receipt(id=message["id"], address=message.get("webUrl"))


def _errors(status: int, body: Any) -> ConnectorError | None:
    told = body.get("error", {}) if isinstance(body, dict) else {}
    reason = told.get("message", "") if isinstance(told, dict) else ""
    if status in (401, 403):
        return Unauthorised(f"Microsoft does not let us post there: {reason or status}")
    if status in (400, 413):
        return Refused(f"Teams does not take this: {reason or status}")
    return None
