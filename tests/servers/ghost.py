"""A Ghost publication (the real program)."""

import time
from urllib.parse import urlencode

from .base import Server, call, expect


class Ghost(Server):
    """``key`` is the admin key of an integration of the publication at ``url``."""

    script = "ghost"
    rewrite_urls = True

    key = property(lambda self: self.facts["KEY"])

    def posts(self, tag: str) -> list[dict]:
        """All posts with that tag and their HTML, drafts too."""
        import jwt

        number, _, secret = self.key.partition(":")
        now = int(time.time())
        claims = {"iat": now, "exp": now + 200, "aud": "/admin/"}
        token = jwt.encode(claims, bytes.fromhex(secret), "HS256", {"kid": number})
        query = {"limit": "100", "formats": "html", "filter": f"tag:{tag}"}
        url = f"{self.url}/ghost/api/admin/posts/?{urlencode(query)}"
        return expect(call("GET", url, None, {"Authorization": f"Ghost {token}"}))["posts"]
