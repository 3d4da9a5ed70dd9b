"""The pages on which one signs in: what goes to whom, what browsers keep, and attacks on both."""

import re
import socket
import time
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from rolecast import signin
from rolecast.people import Role, hashed
from rolecast.web import app
from rolecast.web.face import Face
from tests.colleagues import HOUSE, Mailbox, browser, enter, make, person, served, token
from tests.house import BOARD, open_project, publish, site, spec

KIM = "kim@ostrelund.example"


def opened(root, channels=HOUSE, url="http://127.0.0.1:8080"):
    make(root, channels, pilot=spec())
    settings = root / "rolecast.toml"
    settings.write_text(settings.read_text("utf-8").replace("http://127.0.0.1:8080", url), "utf-8")
    publish(root)
    return open_project(root)


@pytest.fixture
def house(tmp_path):
    project = opened(tmp_path)
    project.box = Mailbox()
    with site(project, sender=project.box) as web:
        project.web = web
        yield project
    project.ledger.close()


@contextmanager
def client(project, base="http://testserver", peer=("testclient", 1), **more):
    """Somebody else's browser, wherever it is."""
    face = Face(project.ledger, project.settings, project.root / ".rolecast", gathers=False)
    made = app.create(project.ledger, project.settings, project.channels, face=face, **more)
    with TestClient(made, base_url=base, client=peer, follow_redirects=False) as web:
        yield web


def form_token(web, path="/signin") -> str:
    return re.search(r'name="token" value="([^"]+)"', web.get(path).text)[1]


def ask(web, address=KIM, to="/", **more):
    form = {"email": address, "to": to, "token": form_token(web)}
    return web.post("/signin", data=form, **more)


def mailed(box, address=KIM, count=1) -> str:
    """The way of the newest link, once so many mails have come."""
    deadline = time.monotonic() + 10
    while len(box.to(address)) < count:
        assert time.monotonic() < deadline, "no mail"
        time.sleep(0.01)
    return re.search(r"(/signin/[\w-]+)", box.to(address)[-1])[1]


def enter_by(web, way):
    return web.post(way, data={"token": form_token(web, way)})


def test_from_the_page_that_was_asked_for_and_back_to_it(house):
    web = house.web
    answer = web.get("/jobs/pilot?from=mail")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/signin?to=%2Fjobs%2Fpilot%3Ffrom%3Dmail"
    assert 'value="/jobs/pilot?from=mail"' in web.get(answer.headers["location"]).text
    sent = ask(web, to="/jobs/pilot?from=mail")
    assert sent.status_code == 200
    assert KIM in sent.text
    way = mailed(house.box)
    page = web.get(way)
    assert f"Sign in as {KIM}" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"
    done = enter_by(web, way)
    assert (done.status_code, done.headers["location"]) == (303, "/jobs/pilot?from=mail")
    assert web.get("/jobs/pilot").status_code == 200
    assert web.get("/signin").headers["location"] == "/"  # already there


def test_a_scanner_that_follows_links_changes_nothing(house):
    """Mail gateways open links, often several times, with HEAD and GET, from elsewhere and here."""
    ask(house.web)
    way = mailed(house.box)
    with client(house) as scanner:
        for method in ("HEAD", "GET", "OPTIONS", "GET"):
            answer = scanner.request(method, way)
            assert answer.status_code in (405, 410)
            assert "set-cookie" not in answer.headers
        assert scanner.post(way, data={"token": form_token(scanner)}).status_code == 410
    for method in ("HEAD", "GET"):
        assert "set-cookie" not in house.web.request(method, way).headers
    assert house.web.get("/").status_code == 303  # not signed in by looking
    assert enter_by(house.web, way).status_code == 303
    assert house.web.get("/").status_code == 200


def test_a_link_works_once_and_says_so(house):
    ask(house.web)
    way = mailed(house.box)
    with client(house) as other:
        answer = other.get(way)
        assert answer.status_code == 410
        assert "works in the browser that asked for it only" in answer.text
    enter_by(house.web, way)
    for answer in (house.web.get(way), house.web.post(way, data={"token": token(house.web)})):
        assert answer.status_code == 410
        assert "has been used" in answer.text
        assert "Ask for a new one" in answer.text


