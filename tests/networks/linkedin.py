"""LinkedIn: calls held against the examples in its documents (2026-09).

LinkedIn publishes no machine-readable contract. The fields below are those of the examples at
learn.microsoft.com/linkedin/marketing/community-management: shares/posts-api ("Create organic
posts", "Update posts", "Delete posts", "Find posts by authors"), shares/images-api ("Initialize
image upload"), organizations/share-statistics, organizations/organization-access-control-by-role.
"""

import re
from urllib.parse import unquote

from tests.networks import EXAMPLE, Network
from tests.networks.contracts import Examples
from tests.networks.standin import StandIn, route

VERSIONED = {"LinkedIn-Version": r"20\d{4}", "X-Restli-Protocol-Version": r"2\.0\.0"}
DOCS = "learn.microsoft.com/linkedin/marketing/community-management/shares/posts-api"
POST = {
    "author": "urn:li:organization:5515715",
    "commentary": "Sample text Post",
    "visibility": "PUBLIC",
    "distribution": {
        "feedDistribution": "MAIN_FEED",
        "targetEntities": [],
        "thirdPartyDistributionChannels": [],
    },
    "content": {
        "article": {
            "source": "https://lnkd.in/eabXpqi",
            "thumbnail": "urn:li:image:C49klciosC89",
            "title": "prod test video copy",
            "description": "prod test video copy description",
        },
        "media": {"title": "title", "id": "urn:li:image:C5610AQFj6TdYowm5Sg", "altText": "alt"},
    },
    "lifecycleState": "PUBLISHED",
    "isReshareDisabledByAuthor": False,
}
REQUIRED = ("author", "commentary", "distribution", "lifecycleState", "visibility")
ONE = r"/rest/posts/urn%3Ali%3A(share|ugcPost)%3A\d+"
STATISTICS = {
    "uniqueImpressionsCount": 1, "shareCount": 1, "engagement": 0.5, "clickCount": 1,
    "likeCount": 1, "impressionCount": 1, "commentCount": 1,
}  # fmt: skip


class Documented(Examples):
    """Which call an address means is in its headers and query, too."""

    def request(self, call):
        kind = call.headers.get("x-restli-method", "")
        if call.path.startswith("/rest/") and "PARTIAL_UPDATE" not in kind:
            need = {"GET": ("", "FINDER"), "DELETE": ("DELETE",), "POST": ("",)}.get(call.method)
            if need and kind not in need:
                from tests.networks.standin import Broken

                raise Broken(f"X-RestLi-Method is {kind!r}")
        super().request(call)


CONTRACT = Documented(
    {
        ("POST", "/rest/posts"): {
            "source": DOCS,
            "fields": POST,
            "must": REQUIRED,
            "headers": VERSIONED,
            "status": 201,
        },
        ("POST", ONE): {
            "source": f"{DOCS}#update-posts",
            "fields": {"patch": {"$set": {"commentary": "Update to the post"}}},
            "must": ("patch",),
            "headers": VERSIONED | {"X-RestLi-Method": "PARTIAL_UPDATE"},
            "status": 204,
        },
        ("DELETE", ONE): {
            "source": f"{DOCS}#delete-posts",
            "fields": {},
            "headers": VERSIONED | {"X-RestLi-Method": "DELETE"},
            "status": 204,
        },
        ("GET", ONE): {
            "source": f"{DOCS}#get-posts",
            "fields": {},
            "headers": VERSIONED,
            "answer": POST | {"id": "urn:li:share:6844785523593134080", "createdAt": 1},
        },
        ("GET", "/rest/posts"): {
            "source": f"{DOCS}#find-posts-by-authors",
            "fields": {"author": "", "q": "author", "count": "10", "start": "0", "sortBy": ""},
            "must": ("author", "q"),
            "headers": VERSIONED | {"X-RestLi-Method": "FINDER"},
            "answer": {
                "paging": {"start": 0, "count": 10, "links": [], "total": 1},
                "elements": [POST | {"id": "urn:li:share:6844785523593134080", "createdAt": 1}],
            },
        },
        ("POST", "/rest/images"): {
            "source": f"{DOCS.replace('posts-api', 'images-api')}#initialize-image-upload",
            "fields": {"initializeUploadRequest": {"owner": "urn:li:organization:5583111"}},
            "must": ("initializeUploadRequest",),
            "headers": VERSIONED,
            "answer": {"value": {"uploadUrlExpiresAt": 1, "uploadUrl": "", "image": "urn"}},
        },
        ("GET", "/rest/organizationalEntityShareStatistics"): {
            "source": "…/organizations/share-statistics",
            "fields": {"q": "", "organizationalEntity": "", "shares": "", "ugcPosts": ""},
            "must": ("q", "organizationalEntity"),
            "headers": VERSIONED,
            "answer": {
                "elements": [
                    {"totalShareStatistics": STATISTICS, "share": "", "organizationalEntity": ""}
                ]
            },
        },
        ("GET", "/rest/organizationAcls"): {
            "source": "…/organizations/organization-access-control-by-role",
            "fields": {"q": "", "role": "", "state": ""},
            "must": ("q",),
            "headers": VERSIONED,
            "answer": {"elements": [{"organization": "", "role": "", "roleAssignee": ""}]},
        },
        ("PUT", "/upload/.*"): {"source": "…#upload-the-image", "fields": {}, "status": 201},
    }
)  # fmt: skip


