"""Bluesky, against its own PDS."""

from datetime import UTC, datetime, timedelta

import pytest

from connectors.bluesky import ALPHABET, Bluesky, _rkey, facets
from connectors.http import Http
from rolecast.connector import Refused, Unauthorised
from rolecast.post import Post

NOW = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
LINK = "https://jobs.example.com/r/abcdefgh"


def a_post(**fields) -> Post:
    text = f"Пілот 🚢 für Nächte\n\n{LINK}\n#HarbourLife"
    values = {"job_id": "pilot", "channel": "sky", "moment": "announce", "title": "Pilot"}
    values |= {"text": text, "link": LINK, "key": "k1", "made_at": NOW}
    return Post(**values | fields)


@pytest.fixture
def account(pds):
    return pds.new_account()


@pytest.fixture
def sky(pds, account) -> Bluesky:
    return Bluesky(service=pds.url, handle=account.handle, password=account.password)


@pytest.fixture
def way():
    made = Http()
    yield made
    made.session.close()


def test_a_record_as_the_network_wants_it(pds, account, sky, way):
    receipt = sky.publish(way, a_post())
    (record,) = pds.records(account.did)
    value, text = record["value"], a_post().text.encode()
    assert receipt.id == record["uri"]
    assert value["langs"] == ["en"]
    assert value["embed"]["external"]["uri"] == LINK
    places = {
        text[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode(): f["features"][0]
        for f in value["facets"]
    }
    assert places[LINK]["uri"] == LINK
    assert places["#HarbourLife"]["tag"] == "HarbourLife"


def test_publishing_the_same_post_again_is_one_record(pds, account, sky, way):
    first, second = sky.publish(way, a_post()), sky.publish(way, a_post())
    assert first == second
    assert len(pds.records(account.did)) == 1


def test_publishing_another_text_under_the_same_key_changes_the_one_record(pds, account, sky, way):
    sky.publish(way, a_post())
    sky.publish(way, a_post(text=f"Now by day {LINK}"))
    (record,) = pds.records(account.did)
    assert record["value"]["text"] == f"Now by day {LINK}"


def test_a_record_of_somebody_else_under_our_key_is_left_alone(pds, account, sky, way):
    sky.publish(way, a_post())
    other = a_post(link="https://other.example/r/zzz", text="https://other.example/r/zzz")
    with pytest.raises(Refused):
        sky.publish(way, other)
    assert LINK in pds.records(account.did)[0]["value"]["text"]


def test_find_look_edit_withdraw(pds, account, sky, way):
    assert sky.find(way, a_post()) is None
    receipt = sky.publish(way, a_post())
    assert sky.find(way, a_post()).id == receipt.id
    assert sky.look(way, receipt).says == a_post().text
    changed = sky.edit(way, receipt, a_post(text=f"Short {LINK}"))
    assert sky.look(way, changed).says == f"Short {LINK}"
    assert changed.extra["rkey"] == receipt.extra["rkey"]
    sky.withdraw(way, receipt)
    sky.withdraw(way, receipt)  # gone already is no error
    assert sky.look(way, receipt) is None
    assert pds.records(account.did) == []


def test_counts_are_not_measured_without_an_appview(sky, way):
    receipt = sky.publish(way, a_post())
    assert sky.count(way, [receipt]) == {}


def test_whoami_and_a_wrong_password(pds, account, sky, way):
    assert sky.whoami(way) == f"@{account.handle} ({account.did})"
    wrong = Bluesky(service=pds.url, handle=account.handle, password="wrong")
    other = Http()
    with pytest.raises(Unauthorised, match="app password"):
        wrong.whoami(other)
    other.session.close()


def test_an_expired_session_is_renewed(sky, way):
    sky.whoami(way)
    way.memory["session"]["accessJwt"] = "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"
    with pytest.raises(Unauthorised):  # a broken token is not an expired one
        sky.publish(way, a_post())


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("abc", 3),
        ("👨‍👩‍👧‍👦", 1),
        ("🇺🇦🇩🇪", 2),
        ("नमस्ते", 3),
        ("é", 1),
        ("软件", 2),
        ("👍🏽", 1),
    ],
)
def test_length_is_counted_in_graphemes(text, length):
    assert Bluesky(handle="a").measure(text) == length


def test_the_server_counts_as_we_do(sky, way):
    family = "👨‍👩‍👧‍👦"
    fits = family * (300 - 1 - len(LINK) - 200) + "x" * 200 + " " + LINK
    assert sky.measure(fits) == 300
    sky.publish(way, a_post(text=fits))
    with pytest.raises(Refused):
        sky.publish(way, a_post(text=fits + "x", key="k2"))


def test_too_many_bytes_are_refused_before_sending(sky, way):
    with pytest.raises(Refused, match="3000"):
        sky.publish(way, a_post(text="👨‍👩‍👧‍👦" * 200 + LINK))


def test_keys_are_tids_and_stay(sky):
    keys = {
        _rkey(a_post(key=f"k{n}", made_at=NOW + timedelta(minutes=n % 20))) for n in range(5000)
    }
    assert len(keys) == 5000
    assert all(len(key) == 13 and set(key) <= set(ALPHABET) for key in keys)
    assert _rkey(a_post()) == _rkey(a_post(text="another"))
    assert all(key[0] in "234567abcdefghij" for key in keys)  # the top bit of a TID is 0


def test_facets_never_leave_the_text():
    for text in ("", "#", "https://", f"ü{LINK}.", "#a#b #с_я"):
        for facet in facets(text):
            index = facet["index"]
            assert 0 <= index["byteStart"] < index["byteEnd"] <= len(text.encode())
