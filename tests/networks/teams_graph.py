"""Teams through Graph: bodies held against the types in Graph's own metadata (v1.0, CSDL)."""

from urllib.parse import unquote

from tests.networks import Network
from tests.networks.contracts import graph_type
from tests.networks.standin import Broken, StandIn, route

ROOM = "/teams/{team}/channels/{channel}/messages"


class Csdl:
    def request(self, call):
        if call.path.endswith("/chats"):
            self._has("chat", call.json)
            for member in call.json["members"]:
                self._member(member)
        elif call.request.body:
            self._has("chatMessage", call.json)
            self._has("itemBody", call.json.get("body", {}))

    def answer(self, call, status, body):
        for message in (body or {}).get("value", []) if "value" in (body or {}) else [body or {}]:
            if "body" in message:
                self._has("chatMessage", message)

    @staticmethod
    def _member(given):
        """Of a chat; "user@odata.bind" names what stands in the type's property `user`."""
        kind = "aadUserConversationMember"
        known = graph_type(kind) | graph_type("conversationMember")
        plain = {name.partition("@odata.bind")[0] for name in given} - {"@odata.type"}
        if unknown := plain - known:
            raise Broken(f"{kind} has no {', '.join(sorted(unknown))}")
        if given["@odata.type"] != f"#microsoft.graph.{kind}" or given["roles"] != ["owner"]:
            raise Broken("a member needs its type and a role (graph/api/chat-post)")

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
        self.people = {"ina@example.com", "kim@ostrelund.example"}
        self.chats = {}  # who is in it → its number
        self.told = []  # (who, content)

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

    @route("POST", "/chats")
    def chat(self, call):
        bound = [one["user@odata.bind"] for one in call.json["members"]]
        who = [unquote(one.partition("users('")[2].removesuffix("')")) for one in bound]
        if call.json["chatType"] != "oneOnOne" or len(set(who)) != 2 or set(who) - self.people:
            return 404, {"error": {"code": "NotFound", "message": "no such user"}}
        number = self.chats.setdefault(tuple(who), f"19:{self.number()}_b78@unq.gbl.spaces")
        return 201, {"id": number, "chatType": "oneOnOne"}

    @route("POST", "/chats/{chat}/messages")
    def say(self, call):
        chat = unquote(call.found["chat"])
        (who,) = [who for who, number in self.chats.items() if number == chat]
        self.told.append((who[1], call.json["body"]["content"]))
        return 201, call.json | {"id": str(self.number())}

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
