"""The servers really answer, and the proxy breaks what it is told to break."""

import contextlib
import http.client
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.servers import Answer, FaultProxy
from tests.servers.base import call

CREATE = "com.atproto.repo.createRecord"


def post(pds, account, text, base=""):
    """Create a post through ``base`` (the PDS itself); returns (status, answer)."""
    token = pds.token(account.handle, account.password)
    record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-01-01T00:00:00Z"}
    body = {"repo": account.did, "collection": "app.bsky.feed.post", "record": record}
    url = f"{base or pds.url}/xrpc/{CREATE}"
    return call("POST", url, body, {"Authorization": f"Bearer {token}"})


def texts(pds, account):
    return [record["value"]["text"] for record in pds.records(account.handle)]


class TestPds:
    def test_create_read_delete(self, pds):
        account = pds.new_account()
        status, made = post(pds, account, "Baker wanted")
        assert status == 200
        assert texts(pds, account) == ["Baker wanted"]
        token = pds.token(account.handle, account.password)
        pds.xrpc(
            "POST",
            "com.atproto.repo.deleteRecord",
            {
                "repo": account.did,
                "collection": "app.bsky.feed.post",
                "rkey": made["uri"].rsplit("/", 1)[1],
            },
            token,
        )
        assert texts(pds, account) == []

    def test_the_two_users_can_log_in(self, pds):
        assert pds.token() and pds.token(pds.handle2, pds.password2)

    def test_reads_more_than_a_page_of_records(self, pds):
        account = pds.new_account()
        token = pds.token(account.handle, account.password)
        for start in (0, 60):
            writes = [
                {
                    "$type": "com.atproto.repo.applyWrites#create",
                    "collection": "app.bsky.feed.post",
                    "value": {
                        "$type": "app.bsky.feed.post",
                        "text": str(number),
                        "createdAt": "2026-01-01T00:00:00Z",
                    },
                }
                for number in range(start, start + 60)
            ]
            body = {"repo": account.did, "writes": writes}
            pds.xrpc("POST", "com.atproto.repo.applyWrites", body, token)
        assert sorted(map(int, texts(pds, account))) == list(range(120))

    def test_keeps_its_data_through_a_crash(self, own_pds):
        account = own_pds.new_account()
        post(own_pds, account, "before")
        url = own_pds.url
        own_pds.stop_cold()
        with pytest.raises(urllib.error.URLError, match="refused"):
            own_pds.records(account.handle)
        own_pds.start_again()
        assert own_pds.url == url
        assert post(own_pds, account, "after")[0] == 200
        assert texts(own_pds, account) == ["before", "after"]

    def test_paused_it_hangs_and_resumed_it_answers(self, own_pds):
        health = f"{own_pds.url}/xrpc/_health"
        own_pds.pause()
        with pytest.raises(TimeoutError):
            urllib.request.urlopen(health, timeout=0.5)
        own_pds.resume()
        assert call("GET", health)[0] == 200


class TestWordPress:
    def test_create_and_list(self, wordpress):
        author = wordpress.new_author()
        made = wordpress.rest(
            "POST",
            "posts",
            {"title": "Baker", "content": "Join us", "status": "publish", "author": author.id},
        )
        assert [post["id"] for post in wordpress.posts(author=author.id)] == [made["id"]]
        with urllib.request.urlopen(made["link"]) as answer:
            assert b"Join us" in answer.read()

    def test_works_through_a_proxy(self, wordpress, proxy):
        front = proxy(wordpress)
        status, posts = call("GET", f"{front.url}/wp-json/wp/v2/posts")
        assert status == 200 and isinstance(posts, list)


class TestPostgres:
    def test_select(self, postgres):
        sqlalchemy = pytest.importorskip("sqlalchemy")
        urls = {postgres.new_database() for _ in range(2)}
        assert len(urls) == 2
        for url in urls:
            engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
            with engine.connect() as connection:
                assert connection.scalar(sqlalchemy.text("select 1")) == 1
                assert sqlalchemy.inspect(connection).get_table_names() == []


def test_browser_reads_a_page(page, wordpress):
    page.goto(wordpress.url)
    assert page.title() == "Test blog"


class TestProxyBeforePds:
    """What the faults mean for exactly-once, seen on a real network."""

    def test_reset_before_means_not_posted(self, pds, proxy):
        account, front = pds.new_account(), proxy(pds)
        front.fault("refuse", "POST", CREATE)
        with pytest.raises(ConnectionResetError):
            post(pds, account, "once", front.url)
        assert texts(pds, account) == []
        assert post(pds, account, "once", front.url)[0] == 200
        assert texts(pds, account) == ["once"]

    @pytest.mark.parametrize("kind", ["reset_after", "status_after", "truncate"])
    def test_faults_after_mean_posted_all_the_same(self, pds, proxy, kind):
        account, front = pds.new_account(), proxy(pds)
        front.fault(kind, "POST", CREATE, status=502)
        try:
            assert post(pds, account, "once", front.url) == (502, None)
        except (ConnectionResetError, http.client.IncompleteRead):
            assert kind != "status_after"
        assert texts(pds, account) == ["once"]
        assert front.seen("POST", CREATE)[0].upstream_status == 200

    def test_a_session_names_the_proxy_as_the_server(self, pds, proxy):
        front = proxy(pds)
        login = {"identifier": pds.handle, "password": pds.password}
        _, session = call("POST", f"{front.url}/xrpc/com.atproto.server.createSession", login)
        assert session["didDoc"]["service"][0]["serviceEndpoint"] == front.url


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        told = json.dumps(
            {
                "path": self.path,
                "host": self.headers["Host"],
                "body": body.decode(),
                "here": f"http://{self.headers['Host']}/x",
            }
        ).encode()
        self.send_response(200)
        self.send_header("Set-Cookie", "a=1")
        self.send_header("Set-Cookie", "b=2")
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told if self.command != "HEAD" else b"")

    do_GET = do_HEAD = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def echo():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def front(proxy, echo):
    return proxy(echo)


