"""NodeBB, held against its own OpenAPI file of the write API."""

from tests.networks import Network
from tests.networks.contracts import OpenApi
from tests.networks.standin import StandIn, route

NOT_FOUND = (404, {"status": {"code": "not-found", "message": "no such topic"}, "response": {}})


class Server(StandIn):
    # The read API is another file, in which whole pages are described.
    contract = OpenApi(
        "nodebb/public/openapi/write.yaml",
        "https://forum.example.com",
        answers=False,
        skip="/api/(category|self)",
    )

    def __init__(self):
        super().__init__()
        self.topics = {}

    def refuses(self, call):
        if call.token == "token":
            return None
        return 401, {"status": {"code": "not-authorised", "message": "no"}, "response": {}}

    @staticmethod
    def good(response):
        return 200, {"status": {"code": "ok", "message": "OK"}, "response": response}

    @route("POST", "/api/v3/topics/")
    def create(self, call):
        number = self.number()
        self.topics[number] = {
            "tid": number,
            "slug": f"{number}/a-job",
            "mainPid": number + 500_000,
            "title": call.json["title"],
            "content": call.json["content"],
            "deleted": 0,
        }
        return self.good(self.topics[number])

    @route("GET", "/api/category/{cid}")
    def listing(self, call):
        return 200, {"topics": list(reversed(self.topics.values()))}

    @route("GET", "/api/self")
    def me(self, call):
        return 200, {"username": "careers"}

    def by_post(self, call):
        return self.topics.get(int(call.found["pid"]) - 500_000)

    @route("GET", "/api/v3/posts/{pid}")
    def get(self, call):
        there = self.by_post(call)
        return self.good(there) if there else NOT_FOUND

    @route("PUT", "/api/v3/posts/{pid}")
    def change(self, call):
        there = self.by_post(call)
        if there is None:
            return NOT_FOUND
        there.update(call.json)
        return self.good({})

    @route("GET", "/api/v3/topics/{tid}")
    def topic(self, call):
        there = self.topics.get(int(call.found["tid"]))
        return self.good(there | {"viewcount": 9, "postcount": 2, "upvotes": 1})

    @route("DELETE", "/api/v3/topics/{tid}/state")
    def delete(self, call):
        there = self.topics.get(int(call.found["tid"]))
        if there is None:
            return NOT_FOUND
        there["deleted"] = 1
        return self.good({})


def network(need):
    server = need("standin")(Server())
    front = need("proxy")(server.url)
    return Network(
        "nodebb",
        front,
        f'url = "{front.url}"\ncategory = 4',
        {"ROLECAST_NET_TOKEN": "token"},
        lambda: [one["content"] for one in server.topics.values() if not one["deleted"]],
        ("POST", "/topics/"),
        broken=lambda: server.broken,
    )
