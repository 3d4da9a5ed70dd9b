"""Bluesky, and every other server of the AT Protocol.

Sources: docs.bsky.app/docs/api/com-atproto-repo-put-record and its neighbours,
atproto.com/specs/tid, atproto.com/specs/record-key; what a PDS really answers
was tried against the PDS that Bluesky publishes (@atproto/pds).

A lost answer cannot double a post: the record's key is made from ours, and
putRecord with `swapRecord: null` creates only what is not there yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import regex
from pydantic import Field, SecretStr

from rolecast import lengths
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
from rolecast.image import Image, Media
from rolecast.post import Post

POST = "app.bsky.feed.post"
MAX_BYTES = 3000
ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"
_URL = regex.compile(r"https?://[^\s]+")
_TAG = regex.compile(r"(?:^|\s)(#[\p{L}\p{N}_]{1,64})")


class Bluesky(Connector):
    """Posts to one account. An edit changes the record in place; Bluesky's own app may go on
    showing the first version (bluesky-social/social-app issue 673)."""

    name: ClassVar[str] = "bluesky"
    label: ClassVar[str] = "Bluesky"
    media: ClassVar[Media | None] = Media(2_000_000, 2000, 2000)
    voice: ClassVar[str] = "social"
    cards: ClassVar[bool] = True
    guarantee: ClassVar[Guarantee] = Guarantee.KEYED
    limit: ClassVar[int | None] = 300
    unit: ClassVar[str] = "graphemes"

    service: str = Field("https://bsky.social", description="Address of the account's server.")
    handle: str = Field(description="The account, such as careers.example.com.")
    password: SecretStr | None = Field(
        None,
        description="An app password of the account.",
        json_schema_extra={
            "how": "In Bluesky: Settings → Privacy and security → App passwords → "
            "Add; never use the account's own password."
        },
    )
    card: bool = Field(True, description="Show the link as a card with title and summary.")

    def publish(self, http: Http, post: Post) -> Receipt:
        record = self._record(http, post)
        rkey = _rkey(post)
        try:
            answer = self._call(
                http,
                "com.atproto.repo.putRecord",
                {
                    "repo": self._did(http),
                    "collection": POST,
                    "rkey": rkey,
                    "record": record,
                    "swapRecord": None,  # create only; the same record again is answered alike
                },
            )
        except _Taken:
            return self._taken(http, rkey, post)
        return self._receipt(answer, rkey)

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        rkey = receipt.extra["rkey"]
        there = self._get(http, rkey)
        if there is None:
            raise Gone("the post is not on Bluesky any more")
        record = self._record(http, post) | {"createdAt": there["value"]["createdAt"]}
        answer = self._call(
            http,
            "com.atproto.repo.putRecord",
            {
                "repo": self._did(http),
                "collection": POST,
                "rkey": rkey,
                "record": record,
            },
            idempotent=True,
        )
        return self._receipt(answer, rkey)

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        self._call(
            http,
            "com.atproto.repo.deleteRecord",
            {
                "repo": self._did(http),
                "collection": POST,
                "rkey": receipt.extra["rkey"],
            },
            idempotent=True,
        )

    def find(self, http: Http, post: Post) -> Receipt | None:
        rkey = _rkey(post)
        there = self._get(http, rkey)
        return self._receipt(there, rkey) if there and _is_ours(there["value"], post) else None

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        there = self._get(http, receipt.extra["rkey"])
        return Seen(says=there["value"]["text"], address=receipt.address) if there else None

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        found, uris = {}, [receipt.id for receipt in receipts]
        for start in range(0, len(uris), 25):
            try:
                page = self._get_json(
                    http, "app.bsky.feed.getPosts", {"uris": uris[start : start + 25]}
                )
            except (Unavailable, Refused):
                continue  # a server without an AppView does not count
            for item in page["posts"]:
                found[item["uri"]] = Counts(
                    likes=item.get("likeCount"),
                    comments=item.get("replyCount"),
                    reshares=item.get("repostCount", 0) + item.get("quoteCount", 0),
                )
        return found

    def whoami(self, http: Http) -> str:
        session = self._session(http)
        return f"@{session['handle']} ({session['did']})"

    def measure(self, text: str) -> int:
        return lengths.graphemes(text)

    # the record

    def _record(self, http: Http, post: Post) -> dict[str, Any]:
        size = len(post.text.encode())
        if size > MAX_BYTES:
            raise Refused(f"the text has {size} bytes; Bluesky takes {MAX_BYTES}")
        record: dict[str, Any] = {
            "$type": POST,
            "text": post.text,
            "langs": [post.language],
            "createdAt": _stamp(post.made_at),
            "facets": facets(post.text),
        }
        if post.image:
            picture = {"alt": post.image.alt, "image": self._upload(http, post.image)}
            record["embed"] = {"$type": "app.bsky.embed.images", "images": [picture]}
        elif self.card:
            record["embed"] = {
                "$type": "app.bsky.embed.external",
                "external": {
                    "uri": post.link,
                    "title": post.title or post.job_id,
                    "description": post.summary,
                },
            }
        return record

    def _upload(self, http: Http, image: Image) -> dict[str, Any]:
        """The picture as the record names it: by its content, so the same one each time."""

        def ask() -> Any:
            headers = {
                "Authorization": f"Bearer {self._session(http)['accessJwt']}",
                "Content-Type": image.type,
            }
            url = self._url("com.atproto.repo.uploadBlob")
            return http.json(
                "POST", url, data=image.read(), headers=headers, errors=_errors, idempotent=True
            )

        return self._signed_in(http, ask)["blob"]

    def _receipt(self, answer: dict[str, Any], rkey: str) -> Receipt:
        return Receipt(
            id=answer["uri"],
            address=f"https://bsky.app/profile/{self.handle}/post/{rkey}",
            extra={"rkey": rkey, "cid": answer["cid"]},
        )

    def _taken(self, http: Http, rkey: str, post: Post) -> Receipt:
        """The key is in use: by an earlier sending of this post, perhaps with an older text."""
        there = self._get(http, rkey)
        if there is None or not _is_ours(there["value"], post):
            raise Refused(f"another post has the key {rkey} already")
        found = self._receipt(there, rkey)
        return found if there["value"]["text"] == post.text else self.edit(http, found, post)

    # the calls

    def _get(self, http: Http, rkey: str) -> dict[str, Any] | None:
        query = {"repo": self._did(http), "collection": POST, "rkey": rkey}
        try:
            return self._get_json(http, "com.atproto.repo.getRecord", query)
        except _NotFound:
            return None

    def _get_json(self, http: Http, method: str, query: dict[str, Any]) -> Any:
        def ask() -> Any:
            headers = {"Authorization": f"Bearer {self._session(http)['accessJwt']}"}
            return http.json(
                "GET", self._url(method), params=query, headers=headers, errors=_errors
            )

        return self._signed_in(http, ask)

    def _call(self, http: Http, method: str, body: dict[str, Any], idempotent: bool = False) -> Any:
        def ask() -> Any:
            headers = {"Authorization": f"Bearer {self._session(http)['accessJwt']}"}
            return http.json(
                "POST",
                self._url(method),
                json=body,
                headers=headers,
                errors=_errors,
                idempotent=idempotent,
            )

        return self._signed_in(http, ask)

    def _signed_in(self, http: Http, ask: Any) -> Any:
        """Sessions last about two hours; a new one is asked for once."""
        try:
            return ask()
        except _Expired:
            http.memory.pop("session", None)
            return ask()

    def _session(self, http: Http) -> dict[str, Any]:
        if self.password is None:
            raise Unauthorised("there is no app password for Bluesky")
        with http.lock:  # one sign-in, however many posts are under way
            if "session" not in http.memory:
                http.memory["session"] = http.json(
                    "POST",
                    self._url("com.atproto.server.createSession"),
                    idempotent=True,
                    json={"identifier": self.handle, "password": self.password.get_secret_value()},
                    errors=_errors,
                )
            return http.memory["session"]

    def _did(self, http: Http) -> str:
        return self._session(http)["did"]

    def _url(self, method: str) -> str:
        return f"{self.service.rstrip('/')}/xrpc/{method}"


class _NotFound(Refused):
    """There is no such record."""


class _Taken(Refused):
    """There is a record under this key already, and it says something else."""


class _Expired(Unauthorised):
    """The session is over; a new one can be had."""


def _errors(status: int, body: Any) -> ConnectorError | None:
    """The protocol's error names; their statuses alone would mislead (400 for a bad token)."""
    name = body.get("error") if isinstance(body, dict) else None
    if name == "RecordNotFound":
        return _NotFound("the record is not there")
    if name == "InvalidSwap":
        return _Taken("a record is there already")
    if name == "ExpiredToken":
        return _Expired("the session is over")
    if name in ("InvalidToken", "AuthenticationRequired", "AccountTakedown", "AuthMissing"):
        return Unauthorised(f"Bluesky does not accept the app password ({name}); make a new one")
    if name == "UpstreamFailure":
        return Unavailable("the server has no AppView behind it")
    return None