class TestProxy:
    def test_forwards_faithfully(self, front, echo):
        with urllib.request.urlopen(f"{front.url}/a?b=c", data=b"hello") as answer:
            told = json.load(answer)
            assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
        assert (told["path"], told["body"]) == ("/a?b=c", "hello")
        assert told["host"] == echo.removeprefix("http://")
        seen = front.seen("POST", "/a")[0]
        assert (seen.status, seen.body, seen.forwarded, seen.fault) == (200, b"hello", True, "")

    def test_keeps_connections_and_reads_chunks(self, front):
        connection = http.client.HTTPConnection("127.0.0.1", int(front.url.rsplit(":", 1)[1]))
        with contextlib.closing(connection):
            for method in ("HEAD", "GET", "DELETE"):
                connection.request(method, "/kept")
                connection.getresponse().read()
            connection.request("POST", "/chunks", iter([b"one ", b"two"]))
            with connection.getresponse() as answer:
                assert json.load(answer)["body"] == "one two"

    def test_rewrites_addresses_only_when_asked(self, echo, front):
        assert call("GET", front.url)[1]["here"] == f"{echo}/x"
        with FaultProxy(echo, rewrite=True) as rewriting:
            assert call("GET", rewriting.url)[1]["here"] == f"{rewriting.url}/x"

    def test_refuse(self, front):
        front.fault("refuse")
        with pytest.raises(ConnectionResetError):
            call("POST", front.url, {})
        assert (front.count(), front.count(forwarded=True)) == (1, 0)

    def test_down_refuses_and_comes_back(self, front):
        with front.down(), pytest.raises(urllib.error.URLError, match="refused"):
            call("GET", front.url)
        assert call("GET", front.url)[0] == 200

    def test_status_before(self, front):
        front.fault("status_before", status=429, headers={"Retry-After": "7"}, body=b'{"e": 1}')
        with pytest.raises(urllib.error.HTTPError) as raised:
            urllib.request.urlopen(front.url)
        assert (raised.value.code, raised.value.headers["Retry-After"]) == (429, "7")
        assert json.load(raised.value) == {"e": 1}
        assert front.count(forwarded=True) == 0

    def test_status_after(self, front):
        front.fault("status_after", status=502)
        assert call("GET", front.url)[0] == 502
        assert front.requests[0].upstream_status == 200

    def test_reset_after(self, front):
        front.fault("reset_after")
        with pytest.raises(ConnectionResetError):
            call("GET", front.url)
        assert (front.requests[0].upstream_status, front.requests[0].status) == (200, None)

    def test_hang_after(self, front):
        front.fault("hang_after", seconds=0.6)
        with pytest.raises(TimeoutError):
            urllib.request.urlopen(front.url, timeout=0.2)
        assert front.requests[0].upstream_status == 200

    def test_slow_arrives_though_nobody_waits(self, front):
        front.fault("slow", seconds=0.4)
        with pytest.raises(TimeoutError):
            urllib.request.urlopen(front.url, timeout=0.1)
        assert front.count(forwarded=True) == 0
        time.sleep(0.6)
        assert front.count(forwarded=True) == 1

    def test_truncate(self, front):
        front.fault("truncate")
        with pytest.raises(http.client.IncompleteRead):
            call("GET", front.url)

    def test_hook_decides(self, front):
        front.fault("hook", path="/cut", hook=lambda request, forward: None)
        front.fault("hook", hook=lambda request, forward: Answer(forward().status + 1))
        with pytest.raises(ConnectionResetError):
            call("GET", f"{front.url}/cut")
        assert call("GET", front.url) == (201, None)

    def test_times_skip_and_match(self, front):
        front.fault("status_before", "POST", "/jobs", times=2, skip=1, status=503)
        assert call("GET", f"{front.url}/jobs")[0] == 200
        assert call("POST", f"{front.url}/other", {})[0] == 200
        got = [call("POST", f"{front.url}/jobs", {})[0] for _ in range(4)]
        assert got == [200, 503, 503, 200]
        front.fault("status_before", times=None, status=500)
        assert {call("GET", front.url)[0] for _ in range(3)} == {500}
        front.clear()
        assert call("GET", front.url)[0] == 200 and front.count() == 1

    def test_an_unknown_kind_is_an_error(self, front):
        with pytest.raises(ValueError, match="truncate"):
            front.fault("explode")

    def test_stop_gives_up_hanging_answers(self, echo):
        hanging = FaultProxy(echo).start()
        hanging.fault("hang_after", seconds=60)
        port = int(hanging.url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            while not hanging.count(forwarded=True):
                time.sleep(0.01)
            began = time.monotonic()
            hanging.stop()
            with contextlib.suppress(ConnectionResetError):
                assert client.recv(1) == b""
            assert time.monotonic() - began < 2
