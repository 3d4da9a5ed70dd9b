"""Discord, held against Discord's own OpenAPI file (v10, 18 July 2026)."""

from datetime import UTC, datetime

from tests.networks import Network
from tests.networks.contracts import OpenApi
from tests.networks.standin import StandIn, route

CHANNEL, GUILD = "200", "100"


class Server(StandIn):
    # The file's model of a whole message asks for far more than a client needs.
    contract = OpenApi(
        "discord/openapi.json", "https://discord.com", answers=False, root="/api/v10"
    )

    def __init__(self):
        super().__init__()
        self.messages = {}

    def refuses(self, call):
        if "webhooks" in call.path or call.headers.get("authorization") == "Bot token":
            return None
        return 401, {"message": "401: Unauthorized", "code": 0}

    def message(self, call):
        if len(call.json["content"]) > 2000:
            return 400, {"message": "Invalid Form Body", "code": 50035}
        number = str(int(datetime.now(UTC).timestamp() * 1000) - 1_420_070_400_000 << 22)
        number = str(int(number) + self.number())
        nonce = call.json.get("nonce")
        for there in self.messages.values():
            if nonce and there["nonce"] == nonce:
                return 200, there
        self.messages[number] = {
            "id": number,
            "content": call.json["content"],
            "channel": call.found.get("channel", CHANNEL),
            "nonce": nonce,
            "reactions": [{"count": 2}],
        }
        return 200, self.messages[number]

    def of(self, call):
        return self.messages.get(call.found["id"])

    def missing(self):
        return 404, {"message": "Unknown Message", "code": 10008}

    @route("POST", "/channels/{channel}/messages")
    def create(self, call):
        return self.message(call)

    @route("GET", "/channels/{channel}/messages")
    def listing(self, call):
        after = int(call.query["after"])
        found = [one for one in self.messages.values() if int(one["id"]) > after]
        return 200, found[: int(call.query["limit"])]

    @route("POST", "/webhooks/{hook}/{token}")
    def execute(self, call):
        return self.message(call) if call.query.get("wait") == "true" else (204, None)

    @route("GET", "/webhooks/{hook}/{token}")
    def about(self, call):
        return 200, {"name": "Jobs", "channel_id": CHANNEL}

    @route("GET", "/users/@me")
    def me(self, call):
        return 200, {"username": "rolecast"}

    def _one(self, call):
        there = self.of(call)
        if there is None:
            return self.missing()
        if call.method == "DELETE":
            del self.messages[there["id"]]
            return 204, None
        if call.method == "PATCH":
            there["content"] = call.json["content"]
        return 200, there

    @route("GET", "/channels/{channel}/messages/{id}")
    def get(self, call):
        return self._one(call)

    @route("PATCH", "/channels/{channel}/messages/{id}")
    def change(self, call):
        return self._one(call)

    @route("DELETE", "/channels/{channel}/messages/{id}")
    def delete(self, call):
        return self._one(call)

    @route("GET", "/webhooks/{hook}/{token}/messages/{id}")
    def hook_get(self, call):
        return self._one(call)

    @route("PATCH", "/webhooks/{hook}/{token}/messages/{id}")
    def hook_change(self, call):
        return self._one(call)

    @route("DELETE", "/webhooks/{hook}/{token}/messages/{id}")
    def hook_delete(self, call):
        return self._one(call)


SAYS = {
    "limited": {"status": 429, "body": {"message": "slow", "retry_after": 7.5, "global": False}},
    "refused": {"status": 400, "body": {"message": "Invalid Form Body", "code": 50035}},
}


def network(need):
    server = need("standin")(Server())
    front = need("proxy")(server.url)
    return Network(
        "discord",
        front,
        f'api = "{front.url}"\nchannel = "{CHANNEL}"\nserver = "{GUILD}"',
        {"ROLECAST_NET_TOKEN": "token"},
        lambda: [m["content"] for m in server.messages.values() if m["channel"] == CHANNEL],
        ("POST", "/messages"),
        says=SAYS,
        broken=lambda: server.broken,
        audience='test_channel = "201"',
        private=lambda: [m["content"] for m in server.messages.values() if m["channel"] == "201"],
    )
