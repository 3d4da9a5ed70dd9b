"""WordPress, through its REST API.

Sources: developer.wordpress.org/rest-api/reference/posts, …/using-the-rest-api/
authentication; tried against WordPress 6.1.

WordPress does not refuse a second post with the same slug. So a post is first
made as a draft whose slug carries our key, and then made public, which may be
repeated. A lost answer leaves at most a draft, which nobody sees and `find`
takes up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from html import escape
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

MAX_SLUG = 150


class WordPress(Connector):
    """Posts articles to one blog."""

    name: ClassVar[str] = "wordpress"
    label: ClassVar[str] = "WordPress"
    voice: ClassVar[str] = "document"
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    settle: ClassVar[float] = 30.0  # PHP's usual limit for one request

    url: str = Field(description="Address of the blog, such as https://blog.example.com.")
    user: str = Field(description="Name of the WordPress user that posts.")
    password: SecretStr | None = Field(
        None,
        description="An application password of that user.",
        json_schema_extra={
            "how": "In WordPress: Users → Profile → Application Passwords → Add; "
            "the user needs the role Editor or Author."
        },
    )
    categories: tuple[int, ...] = Field((), description="Numbers of the article's categories.")
    tags: tuple[int, ...] = Field((), description="Numbers of the article's tags.")

    def publish(self, http: Http, post: Post) -> Receipt:
        draft = self._first(http, post) or self._call(
            http,
            "POST",
            "/posts",
            json=self._article(post) | {"status": "draft", "slug": _slug(post)},
        )
        return self._make_public(http, draft["id"], post)

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        return self._make_public(http, int(receipt.id), post)

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):  # deleted already, or in the trash
            self._call(http, "DELETE", f"/posts/{receipt.id}", idempotent=True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        there = self._first(http, post)
        if there is None or there["status"] == "publish":
            return _receipt(there) if there else None
        return self._make_public(http, there["id"], post)  # a draft whose answer was lost

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        try:
            there = self._call(http, "GET", f"/posts/{receipt.id}", params={"context": "edit"})
        except Gone:
            return None
        if there["status"] != "publish":
            return None
        from bs4 import BeautifulSoup

        says = BeautifulSoup(there["content"]["raw"], "html.parser").get_text(" ", strip=True)
        return Seen(says=says, address=there["link"])

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        found = {}
        for receipt in receipts:
            answer = self._send(
                http, "GET", "/comments", params={"post": receipt.id, "per_page": 1}
            )
            total = answer.headers.get("X-WP-Total", "")
            found[receipt.id] = Counts(comments=int(total) if total.isdigit() else None)
        return found

    def whoami(self, http: Http) -> str:
        if self.url.startswith("http://") and not re.match(
            r"http://(127\.|localhost[:/]|localhost$|\[::1\])", self.url
        ):
            raise Unauthorised(
                f"{self.url} is not encrypted and would show the password: use https://"
            )
        me = self._call(http, "GET", "/users/me", params={"context": "edit"})
        if not me.get("capabilities", {}).get("publish_posts"):
            raise Unauthorised(f"{me['name']} may not publish posts; give the user the role Author")
        return f"{me['name']} on {self.url}"

    def audience(self) -> str | None:
        return "nobody: it is a draft, and deleted at once"

    def rehearse(self, http: Http, post: Post) -> Receipt | None:
        article = self._article(post) | {"status": "draft", "slug": _slug(post)}
        draft = self._call(http, "POST", "/posts", json=article)
        path = f"/posts/{draft['id']}"
        self._call(http, "DELETE", path, params={"force": "true"}, idempotent=True)
        return None

    def _first(self, http: Http, post: Post) -> dict[str, Any] | None:
        """The article with our slug and our link; of several, the public or the oldest one."""
        # WordPress gives a second article of the same slug the ending -2.
        slugs = ",".join((_slug(post), f"{_slug(post)}-2", f"{_slug(post)}-3"))
        query = {"slug": slugs, "status": "publish,draft", "context": "edit"}
        found = self._call(http, "GET", "/posts", params=query)
        ours = [item for item in found if post.link in item["content"]["raw"]]
        if not ours:
            return None
        ours.sort(key=lambda item: (item["status"] != "publish", item["id"]))
        for extra in ours[1:]:  # a draft from a request that arrived very late
            self._call(
                http, "DELETE", f"/posts/{extra['id']}", params={"force": "true"}, idempotent=True
            )
        return ours[0]

    def _make_public(self, http: Http, number: int, post: Post) -> Receipt:
        article = self._article(post) | {"status": "publish", "slug": _slug(post)}
        return _receipt(self._call(http, "POST", f"/posts/{number}", json=article, idempotent=True))

    def _article(self, post: Post) -> dict[str, Any]:
        article: dict[str, Any] = {
            "title": post.title,
            "content": post.html or f"<p>{escape(post.text)}</p>",
            "excerpt": post.text,
        }
        if self.categories:
            article["categories"] = list(self.categories)
        if self.tags:
            article["tags"] = list(self.tags)
        return article

    def _call(self, http: Http, method: str, path: str, **options: Any) -> Any:
        return http.json(method, self._url(path), **self._signed(options))

    def _send(self, http: Http, method: str, path: str, **options: Any) -> Any:
        return http.send(method, self._url(path), **self._signed(options))

    def _signed(self, options: dict[str, Any]) -> dict[str, Any]:
        if self.password is None:
            raise Unauthorised("there is no application password for WordPress")
        auth = (self.user, self.password.get_secret_value())
        return options | {"auth": auth, "errors": _errors}

    def _url(self, path: str) -> str:
        return f"{self.url.rstrip('/')}/wp-json/wp/v2{path}"


def _errors(status: int, body: Any) -> ConnectorError | None:
    """WordPress's own codes."""
    code = body.get("code", "") if isinstance(body, dict) else ""
    if code in ("rest_post_invalid_id", "rest_already_trashed"):
        return Gone("the article is not on the blog any more")
    # Whoever is not signed in may not ask for drafts; WordPress calls that a wrong parameter.
    if status in (401, 403) or (code == "rest_invalid_param" and "rest_forbidden" in str(body)):
        return Unauthorised(f"WordPress does not let this user do that ({code or status})")
    if code == "rest_invalid_param":
        return Refused(f"WordPress does not take this: {body.get('message', code)}")
    return None


def _receipt(article: dict[str, Any]) -> Receipt:
    return Receipt(id=str(article["id"]), address=article["link"], extra={"slug": article["slug"]})


def _slug(post: Post) -> str:
    """Readable, and unique to the publication."""
    plain = unicodedata.normalize("NFKD", post.title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG].strip("-")
    return f"{words or post.job_id}-{post.key[:10]}"
