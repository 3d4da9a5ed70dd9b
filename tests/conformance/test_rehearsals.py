"""A test post: really sent, seen by its audience only, and no part of what is live."""

import pytest

from connectors.http import Http
from rolecast import health, rehearsing
from rolecast.ledger import health as kept
from rolecast.ledger import publications
from rolecast.ledger.states import State
from rolecast.publish import now_utc
from tests.house import make, open_project, spec

# Those that have an audience, and whether something of a test post is left for it to see.
AUDIENCES = {
    "wordpress": False, "ghost": False, "mastodon": True, "mail": True, "slack": True,
    "discord": True, "telegram": True,
}  # fmt: skip


@pytest.fixture
def project(network, tmp_path):
    root = make(tmp_path, f"{network.toml}{network.audience}\n", pilot=spec(title="Ahoy @ville"))
    made = open_project(root, network.env)
    made.publish(made.plan(wait=0).plan.changes, lambda channel: Http((2, 5)))
    yield made
    made.ledger.close()


def test_nobody_but_the_audience_sees_a_test_post(network, project, postfix_or_none):
    channel, ledger = project.channels["net"], project.ledger
    before = network.posts()
    if network.name not in AUDIENCES:
        with pytest.raises(rehearsing.NoRehearsal, match="no private audience"):
            rehearsing.rehearse(project, channel, lambda one: Http((2, 5)))
        return
    for _ in range(2):
        done = rehearsing.rehearse(project, channel, lambda one: Http((2, 5)))
        assert done.audience
    assert network.posts() == before
    if postfix_or_none:
        mails = [m for m in postfix_or_none.mails("careers@example.test") if "Ahoy" in m["Subject"]]
        assert all(mail["Subject"].startswith("Test: ") for mail in mails)
        assert len(mails) >= 2
    else:
        seen = [text for text in network.private() if "ville" in text]
        assert len(seen) == (2 if AUDIENCES[network.name] else 0)
        assert not [text for text in seen if "@ville" in text and network.name == "mastodon"]
    with ledger.read() as conn:
        assert len(publications.everything(conn)) == 1


def test_without_its_setting_there_is_none_and_it_says_which(network, tmp_path):
    if not network.audience:
        return  # it needs no setting of its own
    project = open_project(make(tmp_path, network.toml, pilot=spec()), network.env)
    with pytest.raises(rehearsing.NoRehearsal, match=r"set test_\w+ of \[channels.net\]"):
        rehearsing.audience(project.channels["net"])
    project.ledger.close()


def test_the_desk_knows_who_we_are_and_how_it_went(network, project):
    """What somebody with the credentials asks is what somebody without them sees."""
    channel, ledger = project.channels["net"], project.ledger
    health.check(ledger, channel, lambda one: project.way(one, Http((2, 5))), now_utc())
    with ledger.read() as conn:
        found = kept.everything(conn)["net"]
        states = {one.state for one in publications.everything(conn)}
    assert states == {State.live}
    assert found.trouble is None
    assert (found.named is not None) == channel.connector.can("whoami")
    assert found.done
    assert found.failed is None


@pytest.fixture
def postfix_or_none(request, network):
    return request.getfixturevalue("postfix") if network.name == "mail" else None
