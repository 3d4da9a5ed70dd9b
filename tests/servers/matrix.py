"""A Matrix home server (Synapse, the real program)."""

import hashlib
import hmac
import itertools
import os
from dataclasses import dataclass
from urllib.parse import quote

from .base import Server, call, expect

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Member:
    """One account with a room of its own."""

    user: str
    token: str
    room: str


class Matrix(Server):
    """A home server at ``url``."""

    script = "matrix"

    def new_member(self) -> Member:
        """An account of the test's own, so that tests can share the server."""
        name = f"u{os.getpid()}x{next(_numbers)}"
        url = f"{self.url}/_synapse/admin/v1/register"
        nonce = expect(call("GET", url))["nonce"]
        words = "\0".join((nonce, name, "a-password", "notadmin")).encode()
        mac = hmac.new(self.facts["SECRET"].encode(), words, hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": "a-password", "mac": mac}
        made = expect(call("POST", url, body))
        room = self._ask("POST", "/createRoom", made["access_token"], {"name": "Jobs"})["room_id"]
        return Member(made["user_id"], made["access_token"], room)

    def messages(self, member: Member) -> list[str]:
        """What stands in the member's room now, edits applied, oldest first."""
        path = f"/rooms/{quote(member.room)}/messages?dir=f&limit=500"
        events = self._ask("GET", path, member.token)["chunk"]
        texts: dict[str, str] = {}
        for event in events:
            content = event["content"]
            if event["type"] != "m.room.message" or "body" not in content:
                continue
            relation = content.get("m.relates_to", {})
            if relation.get("rel_type") != "m.replace":
                texts[event["event_id"]] = content["body"]
            elif relation["event_id"] in texts:
                texts[relation["event_id"]] = content["m.new_content"]["body"]
        return list(texts.values())

    def _ask(self, method: str, path: str, token: str, body=None):
        url = f"{self.url}/_matrix/client/v3{path}"
        return expect(call(method, url, body, {"Authorization": f"Bearer {token}"}))
