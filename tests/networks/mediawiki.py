"""The real MediaWiki."""

import uuid

from connectors.mediawiki import CLOSED
from tests.networks import REAL, Network


def network(need):
    wiki = need("mediawiki")
    front, prefix = need("proxy")(wiki), f"T{uuid.uuid4().hex[:8]}/"
    return Network(
        "mediawiki",
        front,
        f'url = "{front.url}"\nuser = "{wiki.user}"\nprefix = "{prefix}"',
        {"ROLECAST_NET_PASSWORD": wiki.password},
        lambda: [text for text in wiki.pages(prefix).values() if CLOSED not in text],
        ("POST", "/api.php?action=edit"),
        REAL,
    )