def facets(text: str) -> list[dict[str, Any]]:
    """Links and hashtags, by their places in UTF-8 bytes; without them a link is mere text."""
    found = []
    for match in _URL.finditer(text):
        feature = {"$type": "app.bsky.richtext.facet#link", "uri": match[0]}
        found.append(_facet(text, match.start(), match.end(), feature))
    for match in _TAG.finditer(text):
        feature = {"$type": "app.bsky.richtext.facet#tag", "tag": match[1][1:]}
        found.append(_facet(text, match.start(1), match.end(1), feature))
    return found


def _facet(text: str, start: int, end: int, feature: dict[str, str]) -> dict[str, Any]:
    before = len(text[:start].encode())
    index = {"byteStart": before, "byteEnd": before + len(text[start:end].encode())}
    return {"index": index, "features": [feature]}


def _is_ours(record: dict[str, Any], post: Post) -> bool:
    """The link is the publication's own, so a record that holds it is this post."""
    return post.link in record.get("text", "") or post.link == (
        record.get("embed", {}).get("external", {}).get("uri")
    )


def _stamp(moment: datetime) -> str:
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
    )


def _rkey(post: Post) -> str:
    """A record key that is the same for every sending of this post.

    Record keys of posts are TIDs: 53 bits of microseconds and 10 bits of a clock's number. The
    hour is that of `made_at`; the rest, 41 bits, comes from the publication's key.
    """
    number = int.from_bytes(hashlib.blake2b(post.key.encode(), digest_size=8).digest())
    hour = post.made_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    micros = int(hour.timestamp()) * 1_000_000 + number % int(
        timedelta(hours=1).total_seconds() * 1e6
    )
    value = (micros << 10) | (number >> 54)
    return "".join(ALPHABET[(value >> shift) & 31] for shift in range(60, -5, -5))
