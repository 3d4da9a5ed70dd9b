"""A MediaWiki (the real program)."""

from urllib.parse import urlencode

from .base import Server, call, expect


class MediaWiki(Server):
    """``user``/``password`` is a bot password on the wiki whose api.php is below ``url``."""

    script = "mediawiki"

    user = property(lambda self: self.facts["USER"])
    password = property(lambda self: self.facts["PASSWORD"])

    def pages(self, prefix: str = "") -> dict[str, str]:
        """Title → wikitext of the pages whose title begins with ``prefix``."""
        query = {
            "action": "query",
            "generator": "allpages",
            "gapprefix": prefix,
            "gaplimit": "max",
            "prop": "revisions",
            "rvprop": "content",
            "rvslots": "main",
            "format": "json",
            "formatversion": 2,
        }
        found = expect(call("GET", f"{self.url}/api.php?{urlencode(query)}")).get("query", {})
        return {
            page["title"]: page["revisions"][0]["slots"]["main"]["content"]
            for page in found.get("pages", [])
        }
