"""The same questions to every connector in the table, each before its own network."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from tests.networks import NETWORKS, Network, of

# The real ones need a server of their own, and so the slow tier.
REAL = {
    "bluesky",
    "wordpress",
    "mediawiki",
    "dokuwiki",
    "ghost",
    "misago",
    "matrix",
    "mail",
    "xmpp",
}

# These do not speak HTTP: their faults and crashes have a test of their own.
OTHER = {"mail", "xmpp"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "network" in metafunc.fixturenames:
        over_http = metafunc.module.__name__.endswith(("test_faults", "test_crashes"))
        names = [
            pytest.param(name, marks=[pytest.mark.servers] if name in REAL else [])
            for name in NETWORKS
            if not (over_http and name in OTHER)
        ]
        metafunc.parametrize("network", names, indirect=True)


@pytest.fixture
def standin():
    """`standin(server)` gives it back and stops it after the test."""
    made = []

    def keep(server):
        made.append(server)
        return server

    yield keep
    for server in made:
        server.stop()


@pytest.fixture
def network(request) -> Network:
    name = request.param
    module = f"tests.networks.{name.replace('-', '_')}"
    if find_spec(module) is None:
        pytest.fail(f"the connector {name} has nothing that stands for its network: write {module}")
    made = of(name, request.getfixturevalue)
    yield made
    assert made.broken() == [], "requests that the vendor's contract does not allow"
