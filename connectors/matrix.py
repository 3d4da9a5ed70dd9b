"""A Matrix room, on any home server.

Sources: spec.matrix.org/v1.11/client-server-api (PUT …/send/{type}/{txnId}, …/redact, …/messages,
m.replace); tried against Synapse 1.163.

A home server answers a second sending under the same transaction id with the first event; it
forgets those after some time, so every event also carries our key, by which it is found.
"""

from __future__ import annotations

from contextlib import suppress
from html import escape
from typing import Any, ClassVar
from urllib.parse import quote

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

KEY = "org.rolecast.key"
MAX_BYTES = 60_000  # of 65,536 for a whole event


class Matrix(Connector):
    """Posts notices to one room."""

    name: ClassVar[str] = "matrix"
    label: ClassVar[str] = "Matrix"
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    settle: ClassVar[float] = 30.0
    voice: ClassVar[str] = "chat"

    server: str = Field(description="Address of the home server: https://matrix.example.com.")
    room: str = Field(description="The room's id, such as !abc:example.com.")
    token: SecretStr | None = Field(
        None,
        description="Access token of the account that posts.",
        json_schema_extra={
            "how": "Sign in as the account and copy the access token (in Element: Settings → "
            "Help & About → Advanced); invite the account to the room."
        },
    )

    def publish(self, http: Http, post: Post) -> Receipt:
        sent = self._send(http, post.key, _content(post))
        return self._receipt(sent["event_id"])

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        new = _content(post)
        body = new | {
            "body": f"* {new['body']}",
            "m.new_content": new,
            "m.relates_to": {"rel_type": "m.replace", "event_id": receipt.id},
        }
        self._send(http, f"{post.key}-{post.hash}", body)
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            path = f"/redact/{quote(receipt.id, safe='')}/gone-{quote(receipt.id, safe='')}"
            self._call(http, "PUT", path, json={"reason": "The job is closed."}, idempotent=True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        query = {"dir": "b", "limit": "100"}
        first = post.since.timestamp() * 1000
        while True:
            page = self._call(http, "GET", "/messages", params=query)
            for event in page["chunk"]:
                content = event.get("content", {})
                if content.get(KEY) == post.key and "m.relates_to" not in content:
                    return self._receipt(event["event_id"])
            older = page["chunk"] and page["chunk"][-1]["origin_server_ts"] < first
            if older or not page.get("end"):
                return None
            query["from"] = page["end"]

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        try:
            event = self._call(http, "GET", f"/event/{quote(receipt.id, safe='')}")
        except Gone:
            return None
        if "body" not in event["content"]:
            return None  # redacted
        latest = event.get("unsigned", {}).get("m.relations", {}).get("m.replace")
        content = latest["content"]["m.new_content"] if latest else event["content"]
        return Seen(says=content["body"], address=receipt.address)

    def count(self, http: Http, receipts: Any) -> dict[str, Counts]:
        counted = {}
        for receipt in receipts:
            event = quote(receipt.id, safe="")
            room = quote(self.room, safe="")
            url = f"{self.server.rstrip('/')}/_matrix/client/v1/rooms/{room}/relations/{event}"
            with suppress(Gone):
                counted[receipt.id] = Counts(
                    likes=self._related(http, f"{url}/m.annotation"),
                    comments=self._related(http, f"{url}/m.thread"),
                )
        return counted

    def whoami(self, http: Http) -> str:
        url = f"{self.server.rstrip('/')}/_matrix/client/v3/account/whoami"
        me = http.json("GET", url, headers=self._signed(), errors=_errors)["user_id"]
        url = f"{self.server.rstrip('/')}/_matrix/client/v3/joined_rooms"
        rooms = http.json("GET", url, headers=self._signed(), errors=_errors)["joined_rooms"]
        if self.room not in rooms:
            raise Unauthorised(f"{me} is not in the room {self.room}: invite it and let it join")
        return f"{me} in {self.room}"

    def _related(self, http: Http, url: str) -> int:
        found = http.json(
            "GET", url, params={"limit": "100"}, headers=self._signed(), errors=_errors
        )
        return len(found["chunk"])

    def _send(self, http: Http, transaction: str, content: dict[str, Any]) -> Any:
        size = len(str(content).encode())
        if size > MAX_BYTES:
            raise Refused(f"the post has {size} bytes; a Matrix event may have {MAX_BYTES}")
        path = f"/send/m.room.message/{quote(transaction, safe='')}"
        # The same transaction again within minutes is answered with the first event.
        return self._call(http, "PUT", path, json=content, idempotent=True)

    def _receipt(self, event: str) -> Receipt:
        return Receipt(id=event, address=f"https://matrix.to/#/{quote(self.room)}/{event}")

    def _call(self, http: Http, method: str, path: str, **options: Any) -> Any:
        room = quote(self.room, safe="")
        url = f"{self.server.rstrip('/')}/_matrix/client/v3/rooms/{room}{path}"
        return http.json(method, url, headers=self._signed(), errors=_errors, **options)

    def _signed(self) -> dict[str, str]:
        if self.token is None:
            raise Unauthorised("there is no access token for Matrix")
        return {"Authorization": f"Bearer {self.token.get_secret_value()}"}


def _content(post: Post) -> dict[str, Any]:
    lines = escape(post.text, quote=False).replace(
        post.link, f'<a href="{post.link}">{post.link}</a>'
    )
    return {
        "msgtype": "m.notice",
        "body": post.text,
        "format": "org.matrix.custom.html",
        "formatted_body": lines.replace("\n", "<br>"),
        KEY: post.key,
    }


def _errors(status: int, body: Any) -> ConnectorError | None:
    code = body.get("errcode", "") if isinstance(body, dict) else ""
    if code == "M_LIMIT_EXCEEDED":
        wait = body.get("retry_after_ms")
        return Unavailable("the home server asks to wait", wait / 1000 if wait else None)
    if code in ("M_FORBIDDEN", "M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_USER_DEACTIVATED"):
        return Unauthorised(f"the home server does not let this account do that ({code})")
    if code in ("M_TOO_LARGE", "M_BAD_JSON", "M_INVALID_PARAM"):
        return Refused(f"the home server does not take this ({code})")
    return None
