"""A Misago forum: a thread for each job.

Source: github.com/rafalp/Misago (its REST API as its own client uses it); tried against Misago
0.39. Misago takes no key of ours; after a lost answer we look through the latest threads.
"""

from __future__ import annotations

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
)
from rolecast.post import Post


class Misago(Connector):
    """Opens threads in one category."""

    name: ClassVar[str] = "misago"
    label: ClassVar[str] = "Misago"
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    limit: ClassVar[int | None] = 60_000
    settle: ClassVar[float] = 30.0
    pace: ClassVar[float] = 5.0
    voice: ClassVar[str] = "forum"

    url: str = Field(description="Address of the forum: https://forum.example.com.")
    user: str = Field(description="Name of the user that posts.")
    category: int = Field(description="Number of the category.")
    password: SecretStr | None = Field(
        None,
        description="That user's password.",
        json_schema_extra={
            "how": "Make a user of its own for Rolecast, with leave to start, edit and hide "
            "threads in the category; Misago has no API keys."
        },
    )

    def publish(self, http: Http, post: Post) -> Receipt:
        body = {"category": self.category, "title": post.title, "post": post.text}
        made = self._call(http, "POST", "/api/threads/", json=body)
        return self._receipt(made["id"], made["url"])

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        first = self._first(http, receipt.id)
        path = f"/api/threads/{receipt.id}/"
        body = {"post": post.text}
        self._call(http, "PUT", f"{path}posts/{first['id']}/", json=body, idempotent=True)
        title = [{"op": "replace", "path": "title", "value": post.title}]
        self._call(http, "PATCH", path, json=title, idempotent=True)
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            self._call(http, "DELETE", f"/api/threads/{receipt.id}/", idempotent=True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        listing = self._call(http, "GET", "/api/threads/", params={"category": self.category})
        for thread in listing["results"]:
            if post.link in _text(self._first(http, thread["id"])):
                return self._receipt(thread["id"], thread["url"])
        return None

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        try:
            first = self._first(http, receipt.id)
        except Gone:
            return None
        return Seen(says=_text(first), address=receipt.address)

    def count(self, http: Http, receipts: Any) -> dict[str, Counts]:
        counted = {}
        for receipt in receipts:
            with suppress(Gone):
                thread = self._call(http, "GET", f"/api/threads/{receipt.id}/")
                likes = self._first(http, receipt.id).get("likes")
                counted[receipt.id] = Counts(likes=likes, comments=thread["replies"])
        return counted

    def whoami(self, http: Http) -> str:
        me = self._call(http, "GET", "/api/auth/")
        return f"{me['username']} on {self.url}"

    def _first(self, http: Http, thread: str | int) -> dict[str, Any]:
        """The thread's first post. Raises Gone."""
        found = self._call(http, "GET", f"/api/threads/{thread}/posts/")
        return found["post_set"]["results"][0]

    def _receipt(self, number: int, path: str) -> Receipt:
        return Receipt(id=str(number), address=f"{self.url.rstrip('/')}{path}")

    def _call(self, http: Http, method: str, path: str, **options: Any) -> Any:
        with http.lock:
            if "csrf" not in http.memory:
                self._login(http)
        return self._send(http, method, path, **options)

    def _login(self, http: Http) -> None:
        """Misago knows its users by a cookie, and its forms by a token from its pages."""
        if self.password is None:
            raise Unauthorised("there is no password for Misago")
        self._see_token(http)
        body = {"username": self.user, "password": self.password.get_secret_value()}
        try:
            self._send(http, "POST", "/api/auth/", json=body, idempotent=True)
        except Refused as error:
            raise Unauthorised(f"the forum does not let {self.user} in: {error}") from error
        self._see_token(http)  # signing in makes a new one

    def _see_token(self, http: Http) -> None:
        page = http.send("GET", f"{self.url.rstrip('/')}/")
        for cookie in page.headers.get("Set-Cookie", "").split(","):
            name, _, value = cookie.partition(";")[0].strip().partition("=")
            if "csrf" in name:
                http.memory["csrf"] = value
        if "csrf" not in http.memory:
            from bs4 import BeautifulSoup

            token = BeautifulSoup(page.text, "html.parser").find(
                attrs={"name": "csrfmiddlewaretoken"}
            )
            http.memory["csrf"] = str(token["value"]) if token else ""

    def _send(self, http: Http, method: str, path: str, **options: Any) -> Any:
        base = self.url.rstrip("/")
        headers = {"X-CSRFToken": http.memory["csrf"], "Referer": base}
        return http.json(method, f"{base}{path}", headers=headers, errors=_errors, **options)


def _text(post: dict[str, Any]) -> str:
    if post.get("post"):
        return post["post"]
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(post.get("content") or "", "html.parser")
    return " ".join([soup.get_text(" "), *(str(a.get("href")) for a in soup.find_all("a"))])


def _errors(status: int, body: Any) -> ConnectorError | None:
    told = body.get("detail", "") if isinstance(body, dict) else ""
    if status == 403:
        return Unauthorised(f"the forum does not let this user do that: {told}")
    if status == 400:
        return Refused(f"the forum does not take this: {told or body}")
    return None
