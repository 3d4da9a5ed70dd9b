"""The same questions to two unlike networks: a real PDS and a real WordPress."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.house import make, spec


@dataclass
class Network:
    """One account at a real server, behind a proxy that can break things."""

    name: str
    front: Any
    toml: str
    env: dict[str, str]
    posts: Any  # () → the texts that the server has, drafts and all
    requests: list[tuple[str, str]] = field(default_factory=list)  # of one publishing, in order
    publishing: tuple[str, str] = ("POST", "")  # the request that puts the post there

    def make(self, root: Path, **fields: Any) -> Path:
        """A folder with one job for this network."""
        return make(root, self.toml, pilot=spec(**fields))


@pytest.fixture
def bluesky(pds, proxy) -> Network:
    account, front = pds.new_account(), proxy(pds)
    return Network(
        "bluesky",
        front,
        f'[channels.net]\nconnector = "bluesky"\nservice = "{front.url}"\n'
        f'handle = "{account.handle}"\n',
        {"ROLECAST_NET_PASSWORD": account.password},
        lambda: [one["value"]["text"] for one in pds.records(account.did)],
        [("POST", "createSession"), ("POST", "putRecord")],
        ("POST", "putRecord"),
    )


@pytest.fixture
def blog(wordpress, proxy) -> Network:
    author, front = wordpress.new_author(), proxy(wordpress)
    return Network(
        "wordpress",
        front,
        f'[channels.net]\nconnector = "wordpress"\nurl = "{front.url}"\nuser = "{author.user}"\n',
        {"ROLECAST_NET_PASSWORD": author.app_password},
        lambda: [one["content"]["raw"] for one in wordpress.posts(author=author.id)],
        [("GET", "/posts"), ("POST", "/posts"), ("POST", "/posts/")],
        ("POST", "/posts"),
    )


@pytest.fixture(params=["bluesky", "blog"])
def network(request) -> Network:
    return request.getfixturevalue(request.param)
