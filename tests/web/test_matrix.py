"""Who gets what: every page and form there is, asked as everybody there can be.

Nothing is listed here: the routes say who may, docs/access.md says it to people, and both are held
against what is answered.
"""

import json
import re
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from rolecast.ledger.schema import metadata
from rolecast.people import Role
from rolecast.web import app, live
from rolecast.web.face import Face
from rolecast.web.rooms import OPEN, rooms
from tests.colleagues import HOUSE, enter, make, token
from tests.house import BOARD, open_project, publish, site, spec
from tests.web.visits import filled

WHO = {Role.anyone: None, Role.employee: "kim", Role.recruiter: "rita", Role.admin: "ada"}
DOCS = Path(__file__).parents[2] / "docs" / "access.md"


class Office:
    """A house, and a browser for everybody."""

    def __init__(self, root, channels=HOUSE):
        make(root, channels, pilot=spec())
        publish(root)
        self.project, self._open, self.web = open_project(root), ExitStack(), {}
        first = self._open.enter_context(site(self.project))
        self.rooms = rooms(first.app.routes)
        for role, who in WHO.items():
            # They share one app, and so its face; each has cookies of its own.
            self.web[role] = web = TestClient(first.app, follow_redirects=False)
            if who and channels is HOUSE:
                enter(web, self.project, who)

    def close(self):
        self._open.close()
        self.project.ledger.close()

    def digest(self) -> dict[str, list]:
        """Everything in the ledger, but when somebody was last seen."""
        found = {}
        with self.project.ledger.read() as conn:
            for table in metadata.sorted_tables:
                kept = [c for c in table.columns if (table.name, c.name) != ("sessions", "seen")]
                rows = conn.execute(table.select().with_only_columns(*kept))
                found[table.name] = sorted(map(repr, rows))
        return found

    def ask(self, role, room, **more):
        web, path = self.web[role], filled(room.path)
        if room.method != "POST":
            return web.request(room.method, path, **more)
        form = more.pop("form", None)
        own = token(web) if "rolecast" in web.cookies else nobodys_token(web)
        return web.post(path, data={"token": own} if form is None else form, **more)


def nobodys_token(web) -> str:
    found = re.search(r'name="token" value="([^"]+)"', web.get("/signin").text)
    return found[1] if found else ""


