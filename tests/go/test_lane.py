"""What a link answers, byte by byte, and what does not bring it down."""

import socket
import threading
import time

import pytest
import uvicorn

from rolecast.go import Limiter
from rolecast.web import app, fastlane
from rolecast.web import lane as lane_module
from rolecast.web.face import Face
from tests.house import BOARD, drop, gathered, make, open_project, publish, spec
from tests.processes import until

BROWSER = "User-Agent: Mozilla/5.0 (iPhone) Mobile\r\nAccept-Language: de-AT\r\n"


class Lane:
    """The public face on a port of its own, in a thread."""

    def __init__(self, root):
        self.root = root
        publish(root)
        self.project = open_project(root)
        self.face = Face(
            self.project.ledger, self.project.settings, root / ".rolecast", "/jobs", gathers=False
        )
        made = app.go_alone(
            self.project.ledger, self.project.settings, self.project.channels, face=self.face
        )
        self.protocol = fastlane.protocol(self.face)
        config = uvicorn.Config(made, port=0, log_level="error", http=self.protocol, ws="none")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        deadline = time.monotonic() + 20
        while not self.server.started:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]

    @property
    def known(self):
        """The heads that are remembered."""
        return self.protocol.answers.known if self.protocol.answers else {}

    def link(self, job="pilot"):
        with self.project.ledger.read() as conn:
            return conn.exec_driver_sql(f"select code from links where job_id = '{job}'").scalar()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), 5)

    def raw(self, *parts: bytes, end: bool = False) -> bytes:
        """Everything that is answered to some bytes, until the other side closes."""
        with self.connect() as connection:
            for part in parts:
                connection.sendall(part)
            if end:
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            while data := connection.recv(65536):
                answer += data
        return answer

    def ask(self, path, method="GET", headers=BROWSER, version="1.1"):
        request = f"{method} {path} HTTP/{version}\r\nHost: localhost\r\nConnection: close\r\n"
        answer = self.raw(request.encode("latin-1") + headers.encode("latin-1") + b"\r\n")
        return int(answer.split(b" ", 2)[1]), answer

    def clicks(self):
        return gathered(self.project)

    def rows(self):
        """What is kept of each click, but for its time."""
        gathered(self.project)
        columns = "link, device, referrer, country, agent, signals, visitor, late"
        with self.project.ledger.read() as conn:
            found = conn.exec_driver_sql(f"select {columns} from clicks order by id")
            return [tuple(row) for row in found]

    def close(self):
        self.server.should_exit = True
        self.thread.join(15)
        self.project.ledger.close()


@pytest.fixture
def lane(tmp_path):
    made = Lane(make(tmp_path, BOARD, pilot=spec()))
    yield made
    made.close()


def test_an_open_link_answers_without_a_page_and_its_click_is_kept(lane):
    code = lane.link()
    status, answer = lane.ask(f"/r/{code}?fbclid=abc")
    assert status == 302
    head = answer.decode().split("\r\n")
    assert f"location: https://jobs.example.com/pilot?ref={code}" in head
    assert "cache-control: no-store" in head
    assert any(line.startswith("date: ") for line in head)
    assert lane.clicks() == [(code, "human", "")]


def test_head_is_answered_and_counts_nothing(lane):
    status, answer = lane.ask(f"/r/{lane.link()}", "HEAD")
    assert status == 302
    assert answer.endswith(b"\r\n\r\n")
    assert lane.clicks() == []


def test_who_has_said_everything_is_still_answered(lane):
    request = f"GET /r/{lane.link()} HTTP/1.1\r\nHost: localhost\r\n{BROWSER}\r\n".encode()
    assert lane.raw(request, end=True).startswith(b"HTTP/1.1 302")
    assert len(lane.clicks()) == 1


