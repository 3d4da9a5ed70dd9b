"""Every page and form with every input: there is an answer, and it is never a 5xx.

The description that Schemathesis works from is made from the routes; the names of fields from the
pages' own source. So what is added to the app is tried by itself.
"""

import re
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from rolecast.go import Limiter
from rolecast.people import Role
from rolecast.web import live
from rolecast.web.rooms import rooms
from tests.colleagues import HOUSE, enter, make, token
from tests.house import open_project, publish, site, spec

pytestmark = pytest.mark.timeout(400)  # a browser on many pages

WEB = Path(__file__).parents[2] / "rolecast" / "web"
TEMPLATES = WEB.parents[1] / "templates" / "web"
IN_CODE = re.compile(r"""(?:query_params|form|fields|given|asked|values)(?:\.get\(|\[)"(\w+)\"""")
IN_PAGES = re.compile(r"""(?: name="|[?&;])([a-z_]{1,20})(?:"|=)""")
CALM = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
NOT = ("/signout", "/static")


def names() -> list[str]:
    """Names of what queries and forms hold, as the pages' code and templates have them."""
    found = {"page", "said"}
    for folder, pattern, files in ((WEB, IN_CODE, "*.py"), (TEMPLATES, IN_PAGES, "*.j2")):
        for path in folder.glob(files):
            found |= set(pattern.findall(path.read_text("utf-8")))
    return sorted(found - {"token", "viewport", "description", "color"})


class Office:
    """A house, and an admin in it who always comes back in."""

    def __init__(self, root):
        make(root, HOUSE, pilot=spec())
        publish(root)
        self.project = open_project(root)
        self._open = site(self.project)
        self.web: TestClient = self._open.__enter__()
        self.rooms = [r for r in rooms(self.web.app.routes) if r.path not in NOT]

    def close(self):
        self._open.__exit__(None, None, None)
        self.project.ledger.close()

    def enter(self, role=Role.admin):
        self.web.cookies.clear()
        if role is not Role.anyone:
            enter(self.web, self.project, {"admin": "ada", "recruiter": "rita"}.get(role, "kim"))

    def token(self) -> str:
        if "rolecast" in self.web.cookies:
            return token(self.web)
        return re.search(r'name="token" value="([^"]+)"', self.web.get("/signin").text)[1]


@pytest.fixture
def office(tmp_path, monkeypatch):
    monkeypatch.setattr(Limiter, "wait", lambda *_: 0)  # so that every form is read
    monkeypatch.setattr(live, "LIFE", 0.0)  # so that what is told to open pages ends
    made = Office(tmp_path)
    yield made
    made.close()


def described(office) -> dict:
    """An OpenAPI description of all pages and forms."""
    text = {"type": "string", "maxLength": 60}
    fields = {name: text for name in names()}
    paths: dict[str, dict] = {}
    for room in office.rooms:
        parameters = [
            {"name": name, "in": "path", "required": True, "schema": text | {"minLength": 1}}
            for name in re.findall(r"{(\w+)}", room.path)
        ]
        parameters += [{"name": name, "in": "query", "schema": text} for name in fields]
        operation = {"parameters": parameters, "responses": {"default": {"description": "any"}}}
        if room.method == "POST":
            body = {"type": "object", "properties": fields}
            kind = "application/x-www-form-urlencoded"
            operation["requestBody"] = {"content": {kind: {"schema": body}}}
        paths.setdefault(room.path, {})[room.method.lower()] = operation
    return {"openapi": "3.1.0", "info": {"title": "all", "version": "1"}, "paths": paths}


def test_there_are_names_to_ask_for():
    assert {"email", "to", "role", "page", "q", "by", "job", "what", "address"} <= set(names())


@pytest.mark.filterwarnings("ignore")
def test_no_text_brings_a_page_down(office):
    """Schemathesis, as an admin, who gets furthest."""
    import schemathesis

    schema = schemathesis.openapi.from_dict(described(office))
    for operation in (one.ok() for one in schema.get_all_operations()):
        office.enter()

        @settings(CALM, max_examples=8)
        @given(case=operation.as_strategy())
        def one(case):
            sent = case.as_transport_kwargs(base_url="http://testserver")
            more = {}
            if case.method.upper() == "POST":
                fields = case.body if isinstance(case.body, dict) else {}
                more["data"] = {k: holdable(v) for k, v in fields.items()}
                more["data"]["token"] = office.token()
            answer = office.web.request(case.method, sent["url"], params=sent.get("params"), **more)
            assert answer.status_code < 500, answer.text

        one()


def holdable(text) -> str:
    return str(text).encode("utf-8", "replace").decode()


ODD = [
    b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"%", b"../../etc/passwd", b"'\";--", b"{{7*7}}%s%n",
    b"\r\nX: y", b"-1", b"9" * 30, b"9" * 5000, b"1e400", b"NaN", b"\xc2\xb2", "\u202e".encode(),
    "ﷺ".encode() * 99, b"a" * 3000, b"[]", b"2026-02-30", b"\\",
]  # fmt: skip
anything = st.one_of(st.sampled_from(ODD), st.binary(max_size=40), st.text(max_size=40).map(
    lambda text: text.encode("utf-8", "replace")))  # fmt: skip


def test_no_bytes_bring_a_page_down(office):
    """Bytes that no text has: in addresses, queries and forms, by everybody."""
    known = names()
    body = st.dictionaries(st.sampled_from(known), anything, max_size=12)
    for room in office.rooms:
        office.enter(room.needs or Role.anyone)
        settings(CALM, max_examples=8)(given(anything, body, body)(sender(office, room)))()


def sender(office, room):
    def one(part, query, form):
        send(office, room, part, query, form)

    return one


@pytest.mark.both_ledgers  # PostgreSQL refuses what SQLite swallows
def test_the_odd_ones_everywhere(office):
    """Each of the list in all fields of each form and page."""
    office.enter()
    known = names()
    for room in office.rooms:
        for odd in ODD[:: 4 if office.project.ledger.is_sqlite else 1]:
            everything = dict.fromkeys(known, odd[:90])
            send(office, room, odd, everything | {"page": odd}, everything)
        send(office, room, b"pilot", {}, {})
    assert office.web.get("/").status_code == 200


def send(office, room, part: bytes, query: dict[str, bytes], form: dict[str, bytes]) -> None:
    """One request, byte by byte as given."""
    odd = quote_from_bytes(part[:400], safe="") or "-"
    path = re.sub(r"\{[^}]*\}", lambda _: odd, room.path)
    if query:
        path += "?" + encoded(query)
    more = {}
    if room.method == "POST":
        more["content"] = encoded(form | {"token": office.token().encode()})
        more["headers"] = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = office.web.request(room.method, path, **more)
    assert answer.status_code < 500, (room, path, form, answer.text)


def encoded(values: dict[str, bytes]) -> str:
    return "&".join(f"{name}={quote_from_bytes(value, safe='')}" for name, value in values.items())
