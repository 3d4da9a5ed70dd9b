"""What stands for each connector's network in the tests: a module for each, named as it is.

A module has `network(need) -> Network`; `need(fixture)` gives a fixture of tests/conftest.py. Where
the network's own server runs here, it is that; else a stand-in that keeps state, and that holds
every request, and every answer it gives, against the contract which the vendor published.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from connectors import TABLE
from tests.house import make, spec

ANSWERS = {"limited", "unauthorised", "refused", "duplicate", "failed"}
REAL, CONTRACT, EXAMPLE = "real server", "vendor's contract", "documented examples"

# Those whose module starts no server of its own, only stand-ins inside the test's process.
NETWORKS = sorted(name for name, one in TABLE.items() if not (one.manual or one.local))


@dataclass
class Network:
    """One account at a network, behind a proxy that can break things."""

    name: str
    front: Any  # the FaultProxy
    settings: str  # lines for rolecast.toml
    env: dict[str, str]  # ROLECAST_NET_…: the secrets
    posts: Callable[[], list[str]]  # the texts that are there now, drafts and all
    publishing: tuple[str, str]  # method and a part of the path of the request that puts it there
    proven: str = CONTRACT
    says: dict[str, dict[str, Any]] = field(default_factory=dict)  # its own words for an error
    server: Any = None  # the stand-in, where requests go to it past the proxy
    broken: Callable[[], list[str]] = list  # what was wrong with our requests
    audience: str = ""  # lines for rolecast.toml: where test posts go
    private: Callable[[], list[str]] = list  # the texts that only who sees test posts can see

    @property
    def toml(self) -> str:
        return f'[channels.net]\nconnector = "{self.name}"\n{self.settings}\n'

    def make(self, root: Path, **fields: Any) -> Path:
        """A folder with one job for this network."""
        return make(root, self.toml, pilot=spec(**fields))

    def fault(self, kind: str, **options: Any) -> None:
        """Program a fault of the publishing request; one of ANSWERS in the network's own words."""
        if kind in ANSWERS:
            kind, options = "status_before", options | self.says.get(kind, {})
            if not isinstance(body := options.get("body", b""), bytes):
                options |= {
                    "body": json.dumps(body).encode(),
                    "headers": {"Content-Type": "application/json"} | options.get("headers", {}),
                }
        self.front.fault(kind, *self.publishing, **options)


def of(name: str, need: Callable[[str], Any]) -> Network:
    """The network of one connector."""
    return import_module(f"tests.networks.{name.replace('-', '_')}").network(need)