def test_a_session_that_was_there_before_is_not_used_afterwards(house):
    planted = "A" * 43
    house.web.cookies.set("rolecast", planted)
    ask(house.web)
    enter_by(house.web, mailed(house.box))
    kept = [one.value for one in house.web.cookies.jar if one.name == "rolecast"]
    assert planted not in kept or len(kept) > 1
    with client(house) as thief:
        thief.cookies.set("rolecast", planted)
        assert thief.get("/").status_code == 303


def test_who_signs_in_anew_leaves_the_session_before(house):
    enter(house.web, house, "rita")
    old = house.web.cookies["rolecast"]
    house.web.cookies.delete("rolecast")
    ask(house.web)
    way = mailed(house.box)
    house.web.cookies.set("rolecast", old)
    answer = enter_by(house.web, way)
    assert answer.status_code == 303
    with client(house) as thief:
        thief.cookies.set("rolecast", old)
        assert thief.get("/").status_code == 303


def test_signing_out_ends_the_session_at_the_server(house):
    enter(house.web, house)
    secret = house.web.cookies["rolecast"]
    assert house.web.get("/signout").status_code == 405  # no picture's address signs anybody out
    answer = house.web.post("/signout", data={"token": token(house.web)})
    assert answer.headers["location"] == "/signin?said=signed_out"
    assert re.search(r'rolecast=""?;.*(Max-Age=0|1970)', answer.headers["set-cookie"])
    assert "You have signed out." in house.web.get("/signin?said=signed_out").text
    with client(house) as thief:
        thief.cookies.set("rolecast", secret)
        assert thief.get("/").status_code == 303
        assert thief.post("/signout", data={"token": token(thief)}).status_code == 401


@pytest.mark.parametrize(
    "evil",
    [
        "//evil.example", "/\\evil.example", "https:evil.example", "https://evil.example",
        "/ok%0d%0aSet-Cookie:%20a=b\r\nX: y", "/\t/evil.example", "javascript:alert(1)", "\\/evil",
        "/%09/evil.example", "/%0d%0aLocation:%20//evil.example", "/%5cevil.example", "",
    ],
)  # fmt: skip
def test_one_lands_on_our_own_pages_only(house, evil):
    with client(house, sender=house.box) as web:
        before = len(house.box.to(KIM))
        ask(web, to=evil)
        answer = enter_by(web, mailed(house.box, count=before + 1))
        to = answer.headers["location"]
        assert to.startswith("/") and not re.match(r"/[/\\\t\r\n]", to)
        assert to == (evil if evil.startswith("/%") else "/")
        assert re.findall(r"(?:^|, )([\w-]+)=", answer.headers["set-cookie"]).count("a") == 0
        # Who is signed in already is sent on at once.
        assert web.get("/signin", params={"to": evil}).headers["location"] == to


@pytest.mark.parametrize(
    "address",
    [
        "kim@elsewhere.example",
        "kim",
        "",
        "kim@ostrelund.example\r\nBcc: x@evil.example",
        "\0",
        "<b>",
    ],
)
def test_who_is_not_ours_reads_why_and_finds_what_they_typed(house, address):
    answer = ask(house.web, address, to="/jobs/pilot")
    assert answer.status_code == 422
    assert re.search(r'role="alert">Write (your|a mail) address', answer.text)
    assert 'value="/jobs/pilot"' in answer.text
    assert "<b>" not in answer.text
    assert house.box.mails == []


def test_the_answer_is_the_same_for_known_and_unknown_people(house):
    person(house, "kim")
    answers = {}
    for who in ("kim", "nobody"):
        with client(house) as web:
            answer = ask(web, f"{who}@ostrelund.example")
            headers = {k: v for k, v in answer.headers.items() if k not in ("set-cookie", "etag")}
            headers.pop("content-length")
            cookie = re.sub(r"=[\w-]{43};", "=…;", answer.headers["set-cookie"])
            text = answer.text.replace(who, "WHO")
            answers[who] = (answer.status_code, text, headers, cookie)
    assert answers["kim"] == answers["nobody"]


