"""Mastodon: requests held against the OpenAPI file made from its documents (4.7.0).

The file's models of answers are stricter than real servers, so answers are not held against it.
"""

import re
from html import escape

from tests.networks import Network
from tests.networks.contracts import OpenApi
from tests.networks.standin import Broken, StandIn, route


def mend(about):
    """A status with words and a picture fits two of the file's three kinds; it says "one of"."""
    body = about["paths"]["/api/v1/statuses"]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    schema["anyOf"] = schema.pop("oneOf")


class Server(StandIn):
    # openapi-core reads the bytes of a picture as text; `upload` looks at its parts itself.
    contract = OpenApi(
        "mastodon/openapi.json",
        "https://mastodon.example",
        answers=False,
        skip="/api/v2/media",
        mend=mend,
    )

    def __init__(self):
        super().__init__()
        self.statuses, self.keys, self.media = {}, {}, {}

    def refuses(self, call):
        if call.path == "/api/v2/instance" or call.token == "token":
            return None
        return 401, {"error": "The access token is invalid"}

    @route("POST", "/api/v1/statuses")
    def create(self, call):
        key = call.headers["idempotency-key"]
        if key in self.keys:
            return 200, self.statuses[self.keys[key]]
        if len(call.json["status"]) > 500 and "http" not in call.json["status"]:
            return 422, {"error": "Validation failed: Text character limit of 500 exceeded"}
        number = str(self.number())
        self.keys[key] = number
        self.statuses[number] = self.status(number, call.json["status"])
        self.statuses[number]["visibility"] = call.json["visibility"]
        return 200, self.statuses[number]

    def status(self, number, text):
        paragraphs = "".join(
            f"<p>{escape(part, quote=False).replace(chr(10), '<br />')}</p>"
            for part in text.split("\n\n")
        )
        return {
            "id": number,
            "url": f"https://mastodon.example/@careers/{number}",
            "content": paragraphs,
            "text": text,
            "favourites_count": 3,
            "replies_count": 2,
            "reblogs_count": 1,
        }

    @route("GET", "/api/v1/statuses/{id}")
    def get(self, call):
        there = self.statuses.get(call.found["id"])
        return (200, there) if there else (404, {"error": "Record not found"})

    @route("PUT", "/api/v1/statuses/{id}")
    def change(self, call):
        number = call.found["id"]
        if number not in self.statuses:
            return 404, {"error": "Record not found"}
        visibility = self.statuses[number]["visibility"]
        self.statuses[number] = self.status(number, call.json["status"])
        self.statuses[number]["visibility"] = visibility
        return 200, self.statuses[number]

    @route("DELETE", "/api/v1/statuses/{id}")
    def delete(self, call):
        there = self.statuses.pop(call.found["id"], None)
        return (200, there) if there else (404, {"error": "Record not found"})

    @route("GET", "/api/v1/accounts/verify_credentials")
    def me(self, call):
        return 200, {"id": "7", "acct": "careers"}

    @route("GET", "/api/v1/accounts/{id}/statuses")
    def listing(self, call):
        return 200, list(reversed(self.statuses.values()))[: int(call.query["limit"])]

    @route("GET", "/api/v2/instance")
    def instance(self, call):
        return 200, {"configuration": {"statuses": {"max_characters": 500}}}

    @route("POST", "/api/v2/media")
    def upload(self, call):
        names = set(re.findall(rb'form-data; name="(\w+)"', call.request.body))
        if names != {b"file", b"description"}:
            raise Broken(f"parts {names}")
        number = str(self.number())
        self.media[number] = call.request.body
        return 200, {"id": number, "type": "image", "url": "https://mastodon.example/m.png"}


def network(need):
    server = need("standin")(Server())
    front = need("proxy")(server.url)
    return Network(
        "mastodon",
        front,
        f'server = "{front.url}"',
        {"ROLECAST_NET_TOKEN": "token"},
        lambda: [s["text"] for s in server.statuses.values() if s["visibility"] != "direct"],
        ("POST", "/api/v1/statuses"),
        says={
            "limited": {
                "status": 429,
                "headers": {
                    "X-RateLimit-Remaining": "0",
                    "X-RateLimit-Reset": "2099-01-01T00:00:00.000000Z",
                },
            },
            "refused": {"status": 422, "body": {"error": "Validation failed"}},
        },
        broken=lambda: server.broken,
        private=lambda: [
            s["text"] for s in server.statuses.values() if s["visibility"] == "direct"
        ],
    )
