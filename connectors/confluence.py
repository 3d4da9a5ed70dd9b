"""Confluence Cloud: a page for each job, kept current.

Sources: developer.atlassian.com/cloud/confluence/rest/v2/api-group-page, …/api-group-like,
confluence.atlassian.com/doc/confluence-storage-format.

A title is unique in its space and carries the job's id: a lost answer cannot make a second page.
"""

from __future__ import annotations

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
)
from rolecast.post import Post

MAX_TITLE = 255


class Confluence(Connector):
    """Keeps one page for each job in one space; a closed job's page goes to the space's bin."""

    name: ClassVar[str] = "confluence"
    label: ClassVar[str] = "Confluence"
    guarantee: ClassVar[Guarantee] = Guarantee.KEYED
    standing: ClassVar[bool] = True
    settle: ClassVar[float] = 30.0
    voice: ClassVar[str] = "document"

    url: str = Field(description="Address of the site: https://example.atlassian.net/wiki.")
    user: str = Field(description="Mail address of the account that writes.")
    space: str = Field(description="The space's number (not its key).")
    parent: str | None = Field(None, description="Number of the page below which the jobs stand.")
    token: SecretStr | None = Field(
        None,
        description="API token of that account.",
        json_schema_extra={
            "how": "At id.atlassian.com → Security → API tokens → Create; the account may add and "
            "delete pages in the space."
        },
    )

    def publish(self, http: Http, post: Post) -> Receipt:
        body = self._page(post) | {"spaceId": self.space}
        if self.parent:
            body["parentId"] = self.parent
        try:
            return self._receipt(self._call(http, "POST", "/pages", json=body))
        except _Taken:
            found = self.find(http, post)
            if found is None:
                raise Refused(f"the space has a page “{body['title']}” of its own") from None
            return self.edit(http, found, post)

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        there = self._get(http, receipt)
        body = self._page(post) | {
            "id": receipt.id,
            "version": {"number": there["version"]["number"] + 1, "message": "Rolecast"},
        }
        path = f"/pages/{receipt.id}"
        return self._receipt(self._call(http, "PUT", path, json=body, idempotent=True))

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            self._call(http, "DELETE", f"/pages/{receipt.id}", idempotent=True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        query = {"space-id": self.space, "title": _title(post), "body-format": "storage"}
        for page in self._call(http, "GET", "/pages", params=query)["results"]:
            if post.link in page["body"]["storage"]["value"]:
                return self._receipt(page)
        return None

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        try:
            there = self._get(http, receipt)
        except Gone:
            return None
        if there["status"] != "current":
            return None
        from bs4 import BeautifulSoup

        html = there["body"]["storage"]["value"]
        says = BeautifulSoup(html, "html.parser").get_text(" ", strip=True)
        return Seen(says=says, address=receipt.address)

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        counted = {}
        for receipt in receipts:
            with suppress(Gone):
                likes = self._call(http, "GET", f"/pages/{receipt.id}/likes/count")
                counted[receipt.id] = Counts(likes=likes["count"])
        return counted

    def whoami(self, http: Http) -> str:
        space = self._call(http, "GET", f"/spaces/{self.space}")
        return f"{self.user} in the space “{space['name']}”"

    def wire(self, post: Post) -> str:
        """Confluence's storage format is XHTML."""
        from bs4 import BeautifulSoup

        return str(BeautifulSoup(post.html, "html.parser"))

    def _page(self, post: Post) -> dict[str, Any]:
        body = {"representation": "storage", "value": self.wire(post)}
        return {"status": "current", "title": _title(post), "body": body}

    def _get(self, http: Http, receipt: Receipt) -> dict[str, Any]:
        query = {"body-format": "storage"}
        return self._call(http, "GET", f"/pages/{receipt.id}", params=query)

    def _receipt(self, page: dict[str, Any]) -> Receipt:
        address = f"{self.url.rstrip('/')}{page['_links']['webui']}"
        return Receipt(id=page["id"], address=address)

    def _call(self, http: Http, method: str, path: str, **options: Any) -> Any:
        if self.token is None:
            raise Unauthorised("there is no API token for Confluence")
        auth = (self.user, self.token.get_secret_value())
        url = f"{self.url.rstrip('/')}/api/v2{path}"
        return http.json(method, url, auth=auth, errors=_errors, **options)


class _Taken(Refused):
    """The space has a page of this title."""


def _title(post: Post) -> str:
    moment = "" if post.moment == "announce" else f", {post.moment}"
    ending = f" ({post.job_id}{moment})"
    return f"{post.title[: MAX_TITLE - len(ending)]}{ending}"


def _errors(status: int, body: Any) -> ConnectorError | None:
    errors = body.get("errors") if isinstance(body, dict) else None
    told = errors[0].get("title", "") if errors else ""
    if status == 400 and "title already exists" in told:
        return _Taken(told)
    if status == 403:
        return Unauthorised(f"Confluence does not let this account do that: {told}")
    if status in (400, 413):
        return Refused(f"Confluence does not take this: {told}")
    return None
