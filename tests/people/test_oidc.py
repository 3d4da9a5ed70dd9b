"""Signing in by an OpenID Connect provider: a real one, and one that does wrong on purpose."""

import base64
import hmac
import json
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urljoin, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from rolecast import oidc
from rolecast.people import Role
from rolecast.settings import Oidc
from tests.colleagues import HOUSE, make, person
from tests.house import open_project, publish, site, spec

OURS = "http://127.0.0.1:8080"
BACK = OURS + "/signin/oidc/back"
SECRET = "s3cret-that-only-we-and-the-provider-know"


def through(url: str, login: str = "kim", agree: bool = True) -> str:
    """What a person does at the provider's pages; the way back to us that they end with."""
    session = requests.Session()
    for _ in range(12):
        answer = session.get(url, allow_redirects=False)
        if answer.is_redirect:
            url = urljoin(url, answer.headers["location"])
            if url.startswith(BACK):
                return url.removeprefix(OURS)
            continue
        form = re.search(r'<form[^>]* action="([^"]+)"', answer.text)
        asks = "login" if 'name="login"' in answer.text else "consent"
        if asks == "consent" and not agree:
            url = urljoin(url, re.search(r'href="([^"]*abort)"', answer.text)[1])
            continue
        data = {"prompt": asks, "login": login, "password": "x"}
        answer = session.post(urljoin(url, form[1]), data, allow_redirects=False)
        url = urljoin(url, answer.headers["location"])
    raise AssertionError("the provider did not send us back")


class Office:
    """Our pages, beside a provider."""

    def __init__(self, root, provider: oidc.Provider, channels: str = HOUSE):
        self.project = open_project(make(root, channels, pilot=spec()))
        publish(root)
        self.provider = provider
        self._open = site(self.project, provider=provider)
        self.web = self._open.__enter__()

    def close(self):
        self._open.__exit__(None, None, None)
        self.project.ledger.close()

    def begin(self, to="/jobs/pilot") -> str:
        """Where the button leads."""
        answer = self.web.get("/signin/oidc", params={"to": to})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def table(self, name):
        with self.project.ledger.read() as conn:
            return list(conn.exec_driver_sql(f"select * from {name}").mappings())

    def is_out(self) -> bool:
        """Whether nobody has signed in."""
        return self.web.get("/").status_code == 303 and not self.table("sessions")


# The real one


@pytest.fixture
def office(oidc, tmp_path):
    made = []

    def opened(channels=HOUSE, **client):
        name, secret = oidc.new_client(BACK, **client)
        made.append(Office(tmp_path / str(len(made)), provider(oidc.url, name, secret), channels))
        return made[-1]

    yield opened
    for one in made:
        one.close()


def provider(issuer: str, name: str, secret: str = "") -> oidc.Provider:
    return oidc.Provider(Oidc(issuer=issuer, client_id=name, label="Ostrelund"), secret)


@pytest.mark.both_ledgers
def test_the_first_time_makes_a_person_and_the_second_does_not(office):
    office = office()
    assert 'href="/signin/oidc?to=/jobs/pilot"' in office.web.get("/signin?to=/jobs/pilot").text
    for _ in range(2):
        answer = office.web.get(through(office.begin()))
        assert (answer.status_code, answer.headers["location"]) == (303, "/jobs/pilot")
        assert office.web.get("/jobs/pilot").status_code == 200
    (kim,) = office.table("people")
    assert kim["email"] == "kim@ostrelund.example"
    assert kim["name"] == "Kim of the Provider"
    assert kim["subject"] == f"{office.provider.settings.issuer}|kim"
    assert len(office.table("sessions")) == 1  # the one before has ended
    assert office.table("signins") == []


@pytest.mark.parametrize(
    "client",
    [
        {"token_endpoint_auth_method": "none"},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"id_token_signed_response_alg": "ES256"},
    ],
    ids=lambda client: next(iter(client.values())),
)
def test_other_ways_that_providers_have(office, client):
    office = office(**client)
    if "client_secret_post" in client.values():  # as a provider says that takes nothing else
        office.provider._description()["token_endpoint_auth_methods_supported"] = [*client.values()]
    assert office.web.get(through(office.begin())).status_code == 303
    assert not office.is_out()


