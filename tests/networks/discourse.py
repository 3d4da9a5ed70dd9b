"""Discourse, held against its own OpenAPI file (20 August 2026)."""

from tests.networks import Network
from tests.networks.contracts import OpenApi
from tests.networks.standin import StandIn, route

NOT_FOUND = (404, {"errors": ["The requested URL or resource could not be found."]})


class Server(StandIn):
    # Whole topics have some ninety fields in the file; what we answer has those that are read.
    contract = OpenApi("discourse/openapi.json", "https://discourse.example.com", answers=False)

    def __init__(self):
        super().__init__()
        self.topics = {}

    def refuses(self, call):
        signed = call.headers.get("api-key"), call.headers.get("api-username")
        return None if signed == ("key", "careers") else (403, {"errors": ["not permitted"]})

    def topic(self, call):
        return self.topics.get(call.found["id"])

    @route("POST", "/posts.json")
    def create(self, call):
        taken = call.json.get("external_id") in [t["external_id"] for t in self.topics.values()]
        if taken:
            return 422, {"action": "create_post", "errors": ["External has already been taken"]}
        number = self.number()
        self.topics[str(number)] = {
            "id": number,
            "slug": "a-job",
            "external_id": call.json["external_id"],
            "title": call.json["title"],
            "raw": call.json["raw"],
            "post": number + 500_000,
        }
        made = {"id": number + 500_000, "topic_id": number, "topic_slug": "a-job"}
        return 200, made

    @route("GET", "/t/external_id/{key}.json")
    def external(self, call):
        for there in self.topics.values():
            if there["external_id"] == call.found["key"]:
                return 200, self.shown(there)
        return NOT_FOUND

    def shown(self, there):
        return {
            "id": there["id"],
            "slug": there["slug"],
            "views": 40,
            "like_count": 3,
            "posts_count": 3,
            "post_stream": {"posts": [{"id": there["post"]}]},
            "details": {"links": [{"clicks": 5}]},
        }

    @route("PUT", "/t/-/{id}.json")
    def rename(self, call):
        self.topic(call)["title"] = call.json["topic"]["title"]
        return 200, {"basic_topic": {"id": self.topic(call)["id"]}}

    @route("GET", "/t/{id}.json")
    def get(self, call):
        return (200, self.shown(self.topic(call))) if self.topic(call) else NOT_FOUND

    @route("DELETE", "/t/{id}.json")
    def delete(self, call):
        there = self.topics.pop(call.found["id"], None)
        return (200, None) if there else NOT_FOUND

    def by_post(self, call):
        number = int(call.found["post"])
        return next((t for t in self.topics.values() if t["post"] == number), None)

    @route("GET", "/posts/{post}.json")
    def get_post(self, call):
        there = self.by_post(call)
        return (200, {"id": there["post"], "raw": there["raw"]}) if there else NOT_FOUND

    @route("PUT", "/posts/{post}.json")
    def change(self, call):
        there = self.by_post(call)
        if there is None:
            return NOT_FOUND
        there["raw"] = call.json["post"]["raw"]
        return 200, {"post": {"id": there["post"]}}

    @route("GET", "/u/{name}.json")
    def user(self, call):
        return 200, {"user": {"username": call.found["name"]}}


def network(need):
    server = need("standin")(Server())
    front = need("proxy")(server.url)
    return Network(
        "discourse",
        front,
        f'url = "{front.url}"\nuser = "careers"\ncategory = 4',
        {"ROLECAST_NET_KEY": "key"},
        lambda: [one["raw"] for one in server.topics.values()],
        ("POST", "/posts.json"),
        says={
            "limited": {
                "status": 429,
                "body": {"errors": ["slow down"], "extras": {"wait_seconds": 7}},
            },
            "refused": {"status": 422, "body": {"errors": ["Title is too short"]}},
        },
        broken=lambda: server.broken,
    )
