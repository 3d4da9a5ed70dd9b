"""A Bluesky PDS (the real program) with its own PLC directory."""

import itertools
import os
import time
from dataclasses import dataclass
from urllib.parse import urlencode

from .base import Server, call, expect

POSTS = "app.bsky.feed.post"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Account:
    """One user. ``password`` is an app password, as a connector is given."""

    handle: str
    did: str
    password: str
    main_password: str


class PDS(Server):
    """``handle``/``password`` and ``handle2``/``password2`` are two users on it."""

    script = "pds"
    rewrite_urls = True  # a session's DID document names the server's address

    handle = property(lambda self: self.facts["HANDLE"])
    did = property(lambda self: self.facts["DID"])
    password = property(lambda self: self.facts["PASSWORD"])
    handle2 = property(lambda self: self.facts["HANDLE2"])
    did2 = property(lambda self: self.facts["DID2"])
    password2 = property(lambda self: self.facts["PASSWORD2"])
    plc_url = property(lambda self: self.facts["PLC_URL"])

    def _prepare(self) -> None:
        for name, suffix in (("alice", ""), ("bob", "2")):
            account = self.new_account(name)
            self.facts |= {
                f"HANDLE{suffix}": account.handle,
                f"DID{suffix}": account.did,
                f"PASSWORD{suffix}": account.password,
            }

    def new_account(self, name: str = "") -> Account:
        """A user of the test's own, so that tests can share the server."""
        name = name or f"u{os.getpid()}x{next(_numbers)}x{time.time_ns() % 10**6}"
        handle, secret = f"{name}.test", f"{name}-password"
        made = self.xrpc(
            "POST",
            "com.atproto.server.createAccount",
            {"handle": handle, "password": secret, "email": f"{name}@example.test"},
        )
        app = self.xrpc(
            "POST", "com.atproto.server.createAppPassword", {"name": "tests"}, made["accessJwt"]
        )
        return Account(handle, made["did"], app["password"], secret)

    def xrpc(self, method: str, name: str, body=None, token: str = "", **query):
        """One call of the PDS's own API; returns the decoded answer, or raises."""
        url = f"{self.url}/xrpc/{name}" + (f"?{urlencode(query)}" if query else "")
        return expect(
            call(method, url, body, {"Authorization": f"Bearer {token}"} if token else {})
        )

    def token(self, handle: str = "", password: str = "") -> str:
        """An access token for a user (alice when none is named)."""
        session = self.xrpc(
            "POST",
            "com.atproto.server.createSession",
            {"identifier": handle or self.handle, "password": password or self.password},
        )
        return session["accessJwt"]

    def records(self, repo: str = "") -> list[dict]:
        """All posts of a handle or DID (alice's), oldest first: uri, cid, value."""
        found, page = [], {"cursor": ""}
        while "cursor" in page:
            page = self.xrpc(
                "GET",
                "com.atproto.repo.listRecords",
                repo=repo or self.handle,
                collection=POSTS,
                limit=100,
                reverse="true",
                cursor=page["cursor"],
            )
            found += page["records"]
        return found

    def stop_cold(self) -> None:
        """Kill it as a crash would. Its data stays; its port refuses connections."""
        self._call("halt")

    def start_again(self) -> None:
        """Start it after ``stop_cold`` with its data, at the same address."""
        self._call("again")