def test_a_key_of_ours_signs_nothing(office):
    """HS256: the provider's own feature, and no proof: whoever knows our secret could sign."""
    office = office(id_token_signed_response_alg="HS256")
    answer = office.web.get(through(office.begin()))
    assert answer.status_code == 410
    assert "cannot be used" in answer.text
    assert office.is_out()


@pytest.mark.parametrize(
    ("login", "words"),
    [
        ("stranger", "Write your address at ostrelund.example"),
        ("unverified", "not verified"),
        ("nobody", "does not tell your mail address"),
    ],
)
def test_who_is_not_ours_reads_why(office, login, words):
    office = office()
    answer = office.web.get(through(office.begin(), login))
    assert answer.status_code == 410
    assert words in answer.text
    assert office.is_out()
    assert office.table("people") == []


def test_who_does_not_agree_there_is_not_signed_in(office):
    office = office()
    answer = office.web.get(through(office.begin(), agree=False))
    assert answer.status_code == 410
    assert "did not let you in" in answer.text
    assert office.is_out()


def test_nobody_takes_an_account_by_its_address(office):
    office = office()
    office.web.get(through(office.begin()))
    office.web.cookies.clear()
    answer = office.web.get(through(office.begin(), "thief"))
    assert answer.status_code == 410
    assert "belongs to another account" in answer.text
    assert office.web.get("/").status_code == 303


def test_who_signed_in_by_mail_before_is_the_same_person(office):
    office = office()
    kim = person(office.project, "kim", Role.recruiter)
    assert office.web.get(through(office.begin())).status_code == 303
    (row,) = office.table("people")
    assert (row["id"], row["name"], row["role"]) == (kim.id, "Kim", "recruiter")
    assert office.web.get("/desk").status_code == 200


def test_a_role_that_settings_give_later_arrives(office):
    office = office()
    office.web.get(through(office.begin()))
    assert office.web.get("/desk").status_code == 403
    ours = office.project.settings.people
    object.__setattr__(ours, "recruiters", (*ours.recruiters, "kim@ostrelund.example"))
    office.web.cookies.clear()
    office.web.get(through(office.begin()))
    assert office.web.get("/desk").status_code == 200


def test_the_answer_belongs_to_the_browser_that_asked(office):
    office = office()
    way = through(office.begin())
    kept = dict(office.web.cookies)
    office.web.cookies.clear()
    answer = office.web.get(way)  # login CSRF: somebody is sent another one's answer
    assert answer.status_code == 410
    assert "in the browser that asked" in answer.text
    assert office.is_out()
    other = through(office.begin())  # another sign-in of another browser
    assert office.web.get(way).status_code == 410
    mixed = re.sub(r"state=[^&]*", "state=" + parse_qs(urlsplit(other).query)["state"][0], way)
    assert office.web.get(mixed).status_code == 410  # the code was not given for this sign-in
    for state in ("", "x", "%00", "é", "a" * 5000):
        assert office.web.get(f"/signin/oidc/back?code=x&state={state}").status_code == 410
    assert office.is_out()
    office.web.cookies.clear()
    office.web.cookies.update(kept)


def test_an_answer_that_another_provider_sends_back(office):
    office = office()
    way = through(office.begin())
    assert "&iss=" in way
    mixed = re.sub(r"iss=[^&]*", "iss=https%3A%2F%2Fevil.example", way)
    assert office.web.get(mixed).status_code == 410
    assert office.is_out()
    assert office.web.get(way).status_code == 303


def test_an_answer_is_good_once(office):
    office = office()
    way = through(office.begin())
    assert office.web.get(way).status_code == 303
    kept = dict(office.web.cookies)
    again = office.web.get(way)
    assert again.status_code == 410
    # Nor is its code, with a state that is new.
    url = office.begin()
    state = parse_qs(urlsplit(url).query)["state"][0]
    replayed = re.sub(r"state=[^&]*", f"state={state}", way)
    office.web.cookies.delete("rolecast")
    assert office.web.get(replayed).status_code == 410
    assert office.web.get("/").status_code == 303
    assert kept["rolecast"]


