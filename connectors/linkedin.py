"""LinkedIn: a company page (or a member), through the versioned Posts API.

Sources: learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api, …/images-api,
…/little-text-format, …/organizations/share-statistics, learn.microsoft.com/linkedin/shared/
api-guide/concepts/error-handling.

LinkedIn takes no key of ours, but answers an equal text with the number of the post that it
duplicates, and lists a page's own posts: either tells whether a lost answer had an effect.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, timedelta
from functools import partial
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import Field, SecretStr

from connectors.oauth import Renewable
from rolecast.connector import (
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
from rolecast.image import Media
from rolecast.post import Post

LIFE = timedelta(days=365)  # of one version of the API
_URL = r"https?://[^\s<>\"]*[^\s<>\".,;:!?)\]}]"
_HASHTAG = r"(?<!\S)#\w+"
_RESERVED = re.compile(rf"({_URL})|({_HASHTAG})|([|{{}}@\[\]()<>#\\*_~])")
_URN = re.compile(r"urn:li:(?:share|ugcPost|activity):\d+")


class LinkedIn(Renewable):
    """Posts to one page, with the job's link as a card. A version of the API lives for a year:
    `rolecast doctor` warns before `version` ends."""

    name: ClassVar[str] = "linkedin"
    label: ClassVar[str] = "LinkedIn"
    media: ClassVar[Media | None] = Media(8_000_000, 6000, 4086)
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    limit: ClassVar[int | None] = 3000
    settle: ClassVar[float] = 60.0
    pace: ClassVar[float] = 1.0
    voice: ClassVar[str] = "social"
    looks: ClassVar[str] = "network"
    fold: ClassVar[int | None] = 3
    cards: ClassVar[bool] = True

    author: str = Field(
        description="Who posts: urn:li:organization:NUMBER, or urn:li:person:ID.",
        pattern=r"^urn:li:(organization|person):[\w-]+$",
    )
    token: SecretStr | None = Field(
        None,
        description="Access token; it lasts 60 days.",
        json_schema_extra={
            "how": "At linkedin.com/developers: make an app for the page, ask for the Community "
            "Management API, and authorise it with w_organization_social and "
            "r_organization_social as an administrator of the page."
        },
    )
    version: str = Field(
        "202609", description="Version of the API (YYYYMM).", pattern=r"^20\d{2}(0[1-9]|1[0-2])$"
    )
    api: str = Field("https://api.linkedin.com", description="Address of LinkedIn's API.")
    oauth: str = Field("https://www.linkedin.com", description="Where tokens are renewed.")
    reader: bool = Field(
        False,
        description="Read reactions and comments as a signed-in person through the package "
        "linkedin-api, where the company has no partner access. Unofficial: LinkedIn's user "
        "agreement forbids it, and the person's account may be closed. It cannot post. Install "
        "`rolecast[linkedin-reader]`, and never LinkedIn's own client beside it: both are called "
        "linkedin_api.",
    )
    reader_li_at: SecretStr | None = Field(
        None,
        description="Cookie li_at of that person's session.",
        json_schema_extra={"how": "Only with `reader`: from the browser.", "optional": True},
    )
    reader_jsessionid: SecretStr | None = Field(
        None,
        description="Cookie JSESSIONID of that session.",
        json_schema_extra={"how": "Only with `reader`: from the browser.", "optional": True},
    )

    def publish(self, http: Http, post: Post) -> Receipt:
        body = {
            "author": self.author,
            "commentary": self.wire(post),
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "content": self._content(http, post),
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        try:
            answer = self._send(http, "POST", "/rest/posts", json=body)
        except _Duplicate as error:
            return _receipt(error.urn)
        return _receipt(answer.headers["x-restli-id"])

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        body = {"patch": {"$set": {"commentary": self.wire(post)}}}
        self._send(http, "POST", _path(receipt), "PARTIAL_UPDATE", json=body, idempotent=True)
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            self._send(http, "DELETE", _path(receipt), "DELETE", idempotent=True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        for start in range(0, 500, 100):
            path = (
                f"/rest/posts?author={quote(self.author, safe='')}&q=author&count=100"
                f"&start={start}&sortBy=CREATED"
            )
            found = self._send(http, "GET", path, "FINDER").json()["elements"]
            for item in found:
                source = item.get("content", {}).get("article", {}).get("source")
                if post.link == source or post.link in item.get("commentary", ""):
                    return _receipt(item["id"])
            if len(found) < 100:
                return None
        return None

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        try:
            there = self._send(http, "GET", _path(receipt)).json()
        except Gone:
            return None
        if there.get("lifecycleState", "PUBLISHED") != "PUBLISHED":
            return None
        return Seen(says=unescape(there["commentary"]), address=receipt.address)

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        if self.reader:
            return self._read(receipts)
        if not self.author.startswith("urn:li:organization:"):
            return {}
        counted = {}
        for receipt in receipts:
            kind = "ugcPosts" if ":ugcPost:" in receipt.id else "shares"
            path = (
                "/rest/organizationalEntityShareStatistics?q=organizationalEntity"
                f"&organizationalEntity={quote(self.author, safe='')}"
                f"&{kind}=List({quote(receipt.id, safe='')})"
            )
            for item in self._send(http, "GET", path, "FINDER").json()["elements"]:
                figures = item["totalShareStatistics"]
                counted[receipt.id] = Counts(
                    impressions=figures["impressionCount"],
                    clicks=figures["clickCount"],
                    likes=figures["likeCount"],
                    comments=figures["commentCount"],
                    reshares=figures["shareCount"],
                )
        return counted

    def _read(self, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        """Reactions and comments as a person sees them; the package waits seconds before each
        call, and so do we. Raises Unauthorised, Unavailable."""
        import requests

        if not (self.reader_li_at and self.reader_jsessionid):
            raise Unauthorised("`reader` needs the cookies reader_li_at and reader_jsessionid")
        try:
            from linkedin_api import Linkedin
        except ImportError as error:
            raise Unauthorised(
                "`reader` needs rolecast[linkedin-reader]; LinkedIn's own client must not be "
                "installed beside it"
            ) from error
        cookies = requests.cookies.RequestsCookieJar()
        cookies.set("li_at", self.reader_li_at.get_secret_value())
        cookies.set("JSESSIONID", self.reader_jsessionid.get_secret_value())
        voyager = Linkedin("", "", cookies=cookies)
        voyager.client.session.request = partial(voyager.client.session.request, timeout=(5, 30))
        counted = {}
        for receipt in receipts:
            kind, _, number = receipt.id.rpartition(":")
            try:
                likes = len(voyager.get_post_reactions(receipt.id))
                # Comments are asked for by the activity's number, which other urns do not tell.
                known = kind == "urn:li:activity"
                comments = len(voyager.get_post_comments(number)) if known else None
            except (requests.RequestException, LookupError, TypeError, ValueError) as error:
                raise Unavailable(
                    "LinkedIn's pages answered something else than figures"
                ) from error
            counted[receipt.id] = Counts(likes=likes, comments=comments)
        return counted

    def whoami(self, http: Http) -> str:
        if self.author.startswith("urn:li:person:"):
            me = self._send(http, "GET", "/v2/userinfo").json()
            return f"{me['name']} ({self.author})"
        path = "/rest/organizationAcls?q=roleAssignee&role=ADMINISTRATOR&state=APPROVED"
        found = self._send(http, "GET", path, "FINDER").json()["elements"]
        if self.author not in [item["organization"] for item in found]:
            raise Unauthorised(f"whoever authorised the app is no administrator of {self.author}")
        return f"the page {self.author}"

    def warnings(self, today: date) -> list[str]:
        begun = date(int(self.version[:4]), int(self.version[4:]), 15)
        left = (begun + LIFE - today).days
        if left > 60:
            return []
        when = f"in {left} days" if left > 0 else f"{-left} days ago"
        return [f"version {self.version} of the API ends {when}: set a newer `version`"]

    def wire(self, post: Post) -> str:
        return escape(post.text)

    # below: the calls

    def _content(self, http: Http, post: Post) -> dict[str, Any]:
        if post.image is None:
            # LinkedIn does not read the page behind the link: title and text come from us.
            article = {"source": post.link, "title": post.title, "description": post.summary}
            return {"article": article}
        body = {"initializeUploadRequest": {"owner": self.author}}
        path = "/rest/images?action=initializeUpload"
        made = self._send(http, "POST", path, json=body, idempotent=True).json()["value"]
        raw, type_ = post.image.read(), post.image.type

        def upload(token: str) -> Any:
            headers = {"Authorization": f"Bearer {token}", "Content-Type": type_}
            return http.send("PUT", made["uploadUrl"], data=raw, headers=headers, idempotent=True)

        self.authorised(http, upload)
        return {"media": {"id": made["image"], "altText": post.image.alt, "title": post.title}}

    def _send(
        self, http: Http, method: str, path: str, restli: str | None = None, **options: Any
    ) -> Any:
        headers = {
            "LinkedIn-Version": self.version,
            "X-Restli-Protocol-Version": "2.0.0",
        }
        if restli:
            headers["X-RestLi-Method"] = restli
        url = f"{self.api.rstrip('/')}{path}"

        def call(token: str) -> Any:
            signed = headers | {"Authorization": f"Bearer {token}"}
            return http.send(method, url, headers=signed, errors=_errors, **options)

        return self.authorised(http, call)

    def token_url(self) -> str:
        return f"{self.oauth.rstrip('/')}/oauth/v2/accessToken"


class _Duplicate(Refused):
    """LinkedIn has a post with this text already, and names it."""

    def __init__(self, message: str, urn: str):
        super().__init__(message)
        self.urn = urn


def escape(text: str) -> str:
    """Plain text in LinkedIn's little format.

    What is reserved there and not escaped cuts the post off at that place, without an error.
    Links and hashtags are left alone: escaped, they would not be links and hashtags.
    """
    return _RESERVED.sub(
        lambda found: found[1] or (found[2].replace("_", "\\_") if found[2] else f"\\{found[3]}"),
        text,
    )


def unescape(text: str) -> str:
    """The opposite of `escape`."""
    return re.sub(r"\\([|{}@\[\]()<>#\\*_~])", r"\1", text)


def _path(receipt: Receipt) -> str:
    return f"/rest/posts/{quote(receipt.id, safe='')}"


def _receipt(urn: str) -> Receipt:
    return Receipt(id=urn, address=f"https://www.linkedin.com/feed/update/{urn}/")


def _errors(status: int, body: Any) -> ConnectorError | None:
    body = body if isinstance(body, dict) else {}
    told = body.get("message", "")
    if status == 422 and "duplicate" in told.casefold():
        urn = _URN.search(told)
        return _Duplicate(told, urn[0]) if urn else Refused("LinkedIn has this text already")
    if status == 426 or body.get("code") == "NONEXISTENT_VERSION":
        return Unauthorised("this version of LinkedIn's API has ended: set a newer `version`")
    if status == 409:
        return Unavailable("LinkedIn is busy with an earlier call")
    if status == 403:
        return Unauthorised(f"LinkedIn does not let this app do that: {told}")
    if status in (400, 422):
        return Refused(f"LinkedIn does not take this: {told}")
    return None
