"""X, held against X's own OpenAPI file (2.167, 22 August 2026)."""

import re
from datetime import UTC, datetime

from tests.networks import Network
from tests.networks.contracts import OpenApi
from tests.networks.standin import StandIn, route

ME = "1234567890"
DUPLICATE = {
    "detail": "You are not allowed to create a Tweet with duplicate content.",
    "type": "about:blank",
    "title": "Forbidden",
    "status": 403,
}


class Server(StandIn):
    contract = OpenApi("x/openapi.docs-2026-08-22.json", "https://api.x.com")

    def __init__(self):
        super().__init__()
        self.posts, self.media, self.newer, self.cards = {}, {}, {}, set()

    def refuses(self, call):
        signed = call.headers.get("authorization", "")
        if signed.startswith("OAuth ") and 'oauth_token="token"' in signed:
            return None
        return 401, {"title": "Unauthorized", "type": "about:blank", "status": 401}

    @route("POST", "/2/tweets")
    def create(self, call):
        text = call.json["text"]
        edits = call.json.get("edit_options", {}).get("previous_post_id")
        if any(text == one["written"] for one in self.posts.values()):
            return 403, DUPLICATE
        for number in call.json.get("media", {}).get("media_ids", []):
            assert number in self.media
        if "reply" in call.json:
            assert call.json["reply"]["in_reply_to_tweet_id"] in self.posts
        assert call.json.get("card_uri") in {None, *self.cards}
        number = str(self.number())
        history = [number]
        if edits:
            history = [*self.posts.pop(edits)["history"], number]
            self.newer |= dict.fromkeys(history[:-1], number)
        urls = [
            {"start": found.start(), "end": found.end(), "url": f"https://t.co/{index}{number}"[:23],
             "expanded_url": found[0], "display_url": found[0]}
            for index, found in enumerate(re.finditer(r"https?://\S+", text))
        ]  # fmt: skip
        shown = text
        for url in urls:
            shown = shown.replace(url["expanded_url"], url["url"])
        self.posts[number] = {
            "written": text,
            "card": call.json.get("card_uri"),
            "history": history,
            "data": {
                "id": number,
                "text": shown,
                "edit_history_tweet_ids": history,
                "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
                "entities": {"urls": urls},
            },
        }
        made = {"id": number, "text": shown, "edit_history_tweet_ids": history}
        return 201, {"data": made}

    @route("DELETE", "/2/tweets/{id}")
    def delete(self, call):
        gone = self.posts.pop(call.found["id"], None)
        return 200, {"data": {"deleted": gone is not None}}

    @route("GET", "/2/users/me")
    def me(self, call):
        return 200, {"data": {"id": ME, "name": "Careers", "username": "careers"}}

    @route("GET", "/2/users/{id}/tweets")
    def timeline(self, call):
        latest = [one["data"] for one in reversed(self.posts.values())]
        found = latest[: int(call.query["max_results"])]
        return 200, {"data": found, "meta": {"result_count": len(found)}} if found else {
            "meta": {"result_count": 0}
        }

    @route("GET", "/2/tweets")
    def lookup(self, call):
        found = [
            self.posts[self.newer.get(number, number)]["data"]
            | {
                "id": number,
                "public_metrics": {
                    "repost_count": 1,
                    "reply_count": 2,
                    "like_count": 3,
                    "quote_count": 4,
                    "bookmark_count": 0,
                    "impression_count": 50,
                },
                "non_public_metrics": {"url_link_clicks": 6, "impression_count": 50},
            }
            for number in call.query["ids"].split(",")
            if self.newer.get(number, number) in self.posts
        ]
        return 200, {"data": found} if found else {}

    @route("POST", "/2/media/upload")
    def upload(self, call):
        number = str(self.number())
        self.media[number] = {}
        return 200, {"data": {"id": number, "media_key": f"3_{number}", "expires_after_secs": 9}}

    @route("POST", "/2/media/metadata")
    def metadata(self, call):
        self.media[call.json["id"]] = call.json["metadata"]
        return 200, {"data": {"id": call.json["id"]}}


def network(need):
    server = need("standin")(Server())
    front = need("proxy")(server.url)
    return Network(
        "x",
        front,
        f'api = "{front.url}"\nhandle = "careers"\nmay_edit = true',
        {
            "ROLECAST_NET_CONSUMER_KEY": "key",
            "ROLECAST_NET_CONSUMER_SECRET": "secret",
            "ROLECAST_NET_ACCESS_TOKEN": "token",
            "ROLECAST_NET_ACCESS_TOKEN_SECRET": "secret2",
        },
        lambda: [one["written"] for one in server.posts.values()],
        ("POST", "/2/tweets"),
        says={
            "duplicate": {"status": 403, "body": DUPLICATE},
            "limited": {
                "status": 429,
                "headers": {"x-rate-limit-remaining": "0", "x-rate-limit-reset": "99999999999"},
            },
        },
        broken=lambda: server.broken,
    )
