"""Slack: requests held against the arguments in its method reference (20 August 2026)."""

import time

from tests.networks import Network
from tests.networks.contracts import Fields, slack_method
from tests.networks.standin import StandIn, route


def fields(call):
    method = call.path.rpartition("/")[2]
    # Not among the saved methods; as docs.slack.dev/reference/methods has them.
    own = {"auth.test": {}, "users.lookupByEmail": {"email": True}}
    known = own[method] if method in own else slack_method(method)
    known.pop("token", None)  # stands in the header
    return (call.json if call.request.body else call.query) or {}, known


class Server(StandIn):
    contract = Fields(fields)
    prefix = "/api"

    def __init__(self):
        super().__init__()
        self.messages = {}
        self.people = {"kim@ostrelund.example": "W012A3CDE"}  # address → number

    def refuses(self, call):
        return None if call.token == "xoxb-token" else (200, {"ok": False, "error": "invalid_auth"})

    def wrong(self, code):
        return 200, {"ok": False, "error": code}

    @route("POST", "/chat.postMessage")
    def post(self, call):
        number = f"{time.time():.0f}.{self.number():06d}"
        self.messages[number] = {
            "ts": number,
            "text": call.json["text"],
            "channel": call.json["channel"],
            "metadata": call.json.get("metadata", {}),
        }
        return 200, {"ok": True, "ts": number, "channel": call.json["channel"]}

    @route("POST", "/chat.update")
    def update(self, call):
        if call.json["ts"] not in self.messages:
            return self.wrong("message_not_found")
        self.messages[call.json["ts"]]["text"] = call.json["text"]
        return 200, {"ok": True, "ts": call.json["ts"]}

    @route("POST", "/chat.delete")
    def delete(self, call):
        if self.messages.pop(call.json["ts"], None) is None:
            return self.wrong("message_not_found")
        return 200, {"ok": True}

    @route("POST", "/auth.test")
    def test(self, call):
        body = {"url": "https://ostrelund.slack.com/", "team": "Ostrelund", "user": "rolecast"}
        return 200, {"ok": True} | body

    @route("GET", "/users.lookupByEmail")
    def look_up(self, call):
        if call.query["email"] not in self.people:
            return self.wrong("users_not_found")
        return 200, {"ok": True, "user": {"id": self.people[call.query["email"]]}}

    @route("GET", "/conversations.history")
    def history(self, call):
        oldest, latest = call.query.get("oldest", "0"), call.query.get("latest", "9" * 12)
        found = [
            one for number, one in self.messages.items()
            if float(oldest) <= float(number) <= float(latest)
        ]  # fmt: skip
        return 200, {"ok": True, "messages": found[::-1], "has_more": False}

    @route("GET", "/reactions.get")
    def reactions(self, call):
        there = self.messages.get(call.query["timestamp"])
        if there is None:
            return self.wrong("message_not_found")
        more = {"reactions": [{"name": "tada", "count": 2}], "reply_count": 1}
        return 200, {"ok": True, "message": there | more}


def network(need):
    server = need("standin")(Server())
    front = need("proxy")(server.url)
    return Network(
        "slack",
        front,
        f'api = "{front.url}/api"\nchannel = "C0123456789"',
        {"ROLECAST_NET_TOKEN": "xoxb-token"},
        lambda: [m["text"] for m in server.messages.values() if m["channel"] == "C0123456789"],
        ("POST", "/chat.postMessage"),
        says={
            "unauthorised": {"status": 200, "body": {"ok": False, "error": "token_revoked"}},
            "refused": {"status": 200, "body": {"ok": False, "error": "invalid_blocks"}},
        },
        broken=lambda: server.broken,
        audience='test_channel = "C9"',
        private=lambda: [m["text"] for m in server.messages.values() if m["channel"] == "C9"],
    )
