"""The real DokuWiki."""

import uuid

from connectors.dokuwiki import CLOSED
from tests.networks import REAL, Network


def network(need):
    wiki = need("dokuwiki")
    front, namespace = need("proxy")(wiki), f"t{uuid.uuid4().hex[:8]}"
    return Network(
        "dokuwiki",
        front,
        f'url = "{front.url}"\nuser = "{wiki.user}"\nnamespace = "{namespace}"',
        {"ROLECAST_NET_PASSWORD": wiki.password},
        lambda: [t for t in wiki.pages(namespace).values() if not t.startswith(CLOSED)],
        ("POST", "/xmlrpc.php"),
        REAL,
    )