def test_too_many_mails_for_an_address_are_not_told(house):
    """It may be somebody else who asks; the person is spared all the same."""
    texts = set()
    for _ in range(signin.MOST + 2):
        answer = ask(house.web)
        assert answer.status_code == 200
        texts.add(answer.text)
    assert len(texts) == 1
    ask(house.web, "rita@ostrelund.example")
    mailed(house.box, "rita@ostrelund.example")
    assert len(house.box.to(KIM)) == signin.MOST


def test_too_many_mails_for_a_network_are_told(house):
    form = {"token": form_token(house.web)}
    for number in range(20):
        data = form | {"email": f"a{number}@ostrelund.example"}
        assert house.web.post("/signin", data=data).status_code == 200
    answer = house.web.post("/signin", data=form | {"email": KIM})
    assert answer.status_code == 429
    assert "Too many mails were asked for from your network" in answer.text
    assert f'value="{KIM}"' in answer.text


PROXY = HOUSE + '[go]\nproxies = ["10.0.0.0/8"]\n'


def test_networks_behind_our_proxy_are_told_apart(tmp_path):
    project = opened(tmp_path, PROXY)
    with client(project, peer=("10.0.0.7", 1)) as web:
        data = {"token": form_token(web), "email": KIM}
        crowd = {"X-Forwarded-For": "198.51.100.7"}
        for _ in range(20):
            assert web.post("/signin", data=data, headers=crowd).status_code == 200
        assert web.post("/signin", data=data, headers=crowd).status_code == 429
        lied = {"X-Forwarded-For": "203.0.113.5, 198.51.100.9"}  # the proxy adds the last one
        assert web.post("/signin", data=data, headers=lied).status_code == 429
        others = {"X-Forwarded-For": "203.0.113.5"}
        assert web.post("/signin", data=data, headers=others).status_code == 200
    with client(project, peer=("192.0.2.1", 1)) as web:  # no proxy of ours: nobody believes it
        data["token"] = form_token(web)
        for number in range(20):
            said = {"X-Forwarded-For": f"203.0.{number}.5"}
            assert web.post("/signin", data=data, headers=said).status_code == 200
        said = {"X-Forwarded-For": "203.0.99.5"}
        assert web.post("/signin", data=data, headers=said).status_code == 429
    project.ledger.close()


# Cookies


@pytest.mark.parametrize("safe", [True, False])
def test_what_browsers_keep_is_kept_from_others(tmp_path, safe):
    scheme = "https" if safe else "http"
    base = f"{scheme}://jobs.ostrelund.example"
    project, box = opened(tmp_path, url=base), Mailbox()
    with client(project, base, sender=box) as web:
        cookies = [ask(web).headers["set-cookie"]]
        cookies.append(enter_by(web, mailed(box)).headers["set-cookie"])
        assert web.get("/").status_code == 200
        # What was set without https, or by a neighbour, is not ours.
        if safe:
            secret = web.cookies["__Host-rolecast"]
            web.cookies.clear()
            web.cookies.set("rolecast", secret)
            assert web.get("/").status_code == 303
    given = [one for cookie in cookies for one in re.split(r", (?=[\w-]+=)", cookie)]
    assert len(given) == 3  # asked; session; asked no more
    for cookie in given:
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert "Path=/" in cookie
        assert "domain" not in cookie.lower()
        assert cookie.startswith("__Host-") is safe
        assert ("Secure" in cookie) is safe
    project.ledger.close()


def test_a_form_is_bound_to_its_session(house):
    """The token of somebody else, or of nobody, is not taken."""
    enter(house.web, house, "kim")
    with client(house) as other:
        enter(other, house, "eve")
        for foreign in (token(other), "", hashed("form "), "é", "\ud800"[:0]):
            answer = house.web.post("/signout", data={"token": foreign})
            assert answer.status_code == 403
            assert "Nothing was changed" in answer.text
    assert house.web.get("/").status_code == 200


