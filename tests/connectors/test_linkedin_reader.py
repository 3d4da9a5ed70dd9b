"""The unofficial reader: off by default, never posts, bounded in time, errors in words.

What it calls is the package's own code; the pages behind it are LinkedIn's private ones, of which
there is no contract. So only our side of it is tested here.
"""

import pytest

from connectors.http import Http
from connectors.linkedin import LinkedIn
from rolecast.connector import Receipt, Unauthorised, Unavailable
from tests.networks.standin import StandIn, route

ACTIVITY = Receipt(id="urn:li:activity:77")


class Pages(StandIn):
    class contract:
        request = staticmethod(lambda call: None)
        answer = staticmethod(lambda call, status, body: None)

    reactions = 12

    @route("GET", "/voyagerSocialDashReactions")
    def likes(self, call):
        left = max(0, self.reactions - int(call.query["start"]))
        return 200, {"elements": [{}] * min(10, left)}

    @route("GET", "/feed/comments")
    def comments(self, call):
        assert call.query["updateId"] == "activity:77"
        return 200, {"elements": [{}, {}], "metadata": {"paginationToken": ""}}


@pytest.fixture
def pages(monkeypatch):
    client = pytest.importorskip("linkedin_api.client").Client
    import linkedin_api.linkedin as package

    server = Pages()
    monkeypatch.setattr(client, "API_BASE_URL", server.url)
    monkeypatch.setattr(package.Linkedin._fetch, "__defaults__", (lambda: None, False))
    yield server
    server.stop()


def reader(**fields) -> LinkedIn:
    given = {"reader": True, "reader_li_at": "a", "reader_jsessionid": "b"} | fields
    return LinkedIn(author="urn:li:organization:1", token="t", **given)


def test_reactions_and_comments_are_counted(pages):
    (counts,) = reader().count(Http(), [ACTIVITY]).values()
    assert (counts.likes, counts.comments) == (12, 2)
    assert {call.method for call in pages.calls} == {"GET"}
    assert "li_at=a" in pages.calls[0].headers["cookie"]


def test_comments_of_a_share_are_not_known(pages):
    (counts,) = reader().count(Http(), [Receipt(id="urn:li:share:77")]).values()
    assert (counts.likes, counts.comments) == (12, None)


def test_an_answer_that_is_no_figures_is_said(pages):
    pages.reactions = None
    with pytest.raises(Unavailable, match="something else"):
        reader().count(Http(), [ACTIVITY])


def test_it_is_off_unless_somebody_turns_it_on():
    assert LinkedIn(author="urn:li:organization:1").reader is False
    with pytest.raises(Unauthorised, match="cookies"):
        reader(reader_li_at=None).count(Http(), [ACTIVITY])


def test_the_channel_is_connected_without_its_cookies():
    assert LinkedIn(author="urn:li:organization:1", token="t").missing() == []
