"""Threads: requests held against Meta's Postman collection (2 January 2026)."""

from tests.networks import Network
from tests.networks.contracts import Fields, threads
from tests.networks.standin import Broken, StandIn, route

# Parameters of pages of results: developers.facebook.com/docs/threads/retrieve-and-discover-posts.
PAGING = {"since", "until", "limit", "before", "after"}


def fields(call):
    path = call.path.removeprefix("/v1.0").rstrip("/")
    known: set[str] = set()
    matched = False
    for method, pattern, names in threads():
        if method == call.method and pattern.match(path):
            known, matched = known | names, True
    if not matched:
        raise Broken("this request is not in the collection")
    return call.query, {name: False for name in known | (PAGING if call.method == "GET" else set())}


def error(status, code, message, **more):
    return status, {"error": {"message": message, "type": "OAuthException", "code": code, **more}}


class Server(StandIn):
    contract = Fields(fields)
    prefix = "/v1.0"

    def __init__(self):
        super().__init__()
        self.containers, self.posts = {}, {}

    def refuses(self, call):
        return None if call.token == "token" else error(400, 190, "Error validating access token")

    @route("POST", "/me/threads")
    def container(self, call):
        number = str(self.number())
        self.containers[number] = call.query
        return 200, {"id": number}

    @route("POST", "/me/threads_publish")
    def publish(self, call):
        made = self.containers.pop(call.query["creation_id"], None)
        if made is None:
            return error(400, 24, "The requested resource does not exist", error_subcode=4279009)
        number = str(self.number())
        self.posts[number] = {
            "id": number,
            "text": made["text"],
            "permalink": f"https://www.threads.net/@careers/post/{number}",
            "link_attachment_url": made.get("link_attachment"),
            "replied_to": made.get("reply_to_id"),
        }
        return 200, {"id": number}

    @route("GET", "/me/threads")
    def listing(self, call):
        first = [one for one in self.posts.values() if not one["replied_to"]]
        return 200, {"data": first[::-1]}

    @route("GET", "/{id}/replies")
    def replies(self, call):
        found = [one for one in self.posts.values() if one["replied_to"] == call.found["id"]]
        return 200, {"data": found[::-1]}

    @route("GET", "/me")
    def me(self, call):
        return 200, {"id": "9", "username": "careers"}

    @route("GET", "/{id}")
    def get(self, call):
        there = self.posts.get(call.found["id"])
        return (200, there) if there else error(400, 100, "does not exist", error_subcode=33)

    @route("DELETE", "/{id}")
    def delete(self, call):
        if self.posts.pop(call.found["id"], None) is None:
            return error(400, 100, "does not exist", error_subcode=33)
        return 200, {"success": True}

    @route("GET", "/{id}/insights")
    def insights(self, call):
        names = call.query["metric"].split(",")
        return 200, {"data": [{"name": name, "values": [{"value": 2}]} for name in names]}


def network(need):
    server = need("standin")(Server())
    front = need("proxy")(server.url)
    says = {
        "limited": error(400, 4, "Application request limit reached"),
        "unauthorised": error(400, 190, "Session has expired"),
        "refused": error(400, 100, "Param text must be at most 500 characters long."),
        "failed": error(500, 2, "An unexpected error has occurred.", is_transient=True),
    }
    return Network(
        "threads",
        front,
        f'api = "{front.url}/v1.0"\nhandle = "careers"',
        {"ROLECAST_NET_TOKEN": "token"},
        lambda: [one["text"] for one in server.posts.values()],
        ("POST", "/me/threads_publish"),
        says={name: {"status": status, "body": body} for name, (status, body) in says.items()},
        broken=lambda: server.broken,
    )
