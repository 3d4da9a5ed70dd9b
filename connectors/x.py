"""X (formerly Twitter), API v2, through tweepy.

Sources: docs.x.com/x-api/posts (create, edit, delete, lookup, media/upload), X's OpenAPI
file 2.167, docs.x.com/changelog for the prices; lengths: twitter-text configuration v3;
docs.x.com/x-ads-api/creatives (cards, media library) for links in cards.

tweepy builds and signs the requests; it has no time-out of its own and would leak requests'
errors, so its session is replaced by our one way out. X takes no key of ours and refuses an
equal text only sometimes: after a lost answer we look at the account's latest posts.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field, SecretStr, model_validator

from connectors.oauth import Renewable
from rolecast import lengths
from rolecast.connector import (
    ConnectorError,
    Counts,
    Gone,
    Guarantee,
    Http,
    OutcomeUnknown,
    Receipt,
    Refused,
    Seen,
    Tokens,
    Unauthorised,
)
from rolecast.image import Image, Media, cropped
from rolecast.post import Post

if TYPE_CHECKING:
    import tweepy

TWEEPYS_HOST = "https://api.twitter.com"  # a literal in tweepy
EDIT_WINDOW = timedelta(minutes=29)  # 30 at X, for accounts that may edit at all
PLAIN, WITH_LINK = 0.015, 0.20  # US dollars a post, since 20 April 2026
CARD_RATIO, CARD_WIDTH = 1.91, 800  # of a card's picture; least width in pixels
_KEYS = (
    "At developer.x.com: make an app with read and write permission, then Keys and tokens → "
    "generate {}. Keys of OAuth 1.0a do not expire."
)


def _key(what: str) -> Any:
    return Field(
        None,
        description=f"{what} of the app (OAuth 1.0a).",
        json_schema_extra={"how": _KEYS.format(what)},
    )


class X(Renewable):
    """Posts to one account. Equal texts are refused by X for a while. A post with a link costs
    about thirteen times one without. Posts can be edited for 30 minutes, by paying accounts."""

    name: ClassVar[str] = "x"
    label: ClassVar[str] = "X"
    media: ClassVar[Media | None] = Media(5_000_000, 4096, 1000)
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    limit: ClassVar[int | None] = 280
    unit: ClassVar[str] = "weighted characters"
    settle: ClassVar[float] = 60.0  # the list of one's own posts lags behind
    replies: ClassVar[bool] = True
    voice: ClassVar[str] = "social"
    cards: ClassVar[bool] = True

    api: str = Field("https://api.x.com", description="Address of X's API.")
    handle: str = Field(description="The account, without @.")
    token: SecretStr | None = Field(
        None,
        description="Access token of OAuth 2.0, instead of the four keys; it lasts two hours.",
        json_schema_extra={
            "how": "Authorise the app with tweet.read, tweet.write, users.read, media.write and "
            "offline.access; with the refresh token and ROLECAST_KEY it is renewed.",
            "optional": True,
        },
    )
    consumer_key: SecretStr | None = _key("API key")
    consumer_secret: SecretStr | None = _key("API key secret")
    access_token: SecretStr | None = _key("access token")
    access_token_secret: SecretStr | None = _key("access token secret")
    link: Literal["post", "card", "none"] = Field(
        "post",
        description="Where the link stands; a post without one in its text is cheaper. `card` "
        "needs `ads_account`, the four keys, and a picture; a job without a picture has the link "
        "in its post.",
    )
    ads_account: str = Field("", description="Account at X Ads, such as 18ce54d4x5t; for `card`.")
    ads_api: str = Field("https://ads-api.x.com", description="Address of X's Ads API.")
    may_edit: bool = Field(False, description="Whether the account may edit (X Premium).")

    @model_validator(mode="after")
    def _card_needs_an_account(self) -> X:
        if self.link == "card" and not self.ads_account:
            raise ValueError('link = "card" needs ads_account')
        return self

    def publish(self, http: Http, post: Post) -> Receipt:
        try:
            body = {"text": self.wire(post)} | self._attached(http, post)
            if post.reply_to:
                body["reply"] = {"in_reply_to_tweet_id": post.reply_to}
            answer = self._post(http, "/2/tweets", body)
        except _Duplicate:
            return self._duplicate(http, post)
        return self._receipt(answer["id"])

    def editable(self, receipt: Receipt) -> bool:
        return self.may_edit and _fresh(receipt)

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        if not self.editable(receipt):
            raise Refused("X lets only paying accounts edit, and for 30 minutes: edit it by hand")
        latest = self._latest(http, receipt.id)  # an edit whose answer was lost made a newer one
        if latest["text"] == self.wire(post):
            return self._receipt(latest["id"])
        body = {
            "text": self.wire(post),
            "edit_options": {"previous_post_id": latest["id"]},
        } | self._attached(http, post)
        return self._receipt(self._post(http, "/2/tweets", body)["id"])

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        with suppress(Gone):
            self._do(http, lambda x, own: x.delete_tweet(receipt.id, user_auth=own), True)

    def find(self, http: Http, post: Post) -> Receipt | None:
        number = self._id(http)
        found = self._do(
            http,
            lambda x, own: x.get_users_tweets(
                number, max_results=100, tweet_fields=["created_at", "entities"], user_auth=own
            ),
        )
        for item in found.get("data", []):
            if self._is_ours(item, post):
                return self._receipt(item["id"])
        return None

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        for item in self._lookup(http, [receipt.id], "entities"):
            return Seen(says=_unshortened(item), address=receipt.address)
        return None

    def count(self, http: Http, receipts: Iterable[Receipt]) -> dict[str, Counts]:
        counted, ids = {}, [receipt.id for receipt in receipts]
        for start in range(0, len(ids), 100):
            # Clicks are told only to the author, for posts of the last 30 days.
            fields = ("public_metrics", "non_public_metrics")
            for item in self._lookup(http, ids[start : start + 100], *fields):
                counted[item["id"]] = _counts(item)
        return counted

    def whoami(self, http: Http) -> str:
        me = self._do(http, lambda x, own: x.get_me(user_auth=own))["data"]
        if me["username"].casefold() != self.handle.removeprefix("@").casefold():
            raise Unauthorised(f"these keys belong to @{me['username']}, not to @{self.handle}")
        return f"@{me['username']}"

    def measure(self, text: str) -> int:
        return lengths.weighted(text)

    def wire(self, post: Post) -> str:
        if self.link == "post" or (self.link == "card" and post.image is None):
            return post.text
        lines = [line for line in post.text.split("\n") if line.strip() != post.link]
        return "\n".join(lines).replace(post.link, "").strip()

    def cost(self, post: Post) -> str:
        if post.link in self.wire(post):
            return f"${WITH_LINK:.3f} (it has a link)"
        # X's price list names posts that contain a link; of cards it says nothing.
        return f"${PLAIN:.3f}{' (its link is in a card)' if self.link == 'card' else ''}"

    # below: the calls

    def missing(self) -> list[str]:
        return [] if self.token and self.link != "card" else super().missing()

    def token_url(self) -> str:
        return f"{self.api.rstrip('/')}/2/oauth2/token"

    def renew(self, http: Http, tokens: Tokens) -> dict[str, Any]:
        body = {"grant_type": "refresh_token", "client_id": self.client_id}
        body["refresh_token"] = tokens.refresh.get_secret_value() if tokens.refresh else ""
        secret = self.client_secret
        auth = (self.client_id, secret.get_secret_value()) if secret else None
        return http.json("POST", self.token_url(), data=body, auth=auth)

    def _do(
        self, http: Http, work: Callable[[tweepy.Client, bool], Any], idempotent: bool = False
    ) -> Any:
        """`work` with a client of tweepy's, and whether it signs with the four keys."""
        if self.token is None:
            return work(self._client(http, idempotent), True)
        return self.authorised(http, lambda t: work(self._client(http, idempotent, t), False))

    def _client(self, http: Http, idempotent: bool, token: str | None = None) -> tweepy.Client:
        import tweepy

        keys = [
            secret.get_secret_value() if secret else None
            for secret in (
                self.consumer_key,
                self.consumer_secret,
                self.access_token,
                self.access_token_secret,
            )
        ]
        client = tweepy.Client(token, *keys, return_type=dict)
        client.session = _Session(http, self.api, idempotent)
        return client

    def _post(self, http: Http, path: str, body: Any, idempotent: bool = False) -> dict[str, Any]:
        return self._do(
            http,
            lambda x, own: x.request("POST", path, json=body, user_auth=own).json()["data"],
            idempotent,
        )

    def _lookup(self, http: Http, ids: list[str], *fields: str) -> list[dict[str, Any]]:
        return self._do(
            http, lambda x, own: x.get_tweets(ids, tweet_fields=list(fields), user_auth=own)
        ).get("data", [])

    def _id(self, http: Http) -> str:
        with http.lock:
            if "id" not in http.memory:
                me = self._do(http, lambda x, own: x.get_me(user_auth=own))
                http.memory["id"] = me["data"]["id"]
            return http.memory["id"]

    def _latest(self, http: Http, number: str) -> dict[str, str]:
        """Number and text of the newest version of a post. Raises Gone."""
        for _ in range(2):
            found = self._lookup(http, [number], "edit_history_tweet_ids", "entities")
            if not found:
                raise Gone("the post is not on X any more")
            newest = found[0]["edit_history_tweet_ids"][-1]
            if newest == number:
                break
            number = newest
        return {"id": number, "text": _unshortened(found[0])}

    def _attached(self, http: Http, post: Post) -> dict[str, Any]:
        """What the post carries beside its text: nothing, its picture, or its card."""
        if post.image is None:
            return {}
        if self.link == "card":
            return {"card_uri": self._card(http, post, post.image)}
        number = self._uploaded(http, post.image.read(), post.image.alt)["id"]
        return {"media": {"media_ids": [number]}}

    def _uploaded(self, http: Http, picture: bytes, alt: str) -> dict[str, Any]:
        body = {"media": b64encode(picture).decode(), "media_category": "tweet_image"}
        # An upload that nobody uses is forgotten, so it may be repeated.
        made = self._post(http, "/2/media/upload", body, idempotent=True)
        about = {"id": made["id"], "metadata": {"alt_text": {"text": alt}}}
        self._post(http, "/2/media/metadata", about, idempotent=True)
        return made

    def _card(self, http: Http, post: Post, image: Image) -> str:
        """The address of a card with the post's link: nobody sees one before a post has it."""
        name = f"{post.key} {post.hash[:8]}"
        for card in self._ads(http, "GET", "/cards", params={"q": name}):
            return card["card_uri"]
        made = self._uploaded(http, cropped(image.read(), CARD_RATIO, CARD_WIDTH), image.alt)
        kept = {"media_key": made["media_key"], "media_category": "TWEET_IMAGE"}
        self._ads(http, "POST", "/media_library", params=kept)
        details = {
            "type": "DETAILS",
            "title": post.title[:70],
            "destination": {"type": "WEBSITE", "url": post.link},
        }
        media = {"type": "MEDIA", "media_key": made["media_key"]}
        card = {"name": name, "components": [media, details]}
        return self._ads(http, "POST", "/cards", json=card)["card_uri"]

    def _ads(self, http: Http, method: str, path: str, **options: Any) -> Any:
        """One call of the Ads API, which knows the four keys only."""
        from requests_oauthlib import OAuth1

        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        auth = OAuth1(*(getattr(self, name).get_secret_value() for name in names))
        url = f"{self.ads_api.rstrip('/')}/12/accounts/{self.ads_account}{path}"
        answer = http.json(method, url, auth=auth, errors=_errors, idempotent=True, **options)
        return answer["data"]

    def _duplicate(self, http: Http, post: Post) -> Receipt:
        found = self.find(http, post)
        if found is None:
            raise Refused("X has a post with the same text already: change the words")
        return found

    def _receipt(self, number: str) -> Receipt:
        return Receipt(
            id=number,
            address=f"https://x.com/{self.handle.removeprefix('@')}/status/{number}",
            extra={"at": datetime.now(UTC).isoformat()},
        )

    def _is_ours(self, item: dict[str, Any], post: Post) -> bool:
        if post.link not in self.wire(post):
            return item["text"] == self.wire(post)
        urls = item.get("entities", {}).get("urls", [])
        return any(post.link in (url.get("expanded_url"), url.get("unwound_url")) for url in urls)