def test_a_mails_link_is_no_state_and_a_state_is_no_mails_link(office):
    office = office()
    url = office.begin()
    state = parse_qs(urlsplit(url).query)["state"][0]
    page = office.web.get("/signin").text
    form = {"token": re.search(r'name="token" value="([^"]+)"', page)[1]}
    answer = office.web.post(f"/signin/{state}", data=form)
    assert answer.status_code == 410
    assert office.is_out()


def test_what_is_sent_to_the_provider(office):
    office = office()
    asked = {k: v[0] for k, v in parse_qs(urlsplit(office.begin()).query).items()}
    assert asked["code_challenge_method"] == "S256"
    assert asked["response_type"] == "code"
    assert asked["scope"] == "openid email profile"
    assert asked["redirect_uri"] == BACK
    assert len(asked["state"]) == 43 and len(asked["nonce"]) >= 22
    again = {k: v[0] for k, v in parse_qs(urlsplit(office.begin()).query).items()}
    assert not {asked[k] for k in ("state", "nonce", "code_challenge")} & set(again.values())


def test_a_provider_that_is_not_there(oidc, proxy, tmp_path):
    """A sentence and no session, on the way there and on the way back; later it works again."""
    front = proxy(oidc)
    name, secret = oidc.new_client(BACK)
    made = Office(tmp_path, provider(oidc.url, name, secret))
    ours = made.provider
    ours.settings, there = Oidc(issuer=front.url, client_id=name), ours.settings
    with front.down():
        answer = made.web.get("/signin/oidc?to=/jobs/pilot")
    assert answer.status_code == 502
    assert "cannot be asked who you are" in answer.text
    assert "Connection" not in answer.text and front.url not in answer.text
    assert 'value="/jobs/pilot"' in answer.text
    ours.settings = there
    way = through(made.begin())
    ours._described |= {"token_endpoint": f"{front.url}/token"}
    with front.down():
        answer = made.web.get(way)
    assert answer.status_code == 410
    assert "cannot be used" in answer.text
    assert made.is_out()
    assert made.web.get(way).status_code == 303  # the same answer, once it can be looked at
    made.close()


# One that does wrong


