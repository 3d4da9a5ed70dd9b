"""The one way out: what each end of a call means, and that nothing is sent twice."""

import logging
from datetime import UTC, datetime

import pytest

from connectors import http as module
from connectors.http import Http, retry_after
from rolecast.connector import (
    Gone,
    OutcomeUnknown,
    Refused,
    Unauthorised,
    Unavailable,
)
from tests.servers import Answer

SECRET = "xyzzy-secret"


@pytest.fixture
def front(proxy):
    """A server that answers every request with {"ok": true}; no upstream behind it."""
    made = proxy("http://127.0.0.1:9")
    made.fault("hook", times=None, hook=lambda request, forward: Answer(200, [], b'{"ok": true}'))
    return made


@pytest.fixture
def way(monkeypatch):
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    made = Http((2, 1))
    yield made
    made.session.close()


def fault(front, status, headers=(), body=b"{}"):
    front.clear()
    answer = Answer(status, list(headers), body)
    front.fault("hook", times=None, hook=lambda request, forward: answer)


MEANINGS = [
    (400, (), Refused),
    (401, (), Unauthorised),
    (403, (), Refused),
    (404, (), Gone),
    (410, (), Gone),
    (408, (), OutcomeUnknown),
    (422, (), Refused),
    (429, (("Retry-After", "7"),), Unavailable),
    (500, (), OutcomeUnknown),
    (502, (), OutcomeUnknown),
    (503, (), OutcomeUnknown),
    (503, (("Retry-After", "7"),), Unavailable),
    (504, (), OutcomeUnknown),
    (302, (("Location", "http://elsewhere.example/"),), Refused),
]


@pytest.mark.parametrize(("status", "headers", "kind"), MEANINGS)
def test_what_a_status_means_for_a_post(front, way, status, headers, kind):
    fault(front, status, headers)
    with pytest.raises(kind) as caught:
        way.json("POST", f"{front.url}/x", json={})
    assert type(caught.value) is kind
    assert len(front.requests) == 1  # a mutating call is sent once
    if kind is Unavailable:
        assert caught.value.retry_after == 7


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_read_is_tried_again_a_few_times(front, way, status):
    fault(front, status)
    with pytest.raises(Unavailable):
        way.json("GET", f"{front.url}/x")
    assert len(front.requests) == module.TRIES


def test_a_read_that_succeeds_at_last(front, way):
    front.clear()
    left = [Answer(500, [], b""), Answer(200, [], b'{"n": 1}')]
    front.fault("hook", times=None, hook=lambda request, forward: left.pop(0))
    assert way.json("GET", f"{front.url}/x") == {"n": 1}


def test_a_long_wish_is_left_to_the_caller(front, way):
    fault(front, 429, (("Retry-After", "3600"),))
    with pytest.raises(Unavailable) as caught:
        way.json("GET", f"{front.url}/x")
    assert caught.value.retry_after == 3600
    assert len(front.requests) == 1


def test_a_body_that_is_no_json(front, way):
    fault(front, 200, body=b"<html>")
    with pytest.raises(OutcomeUnknown):
        way.json("POST", f"{front.url}/x")
    with pytest.raises(Unavailable):
        way.json("GET", f"{front.url}/x")


def test_nobody_listens(front, way):
    with front.down(), pytest.raises(Unavailable, match="cannot be reached"):
        way.json("POST", f"{front.url}/x")


def test_a_name_that_does_not_exist(way):
    with pytest.raises(Unavailable):
        way.json("POST", "http://no-such-host.invalid/x")


def test_the_network_may_have_its_own_meanings(front, way):
    fault(front, 400, body=b'{"error": "Known"}')

    def errors(status, body):
        return Gone("known") if body["error"] == "Known" else None

    with pytest.raises(Gone, match="known"):
        way.json("POST", f"{front.url}/x", errors=errors)


def test_an_answer_without_end_is_cut(front, way, monkeypatch):
    monkeypatch.setattr(module, "MAX_ANSWER", 1000)
    fault(front, 200, body=b"x" * 5000)
    with pytest.raises(OutcomeUnknown):
        way.json("POST", f"{front.url}/x")


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_no_secret_reaches_a_message_or_a_log(front, way, status, caplog):
    caplog.set_level(logging.DEBUG)
    fault(front, status, body=f'{{"message": "bad Bearer {SECRET}"}}'.encode())
    with pytest.raises(Exception, match=r".") as caught:
        way.json(
            "POST",
            f"{front.url}/x?token={SECRET}",
            headers={"Authorization": f"Bearer {SECRET}"},
            auth=("user", SECRET),
        )
    assert SECRET not in str(caught.value)
    ours = [record for record in caplog.records if not record.name.startswith("urllib3")]
    assert SECRET not in "".join(record.getMessage() for record in ours)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "30"}, 30),
        ({"Retry-After": "Mon, 23 Nov 2026 12:00:30 GMT"}, 30),
        ({"Retry-After": "Mon, 23 Nov 2026 11:00:00 GMT"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "1795435230"}, 30),
        ({"ratelimit-remaining": "5", "ratelimit-reset": "1795435230"}, None),
    ],
)
def test_retry_after(headers, seconds):
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert retry_after(headers, now) == seconds