class _Session:
    """What tweepy takes for a requests session: sends through our Http, to our address."""

    def __init__(self, http: Http, api: str, idempotent: bool):
        self.http, self.api, self.idempotent = http, api, idempotent

    def request(self, method: str, url: str, **options: Any) -> Any:
        url = url.replace(TWEEPYS_HOST, self.api, 1)  # before signing
        answer = self.http.send(method, url, errors=_errors, idempotent=self.idempotent, **options)
        try:
            answer.json()
        except ValueError as error:
            raise OutcomeUnknown("X answered without readable JSON") from error
        return answer


class _Duplicate(Refused):
    """X has a post with this text already."""


def _errors(status: int, body: Any) -> ConnectorError | None:
    told = body.get("detail", "") if isinstance(body, dict) else ""
    if status == 403 and "duplicate content" in told:
        return _Duplicate(told)
    if status == 403:
        return Unauthorised(f"X does not let this app do that: {told or 'see its permissions'}")
    if status == 400:
        return Refused(f"X does not take this: {told or 'invalid request'}")
    return None


def _fresh(receipt: Receipt) -> bool:
    at = receipt.extra.get("at")
    return bool(at) and datetime.now(UTC) - datetime.fromisoformat(at) < EDIT_WINDOW


def _unshortened(item: dict[str, Any]) -> str:
    """The text with t.co addresses as they were written."""
    text = item["text"]
    for url in item.get("entities", {}).get("urls", []):
        text = text.replace(url["url"], url.get("expanded_url", url["url"]))
    return text


def _counts(item: dict[str, Any]) -> Counts:
    public, own = item.get("public_metrics", {}), item.get("non_public_metrics", {})
    # X's file of August 2026 says repost_count where it said retweet_count before.
    names = ("repost_count" if "repost_count" in public else "retweet_count", "quote_count")
    reshared = [public[name] for name in names if name in public]
    return Counts(
        impressions=public.get("impression_count"),
        clicks=own.get("url_link_clicks"),
        likes=public.get("like_count"),
        comments=public.get("reply_count"),
        reshares=sum(reshared) if reshared else None,
    )