class Uploads:
    """As CONTRACT, but the bytes of a picture are no JSON."""

    def request(self, call):
        if call.method != "PUT":
            CONTRACT.request(call)

    def answer(self, call, status, body):
        CONTRACT.answer(call, status, body)


class Server(StandIn):
    contract = Uploads()

    def __init__(self):
        super().__init__()
        self.posts, self.pictures, self.own = {}, {}, ""

    def refuses(self, call):
        if call.token == "token":
            return None
        return 401, {"status": 401, "code": "REVOKED_ACCESS_TOKEN", "message": "revoked"}

    @route("POST", "/rest/posts")
    def create(self, call):
        for urn, there in self.posts.items():
            if there == call.json:
                told = f"Content is a duplicate of {urn}"
                return 422, {"status": 422, "code": "DUPLICATE_POST", "message": told}
        urn = f"urn:li:share:{self.number()}"
        self.posts[urn] = call.json
        return 201, None, {"x-restli-id": urn}

    @route("GET", "/rest/posts")
    def listing(self, call):
        found = [body | {"id": urn} for urn, body in reversed(self.posts.items())]
        return 200, {"elements": found}

    def urn(self, call):
        return unquote(call.found["urn"])

    @route("GET", "/rest/posts/{urn}")
    def get(self, call):
        there = self.posts.get(self.urn(call))
        return (200, there | {"id": self.urn(call)}) if there else (404, {"message": "Not found"})

    @route("POST", "/rest/posts/{urn}")
    def change(self, call):
        there = self.posts.get(self.urn(call))
        if there is None:
            return 404, {"message": "Not found"}
        self.posts[self.urn(call)] = there | call.json["patch"]["$set"]
        return 204, None

    @route("DELETE", "/rest/posts/{urn}")
    def delete(self, call):
        self.posts.pop(self.urn(call), None)
        return 204, None

    @route("POST", "/rest/images")
    def image(self, call):
        number = self.number()
        where = f"{self.url}/upload/{number}"
        return 200, {"value": {"uploadUrl": where, "image": f"urn:li:image:{number}"}}

    @route("PUT", "/upload/{number}")
    def upload(self, call):
        self.pictures[call.found["number"]] = call.request.body
        return 201, None

    @route("GET", "/rest/organizationalEntityShareStatistics")
    def statistics(self, call):
        assert re.match(r"List\(urn:li:share:\d+\)", call.query["shares"])
        return 200, {"elements": [{"totalShareStatistics": STATISTICS}]}

    @route("GET", "/rest/organizationAcls")
    def acls(self, call):
        return 200, {"elements": [{"organization": "urn:li:organization:5515715"}]}


def network(need):
    server = need("standin")(Server())
    front = need("proxy")(server.url)
    duplicate = {"status": 422, "message": "Content is a duplicate of urn:li:person:abc"}
    return Network(
        "linkedin",
        front,
        f'api = "{front.url}"\nauthor = "urn:li:organization:5515715"',
        {"ROLECAST_NET_TOKEN": "token"},
        lambda: [one["commentary"] for one in server.posts.values()],
        ("POST", "/rest/posts"),
        EXAMPLE,
        says={
            "unauthorised": {
                "status": 401,
                "body": {"status": 401, "code": "EXPIRED_ACCESS_TOKEN", "message": "expired"},
            },
            "refused": {"status": 422, "body": {"status": 422, "message": "too long"}},
            "duplicate": {"status": 422, "body": duplicate},
        },
        server=server,
        broken=lambda: server.broken,
    )
