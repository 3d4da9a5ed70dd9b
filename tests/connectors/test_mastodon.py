"""Mastodon's API as other people implemented it: what we believe of it is not only our belief."""

import pytest

from connectors.http import Http
from connectors.mastodon import Mastodon
from rolecast.connector import Refused, Unauthorised
from rolecast.post import Post
from tests.servers.base import call, expect

LINK = "https://jobs.example.com/r/abcdefgh"


@pytest.fixture
def account(mastodon) -> Mastodon:
    return Mastodon(server=mastodon.url, token=mastodon.token)


@pytest.fixture
def http():
    made = Http()
    yield made
    made.session.close()


def a_post(key: str, **fields) -> Post:
    text = f"Ships, by night & fog.\n\nHarbour Pilot\n{LINK}{key}"
    values = {"job_id": "pilot", "channel": "m", "moment": "announce", "text": text, "key": key}
    return Post(**values | {"link": LINK + key, "language": "en-GB"} | fields)


def test_the_life_of_a_post(account, http):
    post = a_post("one")
    assert account.find(http, post) is None
    receipt = account.publish(http, post)
    assert account.publish(http, post).id == receipt.id  # the same key: the same post
    assert account.find(http, post).id == receipt.id
    assert "by night & fog" in account.look(http, receipt).says
    changed = post.model_copy(update={"text": f"By day.\n{post.link}"})
    assert account.edit(http, receipt, changed).id == receipt.id
    assert "By day." in account.look(http, receipt).says
    account.withdraw(http, receipt)
    account.withdraw(http, receipt)
    assert account.look(http, receipt) is None
    assert account.find(http, post) is None


def test_its_figures(mastodon, account, http):
    receipt = account.publish(http, a_post("two"))
    signed = {"Authorization": f"Bearer {mastodon.token}"}
    for what in ("favourite", "reblog"):
        expect(call("POST", f"{mastodon.url}/api/v1/statuses/{receipt.id}/{what}", {}, signed))
    answer = {"status": "me!", "in_reply_to_id": receipt.id}
    expect(call("POST", f"{mastodon.url}/api/v1/statuses", answer, signed))
    counts = account.count(http, [receipt])[receipt.id]
    assert (counts.likes, counts.reshares, counts.comments) == (1, 1, 1)


def test_who_we_are_and_who_we_are_not(mastodon, account, http):
    assert mastodon.url in account.whoami(http)
    stranger = Mastodon(server=mastodon.url, token="nope")
    with pytest.raises(Unauthorised):
        stranger.publish(Http(), a_post("three"))


def test_what_is_too_long_is_refused(account, http):
    with pytest.raises(Refused, match="does not take this"):
        account.publish(http, a_post("four", text="x" * 6000 + LINK))
