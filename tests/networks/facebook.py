"""Facebook: parameters and fields held against the files of Meta's Business SDK (15 April 2026).

Its codes: developers.facebook.com/docs/graph-api/guides/error-handling.
"""

import re

from tests.networks import Network
from tests.networks.contracts import Fields, facebook, facebook_fields
from tests.networks.standin import Broken, StandIn, route

PAGE = "555"


def fields(call):
    path = call.path.removeprefix("/v26.0").strip("/").split("/")
    kind = "Page" if path[0] in (PAGE, "me") else "PagePost"
    edge = path[1] if len(path) > 1 else None
    if call.method == "GET":
        asked = dict(call.query)
        names = re.findall(r"(\w+)(?:\.\w+\([^)]*\))*", asked.pop("fields", ""))
        target = "PagePost" if edge == "published_posts" else kind
        known = facebook_fields(target) | {"total_count"}
        if unknown := {n for n in names if n not in known} - {"post_media_view", "post_clicks"}:
            raise Broken(f"{target} has no {', '.join(sorted(unknown))}")
        # Cursors and ranges belong to every edge (graph-api/results).
        paging = {"limit", "after", "before", "since", "until"}
        return {k: v for k, v in asked.items() if k not in paging}, {}
    given = {} if call.type == "multipart/form-data" else call.form
    return given, {name: False for name in facebook(kind, call.method, edge)}


def error(status, code, message, **more):
    return status, {"error": {"message": message, "type": "OAuthException", "code": code, **more}}


class Server(StandIn):
    contract = Fields(fields)
    prefix = "/v26.0"

    def __init__(self):
        super().__init__()
        self.posts = {}

    def refuses(self, call):
        return None if call.token == "token" else error(400, 190, "Error validating access token")

    def missing(self):
        return error(400, 100, "Object does not exist", error_subcode=33)

    @route("POST", f"/{PAGE}/feed")
    def feed(self, call):
        if any(one["message"] == call.form["message"] for one in self.posts.values()):
            return error(400, 506, "(#506) Duplicate status message")
        number = f"{PAGE}_{self.number()}"
        self.posts[number] = {"id": number, "message": call.form["message"]}
        return 200, {"id": number}

    @route("POST", f"/{PAGE}/photos")
    def photos(self, call):
        number = f"{PAGE}_{self.number()}"
        message = re.search(rb'name="message"\r\n\r\n(.*?)\r\n--', call.request.body, re.S)[1]
        self.posts[number] = {"id": number, "message": message.decode()}
        return 200, {"id": number.partition("_")[2], "post_id": number}

    @route("GET", f"/{PAGE}/published_posts")
    def listing(self, call):
        return 200, {"data": list(reversed(self.posts.values()))}

    @route("GET", "/me")
    def me(self, call):
        return 200, {"id": PAGE, "name": "Ostrelund Works"}

    @route("GET", "/{id}")
    def get(self, call):
        there = self.posts.get(call.found["id"])
        if there is None:
            return self.missing()
        total = {"summary": {"total_count": 3}}
        seen = [{"name": "post_media_view", "values": [{"value": 60}]}]
        return 200, there | {
            "permalink_url": f"https://www.facebook.com/{there['id']}",
            "reactions": total,
            "comments": total,
            "insights": {"data": seen},
        }

    @route("POST", "/{id}")
    def change(self, call):
        there = self.posts.get(call.found["id"])
        if there is None:
            return self.missing()
        there["message"] = call.form["message"]
        return 200, {"success": True}

    @route("DELETE", "/{id}")
    def delete(self, call):
        if self.posts.pop(call.found["id"], None) is None:
            return self.missing()
        return 200, {"success": True}


def network(need):
    server = need("standin")(Server())
    front = need("proxy")(server.url)
    says = {
        "limited": error(400, 32, "(#32) Page request limit reached"),
        "unauthorised": error(400, 190, "Session has expired", error_subcode=463),
        "refused": error(400, 100, "Invalid parameter"),
        "duplicate": error(400, 506, "(#506) Duplicate status message"),
        "failed": error(500, 2, "An unexpected error has occurred.", is_transient=True),
    }
    return Network(
        "facebook",
        front,
        f'api = "{front.url}/v26.0"\npage = "{PAGE}"',
        {"ROLECAST_NET_TOKEN": "token"},
        lambda: [one["message"] for one in server.posts.values()],
        ("POST", f"/{PAGE}/"),
        says={name: {"status": status, "body": body} for name, (status, body) in says.items()},
        broken=lambda: server.broken,
    )