ORIGINS = [
    ({}, True),
    ({"Origin": "http://testserver"}, True),
    ({"Origin": "http://127.0.0.1:8080"}, True),  # company.url, through a proxy
    ({"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}, True),
    ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, True),  # Referrer-Policy: no-referrer
    ({"Origin": "null", "Sec-Fetch-Site": "none"}, False),
    ({"Origin": "http://evil.example"}, False),
    ({"Origin": "null"}, False),
    ({"Origin": ""}, False),
    ({"Origin": "http://[::"}, False),
    ({"Origin": "http://testserver.evil.example"}, False),
    ({"Origin": "http://evil.example/http://testserver"}, False),
    ({"Origin": "http://testserver@evil.example"}, False),
    ({"Sec-Fetch-Site": "cross-site"}, False),
    ({"Sec-Fetch-Site": "same-site"}, False),
    ({"Sec-Fetch-Site": "bogus"}, False),
]


def test_forms_come_from_our_own_pages(house):
    for headers, taken in ORIGINS:
        enter(house.web, house)
        answer = house.web.post("/signout", data={"token": token(house.web)}, headers=headers)
        assert answer.status_code == (303 if taken else 403), headers


def test_forms_of_any_size_and_shape_are_answered(house):
    web = house.web
    enter(web, house)
    kinds = {
        "big": ("application/x-www-form-urlencoded", b"token=" + b"x" * 200_000),
        "huge": ("application/x-www-form-urlencoded", b"token=" + b"x" * 2_000_000),
        "many": ("application/x-www-form-urlencoded", b"a=b&" * 5000),
        "none": ("text/plain", b"token=x"),
        "broken": ("multipart/form-data; boundary=x", b"--x\r\nno"),
        "no boundary": ("multipart/form-data", b"--x\r\n"),
        "file": (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\nc\r\n--x--\r\n',
        ),
        "codec": (
            "multipart/form-data; boundary=x; charset=unicode_escape",
            b'--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n\\ud800\r\n--x--\r\n',
        ),
        "bytes": ("application/x-www-form-urlencoded", b"token=%ff%00%ed%a0%80&\xff=\xff"),
    }
    for name, (kind, body) in kinds.items():
        answer = web.post("/signout", content=body, headers={"Content-Type": kind})
        assert answer.status_code in (400, 403, 413), name
    assert web.get("/").status_code == 200


# Behind a proxy that knows who it is

HEADER = PROXY.replace("domains", 'header = "X-Forwarded-Email"\ndomains')


def test_our_proxy_names_who_it_is(tmp_path):
    project = opened(tmp_path, HEADER)
    named = {"X-Forwarded-Email": "Rita@ostrelund.example", "X-Forwarded-For": "203.0.113.5"}
    with client(project, peer=("10.0.0.7", 1)) as web:
        assert web.get("/", headers=named).status_code == 200
        assert web.get("/desk", headers=named).status_code == 200  # a recruiter, as settings say
        assert web.get("/desk/people", headers=named).status_code == 403
        kim = {"X-Forwarded-Email": KIM}
        assert web.get("/desk", headers=kim).status_code == 403
        for foreign in ("kim@elsewhere.example", "kim", "", "x" * 999, b"\xe9@ostrelund.example"):
            assert web.get("/", headers={"X-Forwarded-Email": foreign}).status_code == 303
        twice = [("X-Forwarded-Email", KIM), ("X-Forwarded-Email", "ada@ostrelund.example")]
        assert web.get("/", headers=twice).status_code == 303
        assert web.get("/").status_code == 303
    with client(project, peer=("203.0.113.5", 1)) as web:  # whoever is not our proxy may say much
        for headers in (named, named | {"X-Forwarded-For": "10.0.0.7"}):
            assert web.get("/", headers=headers).status_code == 303
    project.ledger.close()


def test_behind_a_proxy_a_form_belongs_to_one_person(tmp_path):
    project = opened(tmp_path, HEADER)
    with client(project, peer=("10.0.0.7", 1)) as web:
        rita, ada = ({"X-Forwarded-Email": f"{who}@ostrelund.example"} for who in ("rita", "ada"))

        def token_of(headers):
            found = web.get("/desk/report", headers=headers).text
            return re.search(r'name="token" value="([^"]+)"', found)[1]

        kim = person(project, "kim")
        change, path = {"role": "recruiter"}, f"/desk/people/{kim.id}"
        theirs, own = token_of(rita), token_of(ada)
        assert theirs != own
        data = change | {"token": theirs}
        assert web.post(path, data=data, headers=ada).status_code == 403
        data = change | {"token": own}
        assert web.post(path, data=data, headers=ada).status_code == 303
    assert person(project, "kim").role is Role.recruiter
    project.ledger.close()


# Nobody signs in


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    project = opened(tmp_path_factory.mktemp("alone"), BOARD)
    yield project
    project.ledger.close()


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_may_do_everything(alone, peer):
    with client(alone, "http://127.0.0.1:8080", peer=(peer, 1)) as web:
        assert web.get("/desk").status_code == 200
        assert web.get("/desk/people").status_code == 200


@pytest.mark.parametrize(
    ("peer", "headers"),
    [
        ("192.0.2.1", {}),
        ("10.0.0.7", {}),
        ("::ffff:192.0.2.1", {}),
        ("", {}),
        ("unix", {}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"X-Forwarded-Host": "jobs.example"}),
        ("127.0.0.1", {"X-Forwarded-Proto": "https"}),
        ("127.0.0.1", {"X-Real-IP": "203.0.113.5"}),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}),
        ("127.0.0.1", {"Via": "1.1 proxy"}),
        ("127.0.0.1", {"CF-Connecting-IP": "203.0.113.5"}),
        ("127.0.0.1", {"Host": "jobs.ostrelund.example"}),
    ],
)
def test_nobody_else_is_served(alone, peer, headers):
    """Whoever comes through a proxy on this machine is somebody else."""
    with client(alone, peer=(peer, 1), hosts=("jobs.ostrelund.example",)) as web:
        for path in ("/", "/jobs/pilot", "/desk", "/desk/people"):
            answer = web.get(path, headers=headers)
            assert answer.status_code == 403
            assert "For this machine only" in answer.text
        assert web.post("/desk/decide", data={}, headers=headers).status_code == 403
        assert web.get("/public/jobs/pilot", headers=headers).status_code == 200