class Wrong:
    """A provider written by hand, whose answers a test may spoil."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.kid = "1"
        self.claims: dict = {}  # in the place of what it would say; None: not said
        self.token = None  # in the place of the ID token; a function of the claims
        self.answers: dict[str, tuple[int, bytes]] = {}  # path → what is answered there instead
        self.codes: dict[str, str] = {}
        wrong = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                wrong._answer(self, "")

            def do_POST(self):
                length = int(self.headers.get("content-length") or 0)
                wrong._answer(self, self.rfile.read(length).decode())

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler, body):
        path = urlsplit(handler.path).path
        status, content = self.answers.get(path) or (200, self._content(path))
        if status == 0:  # gone in the middle of it
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")
            handler.close_connection = True
            return
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _content(self, path):
        if path.startswith("/.well-known"):
            return json.dumps({
                "issuer": self.url, "authorization_endpoint": self.url + "/auth",
                "token_endpoint": self.url + "/token", "jwks_uri": self.url + "/jwks",
                "userinfo_endpoint": self.url + "/me",
            }).encode()  # fmt: skip
        if path == "/jwks":
            public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
            return json.dumps({"keys": [public | {"kid": self.kid, "use": "sig"}]}).encode()
        if path == "/token":
            token = (self.token or self.signed)(self.said())
            return json.dumps(
                {"access_token": "a", "token_type": "Bearer", "id_token": token}
            ).encode()
        return b"{}"

    def said(self) -> dict:
        """The claims of the ID token."""
        now = int(time.time())
        usual = {
            "iss": self.url, "aud": "us", "sub": "kim", "iat": now, "exp": now + 600,
            "nonce": self.nonce, "email": "kim@ostrelund.example", "email_verified": True,
        }  # fmt: skip
        return {k: v for k, v in (usual | self.claims).items() if v is not None}

    def signed(self, claims, algorithm="RS256", **headers):
        return jwt.encode(claims, self.key, algorithm, {"kid": self.kid} | headers)

    def way_back(self, url: str) -> str:
        """What its pages would end with."""
        asked = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
        self.nonce = asked["nonce"]
        return f"/signin/oidc/back?code=c&state={asked['state']}"


@pytest.fixture(scope="module")
def written_by_hand(tmp_path_factory):
    made = Wrong()
    made.office = Office(tmp_path_factory.mktemp("wrong"), provider(made.url, "us", SECRET))
    yield made
    made.office.close()
    made.stop()


@pytest.fixture
def wrong(written_by_hand):
    """The provider, right again, and nobody whom we know."""
    made = written_by_hand
    made.claims, made.token, made.answers, made.kid = {}, None, {}, "1"
    made.office.web.cookies.clear()
    made.office.provider._described = {}
    with made.office.project.ledger.begin() as conn:
        for table in ("sessions", "people", "signins"):
            conn.exec_driver_sql(f"delete from {table}")
    return made


def come_back(wrong):
    return wrong.office.web.get(wrong.way_back(wrong.office.begin()))


def test_the_one_written_by_hand_can_do_it_right(wrong):
    assert come_back(wrong).status_code == 303
    assert not wrong.office.is_out()


def part(data) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def public_pem(wrong) -> bytes:
    return wrong.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def by_hand(wrong, header, claims, key=None) -> str:
    """A token as no library would make it."""
    text = f"{part(header)}.{part(claims)}"
    signature = hmac.digest(key, text.encode(), "sha256") if key else b""
    return f"{text}.{part(signature)}"


NOW = time.time()
CLAIMS = {
    "another nonce": {"nonce": "x" * 22},
    "no nonce": {"nonce": None},
    "a nonce that is a number": {"nonce": 7},
    "another audience": {"aud": "them"},
    "no audience": {"aud": None},
    "several audiences, made for another": {"aud": ["us", "them"], "azp": "them"},
    "several audiences, made for nobody": {"aud": ["us", "them"]},
    "made for another": {"azp": "them"},
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "too old": {"exp": NOW - 120, "iat": NOW - 700},
    "never ends": {"exp": None},
    "of tomorrow": {"iat": NOW + 86_400, "nbf": NOW + 86_400},
    "nobody": {"sub": None},
    "a person that is a list": {"sub": ["kim"]},
    "another domain": {"email": "kim@evil.example"},
    "not verified": {"email_verified": False},
    "not verified, as text": {"email_verified": "false"},
    "an address that is a list": {"email": ["kim@ostrelund.example"]},
    "a header in it": {"email": "kim@ostrelund.example\r\nBcc: x"},
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS)
def test_a_token_that_says_wrong_is_not_believed(wrong, claims):
    wrong.claims = claims
    answer = come_back(wrong)
    assert answer.status_code == 410
    assert 'role="alert"' in answer.text
    assert wrong.office.is_out()
    assert wrong.office.table("people") == []


TOKENS = {
    "no signature": lambda w, c: by_hand(w, {"alg": "none", "kid": "1"}, c),
    "no signature, in capital letters": lambda w, c: by_hand(w, {"alg": "nOnE", "kid": "1"}, c),
    "no algorithm": lambda w, c: by_hand(w, {"kid": "1"}, c),
    "our secret": lambda w, c: by_hand(w, {"alg": "HS256", "kid": "1"}, c, SECRET.encode()),
    "its public key as a secret": lambda w, c: by_hand(
        w, {"alg": "HS256", "kid": "1"}, c, public_pem(w)
    ),
    "a key of its own": lambda w, c: jwt.encode(
        c, rsa.generate_private_key(65537, 2048), "RS256", {"kid": "1"}
    ),
    "a key that the token brings": lambda w, c: _brings_its_key(c),
    "a key that nobody knows": lambda w, c: w.signed(c, kid="2"),
    "cut off": lambda w, c: w.signed(c)[:-20],
    "changed": lambda w, c: ".".join(
        [*(one := w.signed(c).split("."))[:1], part(c | {"email": "ada@ostrelund.example"}), one[2]]
    ),
    "nothing": lambda w, c: "",
    "a number": lambda w, c: 7,
    "a list": lambda w, c: ["x"],
    "garbage": lambda w, c: "x.y.z",
    "claims that are a list": lambda w, c: by_hand(w, {"alg": "RS256", "kid": "1"}, ["x"]),
}


def _brings_its_key(claims):
    own = rsa.generate_private_key(65537, 2048)
    public = jwt.algorithms.RSAAlgorithm.to_jwk(own.public_key(), as_dict=True)
    return jwt.encode(
        claims, own, "RS256", {"kid": "1", "jwk": public, "jku": "http://evil.example"}
    )


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
def test_a_token_that_is_not_the_providers_is_not_believed(wrong, token):
    wrong.token = lambda claims: token(wrong, claims)
    answer = come_back(wrong)
    assert answer.status_code == 410
    assert "cannot be used" in answer.text
    assert wrong.office.is_out()
    assert wrong.office.table("people") == []


ANSWERS = [
    (500, b""), (404, b"<html>"), (401, b"{}"), (200, b""), (200, b"null"), (200, b"[]"),
    (200, b"7"), (200, b'"x"'), (200, b"{"), (200, b"\xff\xfe"),
    (200, b'{"error": "invalid_grant"}'),
    (400, b'{"error": ["x"]}'), (200, b'{"keys": 7}'), (200, b'{"keys": [7]}'), (302, b""),
    (0, b""), (200, b'{"id_token": null, "access_token": null}'), (200, b"{" + b'"a":{' * 5000),
]  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: f"{a[0]}-{a[1][:12].decode('latin-1')}")
@pytest.mark.parametrize("path", ["/token", "/jwks", "/me"])
def test_whatever_a_provider_answers_is_a_sentence(wrong, path, answer):
    wrong.claims = {"email": None} if path == "/me" else {}
    url = wrong.office.begin()
    wrong.answers[path] = answer
    back = wrong.office.web.get(wrong.way_back(url))
    assert back.status_code == 410
    assert 'role="alert"' in back.text
    assert "Traceback" not in back.text and wrong.url not in back.text
    assert wrong.office.is_out()
    del wrong.answers[path]
    wrong.claims = {}
    assert come_back(wrong).status_code == 303  # and the next time it works


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda a: f"{a[0]}-{a[1][:12].decode('latin-1')}")
def test_a_provider_that_describes_itself_wrongly_is_not_asked(wrong, answer):
    wrong.answers["/.well-known/openid-configuration"] = answer
    said = wrong.office.web.get("/signin/oidc")
    assert said.status_code == 502
    assert "cannot be asked" in said.text
    assert wrong.office.table("signins") == []


def test_a_provider_that_calls_itself_by_another_name_is_not_asked(wrong):
    described = json.loads(wrong._content("/.well-known/x"))
    for spoilt in ({"issuer": "https://evil.example"}, {"issuer": 7}, {"jwks_uri": None}):
        body = json.dumps(described | spoilt).encode()
        wrong.answers["/.well-known/openid-configuration"] = (200, body)
        assert wrong.office.web.get("/signin/oidc").status_code == 502


def test_userinfo_about_somebody_else_is_not_believed(wrong):
    wrong.claims = {"email": None}
    body = {"sub": "ada", "email": "ada@ostrelund.example"}
    wrong.answers["/me"] = (200, json.dumps(body).encode())
    assert come_back(wrong).status_code == 410
    assert wrong.office.is_out()
    wrong.answers["/me"] = (200, json.dumps(body | {"sub": "kim"}).encode())
    assert come_back(wrong).status_code == 303
    assert wrong.office.table("people")[0]["email"] == "ada@ostrelund.example"


def test_a_person_keeps_what_is_theirs_when_their_address_changes(wrong):
    assert come_back(wrong).status_code == 303
    wrong.claims = {"email": "kim.moved@ostrelund.example"}
    wrong.office.web.cookies.clear()
    assert come_back(wrong).status_code == 303
    assert [one["email"] for one in wrong.office.table("people")] == ["kim@ostrelund.example"]


def test_a_new_key_is_found(wrong):
    """Providers change their keys."""
    assert come_back(wrong).status_code == 303
    wrong.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    wrong.kid = "2"
    wrong.office.provider._keys._last_successful_fetch = 0  # it is not asked again at once
    assert come_back(wrong).status_code == 303
