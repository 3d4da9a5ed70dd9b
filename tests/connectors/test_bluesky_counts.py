"""Bluesky's figures, from a real AppView: likes, replies, reposts and quotes of other people."""

import time
from datetime import UTC, datetime

import pytest

from connectors.bluesky import Bluesky
from connectors.http import Http
from rolecast.post import Post

LINK = "https://jobs.example.com/r/abcdefgh"
NOW = "2026-11-23T12:00:00.000Z"


@pytest.fixture
def http():
    made = Http()
    yield made
    made.session.close()


def test_what_others_do_with_a_post_is_counted(appview, http):
    ours, other = appview.new_account(), appview.new_account()
    account = Bluesky(service=appview.url, handle=ours.handle, password=ours.password)
    post = Post(
        job_id="pilot", channel="sky", moment="announce", title="Harbour Pilot",
        text=f"Ships, by night.\n{LINK}", link=LINK, key="k" * 32, made_at=datetime.now(UTC),
    )  # fmt: skip
    receipt = account.publish(http, post)
    subject = {"uri": receipt.id, "cid": receipt.extra["cid"]}
    token = appview.token(other.handle, other.password)

    def act(collection: str, **fields) -> None:
        record = {"$type": collection, "createdAt": NOW} | fields
        body = {"repo": other.did, "collection": collection, "record": record}
        appview.xrpc("POST", "com.atproto.repo.createRecord", body, token)

    act("app.bsky.feed.like", subject=subject)
    act("app.bsky.feed.repost", subject=subject)
    act("app.bsky.feed.post", text="Me!", reply={"root": subject, "parent": subject})
    embed = {"$type": "app.bsky.embed.record", "record": subject}
    act("app.bsky.feed.post", text="Look at this", embed=embed)

    deadline, counts = time.monotonic() + 20, None
    while time.monotonic() < deadline:
        counts = account.count(http, [receipt]).get(receipt.id)
        if counts and (counts.likes, counts.comments, counts.reshares) == (1, 1, 2):
            break
        time.sleep(0.2)
    assert (counts.likes, counts.comments, counts.reshares) == (1, 1, 2)
    assert counts.impressions is None  # Bluesky tells none: not zero

    changed = post.model_copy(update={"text": f"Ships, by day.\n{LINK}"})
    account.edit(http, receipt, changed)
    assert "by day" in account.look(http, receipt).says
    account.withdraw(http, receipt)
    assert account.look(http, receipt) is None
