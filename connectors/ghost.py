"""Ghost, through its Admin API.

Sources: docs.ghost.org/admin-api (posts, token authentication); tried against Ghost 6.65.

Ghost does not refuse a second post with the same slug. So a post is first made as a draft whose
slug carries our key, and then made public, which may be repeated: a lost answer leaves at most
a draft, which nobody sees and `find` takes up.
"""

from __future__ import annotations

import re
import time
import unicodedata
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

MAX_SLUG = 150


class Ghost(Connector):
    """Posts articles to one publication."""

    name: ClassVar[str] = "ghost"
    label: ClassVar[str] = "Ghost"
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    limit: ClassVar[int | None] = 300
    unit: ClassVar[str] = "characters of the excerpt"
    settle: ClassVar[float] = 30.0
    voice: ClassVar[str] = "document"

    url: str = Field(description="Address of the publication: https://blog.example.com.")
    key: SecretStr | None = Field(
        None,
        description="Admin API key (two parts with a colon between them).",
        json_schema_extra={
            "how": "In Ghost: Settings → Integrations → Add custom integration → Admin API key."
        },
    )
    tags: tuple[str, ...] = Field(("Jobs",), description="Tags of the articles.")

    def publish(self, http: Http, post: Post) -> Receipt:
        draft = self._first(http, post)
        if draft is None:
            article = self._article(post) | {"slug": _slug(post), "status": "draft"}
            draft = self._send(http, "POST", "/posts/", article)
        return self._make_public(http, draft, post)

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        return self._make_public(http, self._get(http, receipt.id), post)

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            self._call(http, "DELETE", f"/posts/{receipt.id}/", idempotent=True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        there = self._first(http, post)
        if there is None or there["status"] == "published":
            return _receipt(there) if there else None
        return self._make_public(http, there, post)

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        try:
            there = self._get(http, receipt.id)
        except Gone:
            return None
        if there["status"] != "published":
            return None
        from bs4 import BeautifulSoup

        says = BeautifulSoup(there["html"] or "", "html.parser").get_text(" ", strip=True)
        return Seen(says=says, address=there["url"])

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        counted = {}
        for receipt in receipts:
            with suppress(Gone):
                query = {"include": "count.clicks"}
                there = self._call(http, "GET", f"/posts/{receipt.id}/", params=query)["posts"][0]
                counted[receipt.id] = Counts(clicks=there.get("count", {}).get("clicks"))
        return counted

    def whoami(self, http: Http) -> str:
        site = self._call(http, "GET", "/site/")["site"]
        self._call(http, "GET", "/posts/", params={"limit": 1})  # /site/ asks for no key
        return f"an integration of “{site['title']}”"

    def audience(self) -> str | None:
        return "nobody: it is a draft, and deleted at once"

    def rehearse(self, http: Http, post: Post) -> Receipt | None:
        draft = self._send(
            http, "POST", "/posts/", self._article(post) | {"slug": _slug(post), "status": "draft"}
        )
        self.withdraw(http, _receipt(draft))
        return None

    # below: the calls

    def _first(self, http: Http, post: Post) -> dict[str, Any] | None:
        """The post with our slug and our link; of several, the public or the oldest one."""
        slug = _slug(post)
        query = {
            "filter": f"slug:[{slug},{slug}-2,{slug}-3]",
            "formats": "html",
            "order": "created_at asc",
        }
        found = self._call(http, "GET", "/posts/", params=query)["posts"]
        ours = [item for item in found if post.link in (item["html"] or "")]
        ours.sort(key=lambda item: item["status"] != "published")
        for extra in ours[1:]:  # a draft from a request that arrived very late
            self._call(http, "DELETE", f"/posts/{extra['id']}/", idempotent=True)
        return ours[0] if ours else None

    def _get(self, http: Http, number: str) -> dict[str, Any]:
        return self._call(http, "GET", f"/posts/{number}/", params={"formats": "html"})["posts"][0]

    def _make_public(self, http: Http, there: dict[str, Any], post: Post) -> Receipt:
        article = self._article(post) | {
            "status": "published",
            "updated_at": there["updated_at"],  # Ghost's own guard against a stale edit
        }
        path = f"/posts/{there['id']}/"
        try:
            return _receipt(self._send(http, "PUT", path, article, idempotent=True))
        except _Collision:  # our own lost edit, or a person's: ours comes last
            article["updated_at"] = self._get(http, there["id"])["updated_at"]
            return _receipt(self._send(http, "PUT", path, article, idempotent=True))

    def _article(self, post: Post) -> dict[str, Any]:
        return {
            "title": post.title,
            "html": post.html,
            "custom_excerpt": post.text,
            "tags": [{"name": name} for name in self.tags],
        }

    def _send(
        self,
        http: Http,
        method: str,
        path: str,
        article: dict[str, Any],
        idempotent: bool = False,
    ) -> dict[str, Any]:
        body, query = {"posts": [article]}, {"source": "html", "formats": "html"}
        answer = self._call(http, method, path, params=query, json=body, idempotent=idempotent)
        return answer["posts"][0]

    def _call(self, http: Http, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Ghost {self._token()}", "Accept-Version": "v6.0"}
        url = f"{self.url.rstrip('/')}/ghost/api/admin{path}"
        return http.json(method, url, headers=headers, errors=_errors, **options)

    def _token(self) -> str:
        """Lasts five minutes, so a new one for each call."""
        import jwt

        number, _, secret = (self.key.get_secret_value() if self.key else "").partition(":")
        try:
            signing = bytes.fromhex(secret)
        except ValueError:
            signing = b""
        if not number or len(signing) < 32:
            raise Unauthorised("there is no Admin API key for Ghost, or it is not a whole one")
        now = int(time.time())
        claims = {"iat": now, "exp": now + 280, "aud": "/admin/"}
        return jwt.encode(claims, signing, "HS256", {"kid": number})


class _Collision(Unavailable):
    """Somebody changed the post after we had read it."""


def _errors(status: int, body: Any) -> ConnectorError | None:
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if errors else {}
    kind, told = first.get("type", ""), first.get("context") or first.get("message", "")
    if kind == "UpdateCollisionError":
        return _Collision(told)
    if status in (401, 403):
        return Unauthorised(f"Ghost does not let us do that: {told or status}")
    if kind == "ValidationError":
        return Refused(f"Ghost does not take this: {told}")
    return None


def _receipt(post: dict[str, Any]) -> Receipt:
    return Receipt(id=post["id"], address=post["url"])


def _slug(post: Post) -> str:
    """Readable, and unique to the publication."""
    plain = unicodedata.normalize("NFKD", post.title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG].strip("-")
    return f"{words or post.job_id}-{post.key[:10]}"