def test_one_connection_many_links(lane):
    request = f"GET /r/{lane.link()} HTTP/1.1\r\nHost: localhost\r\n{BROWSER}\r\n".encode()
    with lane.connect() as connection:
        for _ in range(5):
            connection.sendall(request)
            assert connection.recv(4096).startswith(b"HTTP/1.1 302")
        connection.sendall(b"GET /jobs/pilot HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET /r/unknown1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert len(lane.clicks()) == 5


def test_everybody_behind_one_connection_has_a_number_of_their_own(lane):
    """A proxy's connection carries many people; nobody inherits a neighbour's number."""
    phone, desk = BROWSER, BROWSER.replace("iPhone", "Windows NT 10.0; Win64; x64")
    order = [phone, phone, desk, phone, desk, desk]
    with lane.connect() as connection:
        for headers in order:
            request = f"GET /r/{lane.link()} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n"
            connection.sendall(request.encode())
            assert connection.recv(4096).startswith(b"HTTP/1.1 302")
    for headers in (phone, desk):
        lane.ask(f"/r/{lane.link()}", headers=headers)
    *together, of_phone, of_desk = [row[6] for row in lane.rows()]
    assert of_phone != of_desk
    assert together == [of_phone if headers == phone else of_desk for headers in order]


def test_a_second_request_before_the_first_is_answered_is_asked_again(lane):
    request = f"GET /r/{lane.link()} HTTP/1.1\r\nHost: localhost\r\n{BROWSER}\r\n".encode()
    answer = lane.raw(request * 3)
    count = answer.count(b"HTTP/1.1 302")
    assert 1 <= count <= 3
    assert len(lane.clicks()) == count  # what was answered, no more


HEADS = {
    "a browser": BROWSER,
    "who asks not to be tracked": BROWSER + "DNT: 1\r\n",
    "another country, from a site": BROWSER.replace("de-AT", "fr-CH") + "Referer: https://a.example/x\r\n",
    "a program": "User-Agent: curl/8.0\r\n",
    "a browser that fetches ahead": BROWSER + "Sec-Purpose: prefetch\r\n",
    "no header": "",
    "a body": BROWSER + "Content-Length: 3\r\n\r\nabc",
    "an empty body": BROWSER + "Content-Length: 0\r\n",
    "chunks": BROWSER + "Transfer-Encoding: chunked\r\n\r\n0\r\n",
    "a body that is a request": BROWSER + "Content-Length: 26\r\n\r\nGET /r/aaaaaaaa HTTP/1.1\r\n",
    "two lengths": BROWSER + "Content-Length: 3\r\nContent-Length: 4\r\n",
    "length and chunks": BROWSER + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
    "a folded header": BROWSER + "X-A: b\r\n c\r\n",
    "a bare line feed": BROWSER + "X-A: b\nX-B: c\r\n",
    "a blank before the colon": BROWSER + "X-A : b\r\n",
    "an upgrade": BROWSER + "Connection: Upgrade\r\nUpgrade: h2c\r\n",
    "a cookie": BROWSER + "Cookie: session=secret\r\n",
    "a name in another case": BROWSER.upper(),
}  # fmt: skip


@pytest.mark.parametrize("head", HEADS)
def test_a_head_that_was_read_before_means_what_it_meant(lane, head):
    """The first is read by the parser, the others may be remembered: nobody can tell."""

    def once(version):
        before = len(lane.rows())
        asked = f"GET /r/{code} HTTP/{version}\r\nHost: localhost\r\n{HEADS[head]}\r\n".encode()
        lines = lane.raw(asked, end=True).split(b"\r\n")
        return [line for line in lines if line[:5] != b"date:"], lane.rows()[before:]

    code = lane.link()
    for version in ("1.1", "1.0", "3", "x"):
        first = once(version)
        assert [once(version), once(version)] == [first, first]
    assert not any(b"secret" in rest for rest in lane.known), "one person's is not remembered"


def test_a_remembered_head_leads_where_each_code_leads_now(lane):
    head = f"HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{BROWSER}\r\n"
    code = lane.link()
    drop(lane.root, "cook", spec(title="Cook", apply={"url": "https://other.example/cook"}))
    publish(lane.root)
    other = lane.link("cook")
    until(lambda: other.encode() in lane.face.go.links.targets, 5)
    for _ in range(2):
        assert b"jobs.example.com/pilot" in lane.raw(f"GET /r/{code} {head}".encode())
        assert b"other.example/cook" in lane.raw(f"GET /r/{other} {head}".encode())
    assert len(lane.known) == 1
    for path in ("unknown1", code[:-1], code + "+", code.upper() + "/", ""):
        assert b" 302 " not in lane.raw(f"GET /r/{path} {head}".encode())[:20], path
    drop(lane.root, "pilot", spec(status="filled"))
    publish(lane.root)
    until(lambda: b" 410 " in lane.raw(f"GET /r/{code} {head}".encode())[:20], 5)
    assert b"other.example/cook" in lane.raw(f"GET /r/{other} {head}".encode())


def test_a_body_that_comes_later_is_no_request(lane):
    """Were the head remembered without its body, the body would be taken for a request."""
    inner = f"GET /r/{lane.link()} HTTP/1.1\r\nHost: inner\r\nUser-Agent: curl/8\r\n\r\n".encode()
    head = f"Host: localhost\r\n{BROWSER}Content-Length: {len(inner)}\r\n\r\n"
    for _ in range(3):
        with lane.connect() as connection:
            connection.sendall(f"GET /r/{lane.link()} HTTP/1.1\r\n{head}".encode())
            assert connection.recv(4096).startswith(b"HTTP/1.1 302")
            connection.sendall(inner)
            connection.settimeout(0.2)
            with pytest.raises(TimeoutError):
                connection.recv(4096)
    assert {row[2] for row in lane.clicks()} <= {"", "double"}
    assert len(lane.clicks()) == 3
    assert not lane.known


def test_only_so_many_heads_are_remembered(lane, monkeypatch):
    monkeypatch.setattr(lane_module, "KNOWN", 10)
    for number in range(25):
        assert lane.ask(f"/r/{lane.link()}", headers=f"{BROWSER}X-A: {number}\r\n")[0] == 302
        assert len(lane.known) <= 10
    long = BROWSER + f"X-A: {'a' * lane_module.KNOWN_LONG}\r\n"
    assert lane.ask(f"/r/{lane.link()}", headers=long)[0] == 302
    assert all(len(rest) <= lane_module.KNOWN_LONG for rest in lane.known)
    assert len(lane.clicks()) == 26


def test_old_clients_and_bodies(lane):
    code = lane.link()
    assert lane.ask(f"/r/{code}", version="1.0")[0] == 302
    status, _ = lane.ask(f"/r/{code}", headers=BROWSER + "Content-Length: 3\r\n\r\nabc")
    assert status == 302
    assert lane.ask(f"/r/{code}", "POST", BROWSER + "Content-Length: 0\r\n")[0] == 405
    assert lane.ask(f"/r/{code}", "DELETE")[0] == 405
    assert len(lane.clicks()) == 2


def test_codes_of_every_byte(lane):
    for byte in range(256):
        raw = (
            b"GET /r/abc"
            + bytes([byte])
            + b"defg HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        answer = lane.raw(raw)
        status = int(answer.split(b" ", 2)[1]) if answer else 0
        assert status in (0, 400, 404, 429), (byte, status)
        assert lane.ask(f"/r/abc%{byte:02x}defg")[0] in (400, 404, 429), byte
        lane.face.go.limiter = Limiter()
    assert lane.clicks() == []


@pytest.mark.parametrize("path", ["{}.", "{})", "{},", "{}%3E"])
def test_what_a_sentence_adds_to_a_link_is_forgiven(lane, path):
    code = lane.link()
    status, answer = lane.ask("/r/" + path.format(code))
    assert status == 302
    assert f"ref={code}".encode() in answer.lower()
    assert lane.ask(f"/r/{code.upper()}")[0] == 302
    assert len(lane.clicks()) == 2


def test_a_plus_shows_where_it_leads(lane):
    status, answer = lane.ask(f"/r/{lane.link()}+")
    assert status == 200
    assert b"https://jobs.example.com/pilot" in answer
    assert lane.clicks() == []


def test_heads_that_are_too_long(lane):
    long = "X-Long: " + "a" * 40_000 + "\r\n"
    answer = lane.raw(f"GET /r/{lane.link()} HTTP/1.1\r\nHost: localhost\r\n{long}".encode())
    assert answer.startswith(b"HTTP/1.1 431")
    assert lane.clicks() == []


def test_a_request_that_comes_drop_by_drop_is_closed(tmp_path, monkeypatch):
    monkeypatch.setattr(fastlane, "IN_TIME", 0.3)
    monkeypatch.setattr(fastlane, "LOOK", 0.1)
    lane = Lane(make(tmp_path, BOARD, pilot=spec()))
    slow = [lane.connect() for _ in range(50)]
    for connection in slow:
        connection.sendall(b"GET /r/abcdefgh HTTP/1.1\r\nHost: ")
    deadline = time.monotonic() + 10
    for connection in slow:
        connection.settimeout(0.05)
        while True:
            assert time.monotonic() < deadline
            try:
                connection.sendall(b"x")
                if connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        connection.close()
    assert lane.ask(f"/r/{lane.link()}")[0] == 302
    lane.close()


def test_who_tries_codes_is_slowed_down_and_learns_nothing(lane):
    code = lane.link()
    answers = [lane.ask(f"/r/zzzzzz{n:02}".replace("0", "2").replace("1", "3")) for n in range(59)]
    bodies = {answer.partition(b"\r\n\r\n")[2] for _, answer in answers}
    assert {status for status, _ in answers} == {404}
    assert len(bodies) == 1  # the same page, whatever was missing
    assert lane.ask("/r/x")[1].partition(b"\r\n\r\n")[2] in bodies
    status, answer = lane.ask(f"/r/{code}")
    assert status == 429  # a code that is one of ours tells nothing either
    assert b"retry-after: " in answer
    assert lane.clicks() == []


def test_a_hundred_thousand_guesses_leave_nothing_behind():
    limiter = Limiter(networks=100)
    for number in range(100_000):
        limiter.missed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(limiter._left) <= 100
    assert limiter.wait("10.1.134.1") > 0
    assert limiter.wait("192.0.2.1") == 0
    assert b"10." not in repr(limiter._left).encode()
    assert limiter.wait("2001:db8::1") == 0
    assert limiter.wait("no address") == 0


def test_a_target_cannot_break_out_of_its_header(tmp_path):
    evil = "https://jobs.example.com/a%0d%0aSet-Cookie:x=1?q=%3Cscript%3E&ö=ü#frag\"'<b>"
    lane = Lane(make(tmp_path, BOARD, pilot=spec(apply=evil)))
    code = lane.link()
    status, answer = lane.ask(f"/r/{code}")
    head = answer.partition(b"\r\n\r\n")[0]
    assert status == 302
    names = [line.partition(b":")[0] for line in head.split(b"\r\n")[1:]]
    assert sorted(names) == [
        b"cache-control", b"connection", b"content-length", b"date", b"location",
        b"referrer-policy", b"server", b"x-robots-tag",
    ]  # fmt: skip
    assert b"set-cookie" not in head.lower().replace(b"%0d%0aset-cookie", b"")
    location = next(line for line in head.split(b"\r\n") if line.startswith(b"location"))
    assert b"<" not in location
    assert f"ref={code}#frag".encode() in location
    lane.close()


def test_a_changed_job_changes_its_links_within_a_moment(lane):
    code = lane.link()
    drop(lane.root, "pilot", spec(apply="https://other.example/apply"))
    publish(lane.root)
    deadline = time.monotonic() + 5
    while b"https://other.example/apply?ref=" not in lane.ask(f"/r/{code}")[1]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    drop(lane.root, "pilot", spec(status="filled"))
    publish(lane.root)
    while lane.ask(f"/r/{code}")[0] != 410:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_clock_that_goes_back_stops_nothing(lane, monkeypatch):
    code = lane.link()
    real = time.time
    assert lane.ask(f"/r/{code}")[0] == 302
    monkeypatch.setattr(time, "time", lambda: real() - 86_400 * 400)
    assert lane.ask(f"/r/{code}")[0] == 302
    monkeypatch.undo()
    assert lane.ask(f"/r/{code}")[0] == 302
    assert len(lane.clicks()) == 3


def test_do_not_track_counts_without_a_number(lane):
    code = lane.link()
    for header in ("DNT: 1\r\n", "Sec-GPC: 1\r\n", ""):
        lane.ask(f"/r/{code}", headers=BROWSER + header)
    assert lane.clicks() == [(code, "human", "")] * 3
    with lane.project.ledger.read() as conn:
        numbers = [r[0] for r in conn.exec_driver_sql("select visitor from clicks order by id")]
    assert numbers[:2] == [None, None]
    assert numbers[2] is not None


def test_proxies_that_are_trusted_are_believed_and_no_others(lane):
    go = lane.face.go
    headers = {b"x-forwarded-for": b"198.51.100.7, 203.0.113.9"}
    assert go.address("10.0.0.1", headers) == "10.0.0.1"
    go.proxies = ("10.0.0.0/8",)
    assert go.address("10.0.0.1", headers) == "203.0.113.9"
    assert go.address("192.0.2.1", headers) == "192.0.2.1"
    go.proxies = ("10.0.0.0/8", "203.0.113.0/24")
    assert go.address("10.0.0.1", headers) == "198.51.100.7"


def test_figures_are_for_our_own_network(lane):
    assert b"rolecast_clicks_kept_total" in lane.ask("/metrics")[1]
    assert lane.ask("/metrics", headers="X-Forwarded-For: 203.0.113.9\r\n")[0] == 404
