"""Viva Engage: calls held against the examples in its documents.

There is no machine-readable contract. Fields are those at learn.microsoft.com/rest/api/yammer:
messages-create (messagesjson-post), messagesid-delete, messagesin_group, messagesin_thread,
users-current; the body of 401 is the one in "api-requests".
"""

from tests.networks import EXAMPLE, Network
from tests.networks.contracts import Examples
from tests.networks.standin import StandIn, route

DOCS = "learn.microsoft.com/rest/api/yammer"
MESSAGE = {
    "id": 1, "sender_id": 1, "replied_to_id": 1, "created_at": "", "network_id": 1,
    "message_type": "update", "sender_type": "user", "url": "", "web_url": "", "group_id": 1,
    "body": {"parsed": "", "plain": "", "rich": ""}, "thread_id": 1, "client_type": "",
    "client_url": "", "system_message": False, "direct_message": False, "privacy": "public",
    "attachments": [{"id": 1, "type": "ymodule", "web_url": "", "name": ""}],
    "liked_by": {"count": 1, "names": []}, "content_excerpt": "",
}  # fmt: skip
PAGE = {"messages": [MESSAGE], "references": [], "meta": {"older_available": False}}
QUERY = {"threaded": "", "limit": "", "older_than": "", "newer_than": ""}


class Server(StandIn):
    contract = Examples(
        {
            ("POST", "/api/v1/messages.json"): {
                "source": f"{DOCS}/messages-json-post",
                "fields": {
                    "body": "",
                    "group_id": 1,
                    "replied_to_id": 1,
                    "og_url": "",
                    "og_title": "",
                    "og_description": "",
                    "og_image": "",
                    "topic1": "",
                    "is_rich_text": False,
                },
                "must": ("body",),
                "answer": PAGE,
                "status": 201,
            },
            ("GET", r"/api/v1/messages/in_group/\d+\.json"): {
                "source": f"{DOCS}/messagesin-groupgroupidjson",
                "fields": QUERY,
                "answer": PAGE,
            },
            ("GET", r"/api/v1/messages/in_thread/\d+\.json"): {
                "source": f"{DOCS}/messagesin-threadthreadidjson",
                "fields": QUERY,
                "answer": PAGE,
            },
            ("GET", r"/api/v1/messages/\d+\.json"): {
                "source": f"{DOCS}/messages",
                "fields": {},
                "answer": MESSAGE,
            },
            ("DELETE", r"/api/v1/messages/\d+"): {"source": f"{DOCS}/messagesid", "fields": {}},
            ("GET", r"/api/v1/users/current\.json"): {
                "source": f"{DOCS}/userscurrentjson",
                "fields": {},
                "answer": {"id": 1, "full_name": "", "email": "", "network_name": ""},
            },
        }
    )
    prefix = "/api/v1"

    def __init__(self):
        super().__init__()
        self.messages = {}

    def refuses(self, call):
        if call.token == "token":
            return None
        return 401, {"response": {"message": "Token not found.", "code": 16, "stat": "fail"}}

    @route("POST", "/messages.json")
    def create(self, call):
        number = self.number()
        self.messages[number] = {
            "id": number,
            "body": {"plain": call.json["body"]},
            "group_id": call.json["group_id"],
            "thread_id": call.json.get("replied_to_id", number),
            "web_url": f"https://www.yammer.com/example.com/messages/{number}",
            "liked_by": {"count": 2, "names": []},
            "attachments": [],
        }
        return 201, {"messages": [self.messages[number]]}

    @route("GET", r"/messages/in_group/{group}\.json")
    def listing(self, call):
        found = [one for one in self.messages.values() if one["thread_id"] == one["id"]][::-1]
        return 200, {"messages": found, "meta": {"older_available": False}}

    @route("GET", r"/messages/in_thread/{id}\.json")
    def thread(self, call):
        thread = int(call.found["id"])
        return 200, {"messages": [m for m in self.messages.values() if m["thread_id"] == thread]}

    @route("GET", r"/messages/{id}\.json")
    def get(self, call):
        there = self.messages.get(int(call.found["id"]))
        return (200, there) if there else (404, None)

    @route("DELETE", "/messages/{id}")
    def delete(self, call):
        return (200 if self.messages.pop(int(call.found["id"]), None) else 404), None

    @route("GET", r"/users/current\.json")
    def me(self, call):
        return 200, {"id": 1, "full_name": "Ina Example"}


def network(need):
    server = need("standin")(Server())
    front = need("proxy")(server.url)
    return Network(
        "vivaengage",
        front,
        f'api = "{front.url}/api/v1"\ncommunity = 77',
        {"ROLECAST_NET_TOKEN": "token"},
        lambda: [one["body"]["plain"] for one in server.messages.values()],
        ("POST", "/messages.json"),
        EXAMPLE,
        broken=lambda: server.broken,
    )