def test_a_proxy_that_says_nothing_is_known_by_its_http(alone):
    """nginx, told nothing, speaks HTTP/1.0 and calls us 127.0.0.1."""
    with served(alone) as made:
        host, port = made.address.removeprefix("http://").split(":")
        for version, status in (("1.1", b"200"), ("1.0", b"403")):
            ask = f"GET /desk HTTP/{version}\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            with socket.create_connection((host, int(port)), 10) as line:
                line.sendall(ask.encode())
                assert line.recv(12).split()[1] == status


def test_nobody_signs_in_there(alone):
    with client(alone) as web:
        assert web.get("/signin").headers["location"] == "/"
        answer = web.post("/signin", data={"email": KIM, "token": form_token(web, "/desk/report")})
        assert answer.status_code == 403
        assert web.get("/signin/oidc").status_code == 404


def test_a_browser_says_which_one_it_is(house):
    agents = {
        "Mozilla/5.0 (X11; Linux; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox, computer",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) AppleWebKit/605 Version/18 Mobile/1 Safari/604":
            "Safari, phone",
        "curl/8": "Browser, computer",
        "<script>alert(1)</script>": "Browser, computer",
    }  # fmt: skip
    for number, (agent, device) in enumerate(agents.items()):
        with client(house, sender=house.box) as web:
            web.headers["user-agent"] = agent
            ask(web, f"u{number}@ostrelund.example")
            enter_by(web, mailed(house.box, f"u{number}@ostrelund.example"))
        with house.ledger.read() as conn:
            rows = conn.exec_driver_sql("select device from sessions").scalars().all()
        assert rows[-1] == device or device in rows


def test_two_browsers_of_one_person_are_two_sessions(house):
    with browser(house) as first, browser(house) as second:
        first.post("/signout", data={"token": token(first)})
        assert first.get("/").status_code == 303
        assert second.get("/").status_code == 200