def outcome(answer) -> str:
    """taken: the page itself had its say."""
    if answer.status_code == 303 and answer.headers["location"].startswith("/signin?to="):
        return "sent to sign in"
    if answer.status_code == 401 and "Please sign in" in answer.text:
        return "has to sign in"
    if answer.status_code == 403 and "Please send the form again" in answer.text:
        return "not our form"
    if answer.status_code == 403 and "This page is not for you" in answer.text:
        return "refused"
    if answer.status_code == 403 and "For this machine only" in answer.text:
        return "for this machine"
    return "taken"


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    made = Office(tmp_path_factory.mktemp("matrix"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "LIFE", 0.0)  # so that what is told to open pages ends
        yield made
    made.close()


def expected(room, role) -> str:
    if room.needs is None or role.may(room.needs):
        return "taken"
    if role is not Role.anyone:
        return "refused"
    return "has to sign in" if room.method == "POST" else "sent to sign in"


@pytest.mark.parametrize("role", Role)
def test_everybody_gets_what_is_theirs_and_nothing_else(office, role):
    wrong, asked = [], 0
    for room in office.rooms:
        if room.path == "/signout" and role.may(Role.employee):
            continue  # see test_signin
        for method in ("GET", "HEAD") if room.method == "GET" else ("POST",):
            if method == "HEAD" and role.may(room.needs or Role.anyone):
                continue  # has no text to know it by
            answer = office.ask(role, room)
            asked += 1
            found = outcome(answer)
            if found != expected(room, role) or answer.status_code >= 500:
                wrong.append((method, room.path, found, answer.status_code))
    assert wrong == []
    assert asked >= len(office.rooms) - 1


def test_the_documents_say_the_same(office):
    rows = re.findall(r"^\| `(\S+)` \| (\w+) \| (\w+)", DOCS.read_text("utf-8"), re.M)
    said = {(path, method): None if who == "open" else who for path, method, who in rows}
    assert said == {(room.path, room.method): room.needs for room in office.rooms}


def test_what_is_open_is_open_on_purpose(office):
    """No page is forgotten: each has a role, or stands in a short list with its reason."""
    assert {room.path for room in office.rooms if room.needs is None} <= set(OPEN)
    assert len(OPEN) < 15


# Mail programs send this one (RFC 8058); the secret in its address is what it needs.
WITHOUT_TOKEN = ("/me/off/{code}",)
JSON, TEXT = {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}
# What else is sent than a good form. good, other: tokens, ours and of somebody else's session.
ATTACKS = {
    "no token": lambda good, other: {"data": {}},
    "an empty token": lambda good, other: {"data": {"token": ""}},
    "another one's token": lambda good, other: {"data": {"token": other}},
    "two tokens": lambda good, other: {"data": {"token": [good, other]}},
    "as JSON": lambda good, other: {"content": json.dumps({"token": good}), "headers": JSON},
    "as text": lambda good, other: {"content": f"token={good}&x=", "headers": TEXT},
    "in the address": lambda good, other: {"params": {"token": good}},
    "foreign origin": lambda good, other: {"headers": {"Origin": "https://evil.example"}},
    "no origin": lambda good, other: {"headers": {"Origin": "null"}},
    "cross-site": lambda good, other: {"headers": {"Sec-Fetch-Site": "cross-site"}},
    "same-site": lambda good, other: {"headers": {"Sec-Fetch-Site": "same-site"}},
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_nobody_elses_page_can_send_a_form(office, attack):
    posts = [room for room in office.rooms if room.method == "POST" and room.needs]
    assert posts
    for room in posts:
        web = office.web[room.needs]
        good = token(web) if "rolecast" in web.cookies else nobodys_token(web)
        somebody = Role.recruiter if room.needs is Role.admin else Role.admin
        sent = attack(good, token(office.web[somebody]))
        if not {"data", "content", "params"} & set(sent):
            sent["data"] = {"token": good, "what": "there", "role": "admin"}
        before = office.digest()
        answer = web.post(filled(room.path), **sent)
        if room.path in WITHOUT_TOKEN:
            assert answer.status_code == 404, room
        else:
            assert (answer.status_code, outcome(answer)) == (403, "not our form"), room
        assert "set-cookie" not in answer.headers, room
        assert office.digest() == before, room


def test_a_form_of_our_own_is_taken(office):
    """So the refusals above are for their reasons."""
    for room in office.rooms:
        if room.method == "POST" and room.needs and room.path != "/signout":
            assert outcome(office.ask(room.needs, room)) == "taken", room


def test_looking_changes_nothing(office):
    """GET and HEAD are safe, for everybody and everywhere."""
    before = office.digest()
    for role in Role:
        for room in office.rooms:
            if room.method == "GET" and room.path not in LOOKS_THAT_ARE_KEPT:
                for method in ("GET", "HEAD"):
                    office.web[role].request(method, filled(room.path))
    after = office.digest()
    for name in before:
        assert after[name] == before[name], name


# A list that was opened is not new any more, and that is for its reader only.
LOOKS_THAT_ARE_KEPT = ("/r/{code}", "/")


def test_other_methods_are_no_way_in(office):
    for role in (Role.anyone, Role.admin):
        for room in office.rooms:
            for method in ("PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW"):
                answer = office.web[role].request(method, filled(room.path))
                assert answer.status_code in (404, 405), (method, room)


# Where nobody signs in


@contextmanager
def alone(root, peer):
    make(root, BOARD, pilot=spec())
    publish(root)
    project = open_project(root)
    face = Face(project.ledger, project.settings, project.root / ".rolecast", gathers=False)
    made = app.create(project.ledger, project.settings, project.channels, face=face)
    with TestClient(made, client=(peer, 1), follow_redirects=False) as web:
        yield web
    project.ledger.close()


@pytest.mark.parametrize(("peer", "ours"), [("127.0.0.1", True), ("192.0.2.7", False)])
def test_where_nobody_signs_in_this_machine_alone_may_do_it_all(tmp_path, peer, ours):
    with alone(tmp_path, peer) as web:
        page = web.get("/desk/report").text
        found = re.search(r'name="token" value="([^"]+)"', page)
        assert bool(found) is ours
        for room in rooms(web.app.routes):
            form = {"token": found[1]} if found else {}
            path = filled(room.path)
            answer = web.get(path) if room.method == "GET" else web.post(path, data=form)
            guarded = room.needs not in (None, Role.anyone)
            wanted = "for this machine" if guarded and not ours else "taken"
            assert answer.status_code < 500, room
            if room.needs is Role.anyone and not ours and room.method == "POST":
                continue  # without a page of ours there is no token
            assert outcome(answer) == wanted or room.path == "/signin", room
