"""Tokens that end: sealed where they lie, renewed once however many need them."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from connectors.linkedin import LinkedIn
from connectors.threads import Threads
from rolecast.connector import Refused, Tokens, Unauthorised
from rolecast.ledger import Ledger
from rolecast.vault import LedgerVault, VaultError
from tests.house import make, publish, spec
from tests.networks.linkedin import Server as LinkedInServer

pytestmark = pytest.mark.both_ledgers

KEY = Fernet.generate_key().decode()
GIVEN = Tokens(access=SecretStr("access-1"), refresh=SecretStr("refresh-1"))


@pytest.fixture
def ledger(tmp_path):
    made = Ledger(f"sqlite:///{tmp_path}/ledger.db").open()
    yield made
    made.close()


@pytest.fixture
def vault(ledger):
    return LedgerVault(ledger, "net", KEY)


def next_of(tokens: Tokens) -> Tokens:
    number = int(tokens.access.get_secret_value()[-1]) + 1
    return Tokens(access=SecretStr(f"access-{number}"), refresh=SecretStr(f"refresh-{number}"))


def plain(tokens: Tokens) -> tuple[str, str]:
    return tokens.access.get_secret_value(), tokens.refresh.get_secret_value()


def test_what_a_person_gave_is_kept_sealed(ledger, vault, tmp_path):
    assert plain(vault.tokens(GIVEN)) == ("access-1", "refresh-1")
    ledger.close()
    for path in tmp_path.iterdir():
        assert b"access-1" not in path.read_bytes()
        assert b"refresh-1" not in path.read_bytes()


def test_what_was_renewed_outlives_the_process(ledger, vault):
    first = vault.tokens(GIVEN)
    assert plain(vault.renewed(first, next_of)) == ("access-2", "refresh-2")
    assert plain(LedgerVault(ledger, "net", KEY).tokens(GIVEN)) == ("access-2", "refresh-2")


def test_many_workers_renew_once(ledger):
    asked, got = [], []
    together = threading.Barrier(8)

    def renew(old):
        asked.append(plain(old))
        return next_of(old)

    def work():
        vault = LedgerVault(ledger, "net", KEY)
        tokens = vault.tokens(GIVEN)
        together.wait()
        got.append(plain(vault.renewed(tokens, renew)))

    LedgerVault(ledger, "net", KEY).tokens(GIVEN)
    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert asked == [("access-1", "refresh-1")]
    assert got == [("access-2", "refresh-2")] * 8


def test_a_renewal_that_fails_leaves_the_way_free(vault):
    first = vault.tokens(GIVEN)

    def fail(old):
        raise Refused("no")

    with pytest.raises(Refused):
        vault.renewed(first, fail)
    assert plain(vault.renewed(first, next_of)) == ("access-2", "refresh-2")


def test_new_tokens_from_a_person_take_the_place_of_old_ones(vault):
    vault.renewed(vault.tokens(GIVEN), next_of)
    other = Tokens(access=SecretStr("access-7"), refresh=SecretStr("refresh-7"))
    assert plain(vault.tokens(other)) == ("access-7", "refresh-7")


def test_another_key_opens_nothing(ledger, vault):
    vault.tokens(GIVEN)
    with pytest.raises(Unauthorised, match="sealed with another"):
        LedgerVault(ledger, "net", Fernet.generate_key().decode()).tokens(GIVEN)


def test_what_is_no_key_is_said(ledger):
    with pytest.raises(VaultError, match="python -c"):
        LedgerVault(ledger, "net", "hunter2")


class Expiring(LinkedInServer):
    """Takes only the newest token, and gives a new pair for each refresh token, once.

    learn.microsoft.com/linkedin/shared/authentication/programmatic-refresh-tokens
    """

    def __init__(self):
        super().__init__()
        self.valid, self.renewals = "access-1", 0

    def refuses(self, call):
        if call.path.startswith("/oauth/") or call.token == self.valid:
            return None
        return 401, {"status": 401, "code": "EXPIRED_ACCESS_TOKEN", "message": "expired"}

    def _answer(self, call):
        if call.path != "/oauth/v2/accessToken":
            return super()._answer(call)
        assert call.form["client_secret"] == "app-secret"
        if call.form["refresh_token"] != f"refresh-{self.renewals + 1}":
            return 400, {"error": "invalid_grant", "error_description": "revoked"}
        self.renewals += 1
        self.valid = f"access-{self.renewals + 1}"
        refresh = f"refresh-{self.renewals + 1}"
        return 200, {"access_token": self.valid, "expires_in": 5184000, "refresh_token": refresh}


ENV = {
    "ROLECAST_KEY": KEY,
    "ROLECAST_NET_TOKEN": "access-1",
    "ROLECAST_NET_REFRESH_TOKEN": "refresh-1",
    "ROLECAST_NET_CLIENT_SECRET": "app-secret",
}


@pytest.fixture
def linkedin(tmp_path):
    server = Expiring()
    toml = (
        f'[channels.net]\nconnector = "linkedin"\napi = "{server.url}"\noauth = "{server.url}"\n'
        'author = "urn:li:organization:5515715"\nclient_id = "app"\n'
    )
    yield make(tmp_path, toml, pilot=spec()), server
    server.stop()


def test_an_expired_token_is_renewed_and_the_post_goes_out(linkedin):
    root, server = linkedin
    server.valid = "access-2"
    (result,) = publish(root, ENV)
    assert result.ok, result.reason
    assert (len(server.posts), server.renewals) == (1, 1)


def test_many_posts_at_once_renew_once(linkedin):
    from tests.house import drop

    root, server = linkedin
    for number in range(8):
        drop(root, f"job-{number}", spec(title=f"Job {number}"))
    server.valid = "access-2"
    assert all(result.ok for result in publish(root, ENV))
    assert (len(server.posts), server.renewals) == (9, 1)
    drop(root, "late", spec(title="Late"))
    assert all(result.ok for result in publish(root, ENV))
    assert server.renewals == 1  # the next process begins with what was renewed


def test_a_refresh_token_that_is_over_holds_the_channel_in_words(linkedin):
    root, server = linkedin
    server.valid, server.renewals = "access-9", 8
    (result,) = publish(root, ENV)
    assert result.state == "waiting"
    assert "authorise the app anew" in result.reason
    assert server.posts == {}


def test_without_a_key_nothing_is_renewed_and_the_reason_is_said(linkedin):
    root, server = linkedin
    server.valid = "access-2"
    (result,) = publish(
        root, {name: value for name, value in ENV.items() if name != "ROLECAST_KEY"}
    )
    assert result.state == "waiting"
    assert server.renewals == 0


def test_a_long_token_is_renewed_in_good_time():
    threads = Threads(handle="a", token="t")
    now = datetime.now(UTC)

    def due(**fields) -> bool:
        return threads._is_due(Tokens(access=SecretStr("t"), **fields), now)

    assert not due(since=now - timedelta(days=20))
    assert due(since=now - timedelta(days=31))
    long = {"since": now - timedelta(days=50)}
    assert not due(**long, expires=now + timedelta(days=10))
    assert due(**long, expires=now + timedelta(days=6))
    short = {"since": now - timedelta(minutes=50)}
    assert not due(**short, expires=now + timedelta(minutes=10))
    assert due(**short, expires=now + timedelta(minutes=4))


def test_the_version_of_linkedins_api_is_warned_of():
    from datetime import date

    made = LinkedIn(author="urn:li:organization:1", version="202512")
    assert made.warnings(date(2026, 6, 1)) == []
    assert "in 24 days" in made.warnings(date(2026, 11, 21))[0]
    assert "16 days ago" in made.warnings(date(2026, 12, 31))[0]


def test_doctor_says_that_a_key_is_missing(linkedin):
    from click.testing import CliRunner

    from rolecast.cli import main

    root, _ = linkedin
    env = {name: value for name, value in ENV.items() if name != "ROLECAST_KEY"}
    told = CliRunner().invoke(main, ["--root", str(root), "doctor"], env=env).output
    assert "set ROLECAST_KEY" in told
    assert "posts as the page urn:li:organization:5515715" in told


def test_x_takes_a_token_of_oauth_2_and_renews_it(tmp_path):
    """docs.x.com/fundamentals/authentication/oauth-2-0/authorization-code: a refresh token works
    once; a confidential client shows its secret as Basic authorisation."""
    from tests.networks.x import Server as XServer

    class Expiring(XServer):
        valid, renewals = "access-2", 0

        def refuses(self, call):
            return None if call.token == self.valid else (401, {"title": "Unauthorized"})

        def _answer(self, call):
            if call.path != "/2/oauth2/token":
                return super()._answer(call)
            assert call.headers["authorization"] == "Basic YXBwOmFwcC1zZWNyZXQ="
            assert call.form["refresh_token"] == "refresh-1"
            self.renewals += 1
            return 200, {
                "token_type": "bearer",
                "expires_in": 7200,
                "access_token": "access-2",
                "refresh_token": "refresh-2",
            }

    server = Expiring()
    toml = (
        f'[channels.net]\nconnector = "x"\napi = "{server.url}"\nhandle = "careers"\n'
        'client_id = "app"\n'
    )
    root = make(tmp_path, toml, pilot=spec())
    (result,) = publish(root, ENV)
    assert result.ok, result.reason
    assert (len(server.posts), server.renewals, server.broken) == (1, 1, [])
    server.stop()
