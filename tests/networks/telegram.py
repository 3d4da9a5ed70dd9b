"""Telegram: requests held against the fields of Bot API 10.1."""

from tests.networks import Network
from tests.networks.contracts import Fields, telegram
from tests.networks.standin import Broken, StandIn, route

CHAT = {"id": -1001, "type": "channel", "title": "Jobs", "username": "ostrelund_jobs"}


def fields(call):
    method = call.path.rpartition("/")[2]
    about = telegram()["methods"].get(method)
    if about is None:
        raise Broken(f"no method {method}")
    return call.json or {}, {one["name"]: one["required"] for one in about.get("fields", [])}


class Server(StandIn):
    contract = Fields(fields)
    prefix = "/bottoken"

    def __init__(self):
        super().__init__()
        self.messages, self.chats = {}, {}

    def refuses(self, call):
        if call.path.startswith("/bottoken/"):
            return None
        return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}

    def message(self, number):
        body = {"message_id": int(number), "chat": CHAT, "text": self.messages[number]}
        return 200, {"ok": True, "result": body}

    def bad(self, why):
        return 400, {"ok": False, "error_code": 400, "description": f"Bad Request: {why}"}

    @route("POST", "/sendMessage")
    def send(self, call):
        if len(call.json["text"]) > 4096:
            return self.bad("message is too long")
        number = str(self.number())
        self.messages[number] = call.json["text"]
        self.chats[number] = call.json["chat_id"]
        return self.message(number)

    @route("POST", "/editMessageText")
    def edit(self, call):
        number = str(call.json["message_id"])
        if number not in self.messages:
            return self.bad("message to edit not found")
        if self.messages[number] == call.json["text"]:
            return self.bad("message is not modified: specified new message content is the same")
        self.messages[number] = call.json["text"]
        return self.message(number)

    @route("POST", "/deleteMessage")
    def delete(self, call):
        if self.messages.pop(str(call.json["message_id"]), None) is None:
            return self.bad("message to delete not found")
        return 200, {"ok": True, "result": True}

    @route("POST", "/getMe")
    def me(self, call):
        return 200, {"ok": True, "result": {"id": 1, "is_bot": True, "username": "rolecast_bot"}}

    @route("POST", "/getChat")
    def chat(self, call):
        return 200, {"ok": True, "result": CHAT}


def network(need):
    server = need("standin")(Server())
    front = need("proxy")(server.url)
    return Network(
        "telegram",
        front,
        f'api = "{front.url}"\nchat = "@ostrelund_jobs"',
        {"ROLECAST_NET_TOKEN": "token"},
        lambda: [m for n, m in server.messages.items() if server.chats[n] != "@tests"],
        ("POST", "/sendMessage"),
        says={
            "limited": {
                "status": 429,
                "body": {
                    "ok": False,
                    "error_code": 429,
                    "description": "Too Many Requests: retry after 7",
                    "parameters": {"retry_after": 7},
                },
            },
        },
        broken=lambda: server.broken,
        audience='test_chat = "@tests"',
        private=lambda: [m for n, m in server.messages.items() if server.chats[n] == "@tests"],
    )
