"""Where the link stands on X: in the post, in a card of the Ads API, or nowhere.

The Ads API has no machine-readable contract. Its calls are held against the examples at
docs.x.com/x-ads-api/creatives/reference ("POST accounts/:account_id/cards", "POST accounts/
:account_id/media_library", 2026-09) and the sizes at docs.x.com/x-ads-api/creatives ("Image").
"""

import base64
import io

import PIL.Image
import pytest

from tests.house import drop, make, open_project, publish, spec
from tests.networks import x
from tests.networks.contracts import Examples
from tests.networks.standin import StandIn, route

ACCOUNT = "/12/accounts/18ce54d4x5t"
CARD = {
    "name": "video website card",
    "components": [
        {
            "type": "MEDIA",
            "media_key": "13_1191948012077092867",
            "title": "Twitter",
            "destination": {"type": "WEBSITE", "url": "http://twitter.com/login"},
        }
    ],
}
SOURCE = "docs.x.com/x-ads-api/creatives/reference"
EXAMPLES = {
    ("GET", f"{ACCOUNT}/cards"): {
        "fields": {"q": "name"},
        "source": SOURCE,
        "answer": {"data": [{**CARD, "card_uri": "card://1043282691834048513"}]},
    },
    ("POST", f"{ACCOUNT}/cards"): {
        "fields": CARD,
        "must": ("name", "components"),
        "status": 201,
        "answer": {"data": {**CARD, "card_uri": "card://1043282691834048513"}},
        "source": SOURCE,
    },
    ("POST", f"{ACCOUNT}/media_library"): {
        "fields": {"media_key": "3_966947208837742592", "media_category": "TWEET_IMAGE"},
        "must": ("media_key", "media_category"),
        "source": SOURCE,
        "answer": {"data": {"media_key": "3_966947208837742592"}},
    },
}


class Ads(StandIn):
    contract = Examples(EXAMPLES)

    def __init__(self, posts):
        super().__init__()
        self.posts, self.library, self.cards = posts, set(), {}

    def refuses(self, call):
        return None if 'oauth_token="token"' in call.headers["authorization"] else (401, {})

    @route("GET", f"{ACCOUNT}/cards")
    def find(self, call):
        found = [one for name, one in self.cards.items() if name.startswith(call.query["q"])]
        return 200, {"data": found}

    @route("POST", f"{ACCOUNT}/media_library")
    def keep(self, call):
        assert call.query["media_key"].removeprefix("3_") in self.posts.media
        self.library.add(call.query["media_key"])
        return 200, {"data": {"media_key": call.query["media_key"]}}

    @route("POST", f"{ACCOUNT}/cards")
    def make(self, call):
        media, details = call.json["components"]
        assert (media["type"], details["type"]) == ("MEDIA", "DETAILS")
        assert media["media_key"] in self.library
        card = {**call.json, "card_uri": f"card://{self.number()}"}
        self.cards[call.json["name"]] = card
        self.posts.cards.add(card["card_uri"])
        return 201, {"data": card}


@pytest.fixture
def servers():
    posts = x.Server()
    ads = Ads(posts)
    yield posts, ads
    assert posts.broken + ads.broken == []
    ads.stop()
    posts.stop()


def folder(tmp_path, posts, ads, link, **fields):
    toml = (
        f'[channels.net]\nconnector = "x"\nhandle = "careers"\napi = "{posts.url}"\n'
        f'link = "{link}"\nmay_edit = true\n'
    )
    if link == "card":
        toml += f'ads_account = "18ce54d4x5t"\nads_api = "{ads.url}"\n'
    root = make(tmp_path, toml, pilot=spec(**fields))
    PIL.Image.new("RGB", (500, 900), "navy").save(root / "jobspecs/boat.png")
    return root


ENV = {
    f"ROLECAST_NET_{name}": value
    for name, value in (
        ("CONSUMER_KEY", "key"),
        ("CONSUMER_SECRET", "secret"),
        ("ACCESS_TOKEN", "token"),
        ("ACCESS_TOKEN_SECRET", "secret2"),
    )
}
PICTURE = {"file": "boat.png", "alt": "A pilot boat"}


def cost(root):
    project = open_project(root, ENV)
    (change,) = project.plan(wait=0).plan.changes
    project.ledger.close()
    return change.cost


@pytest.mark.parametrize(
    ("link", "fields", "costs", "in_post", "cards"),
    [
        ("post", {"image": PICTURE}, "$0.200 (it has a link)", True, 0),
        ("none", {"image": PICTURE}, "$0.015", False, 0),
        ("card", {"image": PICTURE}, "$0.015 (its link is in a card)", False, 1),
        ("card", {}, "$0.200 (it has a link)", True, 0),
    ],
)
def test_where_the_link_stands(servers, tmp_path, link, fields, costs, in_post, cards):
    posts, ads = servers
    root = folder(tmp_path, posts, ads, link, **fields)
    assert cost(root) == costs
    (result,) = publish(root, ENV)
    assert result.ok, result.reason
    (post,) = posts.posts.values()
    assert ("/r/" in post["written"]) is in_post
    assert (post["card"] is not None) == bool(cards) == bool(len(ads.cards))
    for card in ads.cards.values():
        assert card["components"][1]["destination"]["url"] == result.change.post.link
    assert publish(root, ENV) == []


def test_a_cards_picture_has_the_shape_and_the_size_that_x_asks_for(servers, tmp_path):
    posts, ads = servers
    publish(folder(tmp_path, posts, ads, "card", image=PICTURE), ENV)
    (upload,) = (one for one in posts.calls if one.path == "/2/media/upload")
    picture = PIL.Image.open(io.BytesIO(base64.b64decode(upload.json["media"])))
    assert picture.width >= 800
    assert picture.width / picture.height == pytest.approx(1.91, abs=0.01)


def test_a_lost_answer_makes_no_second_post_and_no_second_card(servers, tmp_path, proxy):
    posts, ads = servers
    front = proxy(posts.url)
    root = folder(tmp_path, posts, ads, "card", image=PICTURE)
    toml = (root / "rolecast.toml").read_text()
    (root / "rolecast.toml").write_text(toml.replace(posts.url, front.url))
    front.fault("reset_after", "POST", "/2/tweets")
    publish(root, ENV)
    from datetime import timedelta

    from rolecast import publish as engine
    from tests.house import http

    def clock():
        return engine.now_utc() + timedelta(minutes=10)

    project = open_project(root, ENV)
    changes = project.plan(now=clock(), wait=0).plan.changes
    (result,) = engine.carry_out(project.ledger, project.channels, changes, http, clock=clock)
    project.ledger.close()
    assert result.ok
    assert (len(posts.posts), len(ads.cards)) == (1, 1)


def test_a_card_needs_an_account_and_an_edit_gets_its_own(servers, tmp_path):
    posts, ads = servers
    root = folder(tmp_path, posts, ads, "card", image=PICTURE)
    publish(root, ENV)
    drop(root, "pilot", spec(image=PICTURE, summary="By day only."))
    (result,) = publish(root, ENV)
    assert result.ok, result.reason
    (post,) = posts.posts.values()
    assert "By day only." in post["written"]
    assert len(ads.cards) == 2
    from rolecast.settings import SettingsError

    toml = (root / "rolecast.toml").read_text()
    (root / "rolecast.toml").write_text(toml.replace('ads_account = "18ce54d4x5t"\n', ""))
    with pytest.raises(SettingsError, match="needs ads_account"):
        open_project(root, ENV)
