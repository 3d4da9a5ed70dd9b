"""The real Ghost."""

import uuid

from tests.networks import REAL, Network


def network(need):
    blog = need("ghost")
    front, tag = need("proxy")(blog), f"t{uuid.uuid4().hex[:8]}"
    return Network(
        "ghost",
        front,
        f'url = "{front.url}"\ntags = ["{tag}"]',
        {"ROLECAST_NET_KEY": blog.key},
        lambda: [one["html"] or "" for one in blog.posts(tag)],
        ("POST", "/posts/"),
        REAL,
    )
