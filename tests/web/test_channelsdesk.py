"""The channels on the desk: how they are, what a lost answer costs, and test posts."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from connectors.http import Http, limits
from rolecast import health, rehearsing
from rolecast.cli import main
from rolecast.connector import Limits, Receipt, Tokens, Unauthorised
from rolecast.ledger import health as kept
from rolecast.ledger import rehearsals
from rolecast.vault import LedgerVault
from tests.fakes import Fake, Town
from tests.house import LEDGER, drop, make, open_project, publish, site, spec

pytestmark = pytest.mark.both_ledgers

CHANNELS = """
[channels.net]
connector = "fake"
[channels.twin]
connector = "blind"
[channels.same]
connector = "keyed"
[channels.board]
connector = "board"
[channels.off]
connector = "fixed"
enabled = false
"""
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Desk:
    def __init__(self, root):
        self.root, self.town = make(root, CHANNELS, pilot=spec()), Town()
        self.project = self.town.project(self.root)
        self.ledger = self.project.ledger
        self._open = site(self.project)
        self.web = self._open.__enter__()

    def can_rehearse(self, monkeypatch):
        """The network has an audience; what it sees is listed in `seen`."""
        self.seen = []

        def rehearse(connector, http, post):
            if self.town.goes_wrong():
                raise Unauthorised("the token has expired")
            self.seen.append(post)
            return Receipt(id="1", address="https://fake.example/test/1")

        monkeypatch.setattr(Fake, "rehearse", rehearse)
        monkeypatch.setattr(Fake, "audience", lambda connector: "the crew")

    def run(self):
        plan = self.project.plan(wait=0).plan
        return self.project.publish(plan.changes, lambda channel: None)

    def token(self):
        html = self.web.get("/desk/report").text
        return re.search(r'name="token" value="([^"]+)"', html)[1]

    def close(self):
        self._open.__exit__(None, None, None)
        self.ledger.close()


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.close()


def check(desk, monkeypatch, name="net", says="@careers on fake", **more):
    def whoami(connector, http):
        if isinstance(says, Exception):
            raise says
        return says

    monkeypatch.setattr(Fake, "whoami", whoami)
    way = type("Way", (), {"limits": None, "vault": None} | more)
    return health.check(desk.ledger, desk.project.channels[name], lambda one: way, NOW)


def test_every_channel_says_how_it_is(desk, monkeypatch):
    html = desk.web.get("/desk/channels").text
    assert "switched off" in html
    check(desk, monkeypatch, limits=Limits(of=300, left=12, resets=NOW + timedelta(minutes=5)))
    check(desk, monkeypatch, "twin", Unauthorised("the token has expired: renew it"))
    html = desk.web.get("/desk/channels").text
    assert "as @careers on fake" in html
    assert "the token has expired: renew it" in html
    assert "12 / 300" in html
    assert "not asked yet" in html  # the third one, which nobody has asked


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("net", "we look before we send again"),
        ("twin", "only a person can see"),
        ("same", "the network knows our key"),
        ("board", "no answer can be lost"),
    ],
)
def test_what_a_lost_answer_costs_stands_in_plain_words(desk, name, words):
    assert words in desk.web.get(f"/desk/channels/{name}").text


def test_a_channel_s_page_has_limits_last_calls_and_posts(desk, monkeypatch):
    desk.town.faults = ["", "refused"]
    drop(desk.root, "other", spec(title="Other"))
    desk.run()
    check(
        desk, monkeypatch,
        limits=Limits(of=300, left=12, resets=datetime(2026, 11, 23, 12, 5, tzinfo=UTC)),
    )  # fmt: skip
    html = desk.web.get("/desk/channels/net").text
    assert "12 of 300 calls left" in html
    assert "12:05" in html
    assert "it does not take this text" in html
    assert "1 live, 0 waiting, 0 held, 1 failed" in html
    assert 'href="/desk/grid?channel=net"' in html
    assert "Fake has no private audience for a test post" in html
    assert desk.web.get("/desk/channels/none").status_code == 404


def test_success_and_failure_are_kept_where_they_happen(desk):
    desk.town.faults = ["unauthorised"]
    desk.run()
    with desk.ledger.read() as conn:
        found = kept.everything(conn)
    bad = [one for one in found.values() if one.failed]
    assert len(bad) == 1
    assert bad[0].reason == "the token has expired: renew it"
    assert bad[0].done is None
    assert all(one.done for one in found.values() if one not in bad)


def test_a_token_s_end_and_what_ends_soon_are_shown(desk, monkeypatch):
    from cryptography.fernet import Fernet
    from pydantic import SecretStr

    vault = LedgerVault(desk.ledger, "net", Fernet.generate_key().decode())
    assert vault.ends() is None
    ends = datetime(2027, 1, 15, 9, 30, tzinfo=UTC)
    vault.tokens(Tokens(access=SecretStr("xyzzy"), expires=ends))
    assert vault.ends() == ends
    monkeypatch.setattr(Fake, "warnings", lambda one, today: ["version 1 of the API ends soon"])
    check(desk, monkeypatch, vault=vault)
    html = desk.web.get("/desk/channels/net").text
    assert "The access token ends Fri, Jan 15, 2027, 09:30" in html
    assert "version 1 of the API ends soon" in html
    assert "xyzzy" not in html


def test_a_look_that_crashes_is_trouble_and_no_mishap(desk, monkeypatch):
    check(desk, monkeypatch, says=KeyError("id"))
    assert "KeyError; the log has more" in desk.web.get("/desk/channels").text


def test_a_test_post_is_asked_for_on_the_desk_and_sent_by_who_has_the_credentials(
    desk, monkeypatch
):
    desk.can_rehearse(monkeypatch)
    desk.run()
    assert "Who sees it: the crew." in desk.web.get("/desk/channels/net").text
    path, form = "/desk/channels/net/rehearse", {"token": desk.token()}
    answer = desk.web.post(path, data=form)
    assert answer.headers["location"] == "/desk/channels/net?said=rehearsal_asked"
    assert "said=rehearsal_there" in desk.web.post(path, data=form).headers["location"]
    assert "A test post is asked for" in desk.web.get("/desk/channels/net").text
    assert desk.seen == []
    assert rehearsing.carry_out(desk.project, lambda one: Http()) == 1
    assert rehearsing.carry_out(desk.project, lambda one: Http()) == 0
    (post,) = desk.seen
    assert post.title == "Test: Harbour Pilot"
    assert post.key.startswith("test-")
    assert "/r/xxxxxxxx" in post.text
    html = desk.web.get("/desk/channels/net").text
    assert "The last test post worked." in html
    assert "https://fake.example/test/1" in html


def test_a_test_post_that_fails_says_why(desk, monkeypatch):
    desk.can_rehearse(monkeypatch)
    for faults, told in ((["unauthorised"], "the token has expired"), ([], "no job yet")):
        if not faults:
            (desk.root / "jobspecs/pilot.yaml").unlink()
        desk.run()
        desk.town.faults = faults
        desk.web.post("/desk/channels/net/rehearse", data={"token": desk.token()})
        rehearsing.carry_out(desk.project, lambda one: Http())
        html = desk.web.get("/desk/channels/net").text
        assert "The last test post did not work." in html
        assert told in html


def test_where_there_is_no_audience_nothing_is_asked_for(desk):
    answer = desk.web.post("/desk/channels/net/rehearse", data={"token": desk.token()})
    assert answer.status_code == 422
    assert "no private audience" in answer.text
    answer = desk.web.post("/desk/channels/none/rehearse", data={"token": desk.token()})
    assert answer.status_code == 404
    with desk.ledger.read() as conn:
        assert rehearsals.latest(conn) == {}


def test_one_that_was_cut_off_is_told_and_never_sent_twice(desk, monkeypatch):
    desk.can_rehearse(monkeypatch)
    with desk.ledger.begin() as conn:
        assert rehearsals.ask(conn, "net", "", "kim", NOW)
        assert rehearsals.take(conn, NOW).channel == "net"  # and then it dies
    with desk.ledger.begin() as conn:
        assert rehearsals.take(conn, NOW + timedelta(minutes=1)) is None
        assert rehearsals.take(conn, NOW + timedelta(minutes=6)) is None
    assert "it may have been sent" in desk.web.get("/desk/channels/net").text
    assert desk.seen == []


@pytest.mark.parametrize(
    ("headers", "limit"),
    [
        ({}, None),
        ({"x-ratelimit-remaining": "nonsense"}, None),
        ({"x-ratelimit-remaining": "-1"}, None),
        (
            {"x-ratelimit-limit": "300", "x-ratelimit-remaining": "299",
             "x-ratelimit-reset": "2026-11-23T12:05:00.000000Z"},
            Limits(of=300, left=299, resets=NOW + timedelta(minutes=5)),
        ),
        (
            {"x-rate-limit-limit": "50", "x-rate-limit-remaining": "0",
             "x-rate-limit-reset": f"{NOW.timestamp() + 60:.0f}"},
            Limits(of=50, left=0, resets=NOW + timedelta(minutes=1)),
        ),
        (
            {"ratelimit-limit": "3000, 3000;w=300", "ratelimit-remaining": "2999",
             "ratelimit-reset": "90"},
            Limits(of=3000, left=2999, resets=NOW + timedelta(seconds=90)),
        ),
        ({"x-ratelimit-remaining": "4.0"}, Limits(left=4)),
        (
            {"x-ratelimit-remaining": "4", "x-ratelimit-reset": "999999999999"},
            Limits(left=4, resets=NOW + timedelta(days=40)),
        ),
    ],
)  # fmt: skip
def test_what_networks_say_of_their_limits(headers, limit):
    from requests.structures import CaseInsensitiveDict

    assert limits(CaseInsensitiveDict(headers), NOW) == limit


def test_doctor_writes_down_what_it_was_told(tmp_path, monkeypatch):
    for name, value in LEDGER.items():
        monkeypatch.setenv(name, value)
    project = open_project(make(tmp_path, pilot=spec()))
    done = CliRunner().invoke(main, ["--root", str(tmp_path), "doctor"], catch_exceptions=False)
    assert "needs no account" in done.output
    with project.ledger.read() as conn:
        found = kept.everything(conn)["board"]
    assert found.checked
    assert found.trouble is None
    project.ledger.close()


def test_the_command_says_where_there_can_be_none(tmp_path):
    publish(make(tmp_path, pilot=spec()))
    call = CliRunner().invoke(main, ["--root", str(tmp_path), "rehearse", "board"])
    assert call.exit_code == 1
    assert "no private audience" in call.output
    call = CliRunner().invoke(main, ["--root", str(tmp_path), "rehearse", "none"])
    assert "there is no channel none" in call.output
