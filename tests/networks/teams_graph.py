"""Teams through Graph: bodies held against the types in Graph's own metadata (v1.0, CSDL)."""

from tests.networks import Network
from tests.networks.contracts import graph_type
from tests.networks.standin import Broken, StandIn, route

ROOM = "/teams/{team}/channels/{channel}/messages"


class Csdl:
    def request(self, call):
        if call.request.body:
            self._has("chatMessage", call.json)
            self._has("itemBody", call.json.get("body", {}))

    def answer(self, call, status, body):
        for message in (body or {}).get("value", []) if "value" in (body or {}) else [body or {}]:
            if "body" in message:
                self._has("chatMessage", message)

    @staticmethod
    def _has(name, given):
        if unknown := set(given) - graph_type(name):
            raise Broken(f"{name} has no {', '.join(sorted(unknown))}")


class Server(StandIn):
    contract = Csdl()
    prefix = "/v1.0"

    def __init__(self):
        super().__init__()
        self.messages = {}

    def refuses(self, call):
        if call.token == "token":
            return None
        return 401, {"error": {"code": "InvalidAuthenticationToken", "message": "expired"}}

    def one(self, call):
        return self.messages.get(call.found["id"])

    @route("POST", ROOM)
    def create(self, call):
        number = str(self.number())
        self.messages[number] = call.json | {
            "id": number,
            "webUrl": f"https://teams.microsoft.com/l/message/{number}",
            "deletedDateTime": None,
            "reactions": [],
        }
        return 201, self.messages[number]

    @route("GET", ROOM)
    def listing(self, call):
        return 200, {"value": list(reversed(self.messages.values()))}

    @route("GET", f"{ROOM}/{{id}}")
    def get(self, call):
        return (200, self.one(call)) if self.one(call) else (404, {"error": {"code": "NotFound"}})

    @route("PATCH", f"{ROOM}/{{id}}")
    def change(self, call):
        self.one(call).update(call.json)
        return 204, None

    @route("POST", f"{ROOM}/{{id}}/softDelete")
    def delete(self, call):
        if self.one(call) is None:
            return 404, {"error": {"code": "NotFound"}}
        self.one(call)["deletedDateTime"] = "2026-11-23T12:00:00Z"
        return 204, None

    @route("GET", "/me")
    def me(self, call):
        return 200, {"displayName": "Ina", "userPrincipalName": "ina@example.com"}


def network(need):
    server = need("standin")(Server())
    front = need("proxy")(server.url)
    return Network(
        "teams-graph",
        front,
        f'api = "{front.url}/v1.0"\nteam = "t-1"\nchannel = "19:abc@thread.tacv2"',
        {"ROLECAST_NET_TOKEN": "token"},
        lambda: [
            one["body"]["content"] for one in server.messages.values() if not one["deletedDateTime"]
        ],
        ("POST", "/messages"),
        broken=lambda: server.broken,
    )
