"""Confluence: calls held against the examples in its documents (REST API v2).

Fields are those of developer.atlassian.com/cloud/confluence/rest/v2/api-group-page (createPage,
updatePage, getPages, getPageById), …/api-group-like and …/api-group-space.
"""

import base64
from xml.etree import ElementTree

from tests.networks import EXAMPLE, Network
from tests.networks.contracts import Examples
from tests.networks.standin import Broken, StandIn, route

DOCS = "developer.atlassian.com/cloud/confluence/rest/v2/api-group-page"
BODY = {"representation": "storage", "value": ""}
VERSION = {"number": 1, "message": "", "createdAt": "", "minorEdit": False, "authorId": ""}
PAGE = {
    "id": "", "status": "current", "title": "", "spaceId": "", "parentId": "", "version": VERSION,
    "body": {"storage": BODY}, "_links": {"webui": "", "editui": "", "tinyui": "", "base": ""},
}  # fmt: skip
WRITE = {"status": "current", "title": "", "body": BODY}
ONE = r"/wiki/api/v2/pages/\d+"


class Storage(Examples):
    """What is written must also be well-formed XHTML, or Confluence refuses it."""

    def request(self, call):
        super().request(call)
        if call.method in ("POST", "PUT"):
            try:
                ElementTree.fromstring(f"<x>{call.json['body']['value']}</x>")
            except ElementTree.ParseError as error:
                raise Broken(f"no XHTML: {error}") from error


class Server(StandIn):
    contract = Storage(
        {
            ("POST", "/wiki/api/v2/pages"): {
                "source": f"{DOCS}#api-pages-post",
                "fields": WRITE | {"spaceId": "", "parentId": ""},
                "must": ("spaceId", "title"),
                "answer": PAGE,
            },
            ("PUT", ONE): {
                "source": f"{DOCS}#api-pages-id-put",
                "fields": WRITE | {"id": "", "version": {"number": 1, "message": ""}},
                "must": ("id", "status", "title", "body", "version"),
                "answer": PAGE,
            },
            ("GET", "/wiki/api/v2/pages"): {
                "source": f"{DOCS}#api-pages-get",
                "fields": {"space-id": "", "title": "", "body-format": ""},
                "answer": {"results": [PAGE], "_links": {}},
            },
            ("GET", ONE): {
                "source": f"{DOCS}#api-pages-id-get",
                "fields": {"body-format": ""},
                "answer": PAGE,
            },
            ("DELETE", ONE): {"source": f"{DOCS}#api-pages-id-delete", "fields": {}, "status": 204},
            ("GET", f"{ONE}/likes/count"): {
                "source": "…/api-group-like",
                "fields": {},
                "answer": {"count": 1},
            },
            ("GET", r"/wiki/api/v2/spaces/\d+"): {
                "source": "…/api-group-space",
                "fields": {},
                "answer": {"id": "", "key": "", "name": ""},
            },
        }
    )
    prefix = "/wiki/api/v2"

    def __init__(self):
        super().__init__()
        self.pages = {}

    def refuses(self, call):
        signed = base64.b64encode(b"careers@example.com:token").decode()
        return None if call.token == signed else (401, {"code": 401, "message": "Unauthorized"})

    def missing(self):
        return 404, {"errors": [{"status": 404, "code": "NOT_FOUND", "title": "Not Found"}]}

    def shown(self, number, page):
        links = {"webui": f"/spaces/JOBS/pages/{number}"}
        stored = {"storage": page["body"]}
        return page | {"id": number, "body": stored, "_links": links}

    @route("POST", "/pages")
    def create(self, call):
        if any(page["title"] == call.json["title"] for page in self.pages.values()):
            told = "A page with this title already exists: pick another"
            return 400, {"errors": [{"status": 400, "code": "INVALID", "title": told}]}
        number = str(self.number())
        self.pages[number] = call.json | {"version": {"number": 1}}
        return 200, self.shown(number, self.pages[number])

    @route("GET", "/pages")
    def listing(self, call):
        found = [
            self.shown(n, p) for n, p in self.pages.items() if p["title"] == call.query["title"]
        ]
        return 200, {"results": found}

    @route("GET", "/pages/{id}")
    def get(self, call):
        number = call.found["id"]
        there = self.pages.get(number)
        return (200, self.shown(number, there)) if there else self.missing()

    @route("PUT", "/pages/{id}")
    def change(self, call):
        there = self.pages.get(call.found["id"])
        if there is None:
            return self.missing()
        if call.json["version"]["number"] != there["version"]["number"] + 1:
            return 409, {"errors": [{"status": 409, "code": "CONFLICT", "title": "Version"}]}
        there.update(call.json)
        return 200, self.shown(call.found["id"], there)

    @route("DELETE", "/pages/{id}")
    def delete(self, call):
        return (204, None) if self.pages.pop(call.found["id"], None) else self.missing()

    @route("GET", "/pages/{id}/likes/count")
    def likes(self, call):
        return 200, {"count": 2}

    @route("GET", "/spaces/{id}")
    def space(self, call):
        return 200, {"id": call.found["id"], "key": "JOBS", "name": "Jobs"}


def network(need):
    server = need("standin")(Server())
    front = need("proxy")(server.url)
    return Network(
        "confluence",
        front,
        f'url = "{front.url}/wiki"\nuser = "careers@example.com"\nspace = "77"',
        {"ROLECAST_NET_TOKEN": "token"},
        lambda: [page["body"]["value"] for page in server.pages.values()],
        ("POST", "/pages"),
        EXAMPLE,
        broken=lambda: server.broken,
    )
