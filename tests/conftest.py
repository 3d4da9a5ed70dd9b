"""Fixtures for the whole house: real servers, a browser, the shared data.

A test that uses a server or the browser carries the mark ``servers`` by itself,
so ``pytest -m "not servers"`` is the quick tier. What cannot be started is a
skip that says what to install, and a failure where CI=true.
"""

import os
import shutil
from pathlib import Path

import pytest

from tests import house
from tests.lives import Life
from tests.servers import (
    PDS,
    BlueskyNetwork,
    DokuWiki,
    FaultProxy,
    Ghost,
    Mailman,
    MastodonMock,
    Matrix,
    MediaWiki,
    Misago,
    Oidc,
    Postfix,
    Postgres,
    Prosody,
    Server,
    ServerUnavailable,
    WordPress,
    sharing,
)

KINDS = [
    PDS,
    BlueskyNetwork,
    WordPress,
    Postgres,
    MediaWiki,
    DokuWiki,
    Matrix,
    Postfix,
    Mailman,
    Prosody,
    Ghost,
    Misago,
    MastodonMock,
    Oidc,
]
SERVER_FIXTURES = {"own_pds", "prefect", "chromium", "page", *(kind.script for kind in KINDS)}
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "servers: needs real servers or the browser (slow tier)")
    config.addinivalue_line("markers", "both_ledgers: runs on SQLite, and again on PostgreSQL")
    sharing.begin()


def pytest_unconfigure() -> None:
    sharing.end(KINDS)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("both_ledgers"):
        kinds = ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)]
        metafunc.parametrize("ledger_of_the_house", kinds, indirect=True)


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if SERVER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.servers)


def unavailable(reason: str) -> None:
    """Fail in CI, skip elsewhere: no test passes silently without its server."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def shared_server(kind: type[Server]) -> Server:
    try:
        return sharing.shared(kind)
    except ServerUnavailable as error:
        unavailable(str(error))


@pytest.fixture(scope="session")
def pds() -> PDS:
    """The Bluesky PDS of this run. Make a ``new_account()`` per test; never stop it."""
    return shared_server(PDS)


@pytest.fixture(scope="session")
def prefect(tmp_path_factory):
    """The environment of a running Prefect server."""
    from tests.processes import prefect_server

    with prefect_server(tmp_path_factory.mktemp("prefect")) as env:
        yield env


@pytest.fixture
def own_pds():
    """A PDS for this test alone, which may pause it, kill it and start it again."""
    server = PDS()
    try:
        server.start()
    except ServerUnavailable as error:
        unavailable(str(error))
    with server:
        yield server


@pytest.fixture(scope="session")
def wordpress() -> WordPress:
    """The WordPress of this run. Make a ``new_author()`` per test; never stop it."""
    return shared_server(WordPress)


@pytest.fixture(scope="session")
def postgres() -> Postgres:
    """The PostgreSQL of this run. Make a ``new_database()`` per test; never stop it."""
    return shared_server(Postgres)


@pytest.fixture(scope="session")
def mediawiki() -> MediaWiki:
    """The MediaWiki of this run, shared by its tests."""
    return shared_server(MediaWiki)


@pytest.fixture(scope="session")
def dokuwiki() -> DokuWiki:
    """The DokuWiki of this run, shared by its tests."""
    return shared_server(DokuWiki)


@pytest.fixture(scope="session")
def matrix() -> Matrix:
    """The Matrix home server of this run. Make a ``new_member()`` per test."""
    return shared_server(Matrix)


@pytest.fixture(scope="session")
def mastodon() -> MastodonMock:
    """The mastodon_mock of this run, shared by its tests."""
    return shared_server(MastodonMock)


@pytest.fixture(scope="session")
def appview() -> BlueskyNetwork:
    """The PDS with an AppView of this run. Make a ``new_account()`` per test."""
    return shared_server(BlueskyNetwork)


@pytest.fixture(scope="session")
def postfix() -> Postfix:
    """The mail server of this run, shared by its tests."""
    return shared_server(Postfix)


@pytest.fixture(scope="session")
def mailman() -> Mailman:
    """The list server of this run, with a mail server of its own. Make a list per test."""
    return shared_server(Mailman)


@pytest.fixture(scope="session")
def prosody() -> Prosody:
    """The XMPP server of this run, shared by its tests. Make a room per test."""
    return shared_server(Prosody)


@pytest.fixture(scope="session")
def ghost() -> Ghost:
    """The Ghost of this run, shared by its tests."""
    return shared_server(Ghost)


@pytest.fixture(scope="session")
def misago() -> Misago:
    """The Misago forum of this run, shared by its tests."""
    return shared_server(Misago)


@pytest.fixture(scope="session")
def oidc() -> Oidc:
    """The OpenID Connect provider of this run. Make a ``new_client()`` per test."""
    return shared_server(Oidc)


@pytest.fixture
def life(tmp_path):
    """``life(policy=…, pace=…, **fields)`` begins the life of one job; see tests/lives.py."""
    made = []

    def begin(*args, **fields):
        made.append(Life(tmp_path, *args, **fields))
        return made[-1]

    yield begin
    for one in made:
        one.project.ledger.close()


@pytest.fixture
def proxy():
    """``proxy(server_or_url)`` gives a started FaultProxy in front of it."""
    made = []

    def in_front_of(upstream: Server | str) -> FaultProxy:
        url = upstream if isinstance(upstream, str) else upstream.url
        made.append(FaultProxy(url, rewrite=getattr(upstream, "rewrite_urls", False)).start())
        return made[-1]

    yield in_front_of
    for each in made:
        each.stop()


@pytest.fixture(scope="module")  # while it is open, asyncio.run() fails in this thread
def chromium():
    """A headless Chromium (playwright's sync API), one per module."""
    program = shutil.which("chromium")
    if not program:
        unavailable("Chromium is not installed; run tests/servers/install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    """A fresh page in a browser context of its own."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of test data that is kept outside the repository."""
    beside = Path(__file__).parents[2] / "shared"
    folder = Path(os.environ.get("ROLECAST_SHARED") or beside) / "data"
    if not folder.is_dir():
        unavailable(f"{folder} is missing; set ROLECAST_SHARED to the folder that holds data/")
    return folder


@pytest.fixture(autouse=True)  # so that it comes before what makes a folder
def ledger_of_the_house(request, monkeypatch):
    """Which kind of ledger the folders of this test have: each a file, or one fresh database.

    Whoever looks at the board sees it as it is at that moment; people may wait a quarter of a
    second.
    """
    monkeypatch.setattr("rolecast.finding.LONGEST", 0.0)
    if getattr(request, "param", "") == "postgresql":
        address = request.getfixturevalue("postgres").new_database()
        monkeypatch.setitem(house.LEDGER, "ROLECAST_LEDGER", address)
