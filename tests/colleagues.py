"""Colleagues for a test: a house that people sign in to, and browsers in which somebody has.

`browser` is one in memory, for most tests. `served` is the real thing: an address that Chromium can
go to, with `Served.context` for a browser context in which somebody has signed in.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.testclient import TestClient

from rolecast import signin
from rolecast.ledger import people
from rolecast.outbox import Sender
from rolecast.people import Person, Role, hashed, name_of
from rolecast.project import Project
from rolecast.publish import now_utc
from rolecast.web import app
from rolecast.web.face import Face
from rolecast.web.fastlane import protocol
from tests.house import BOARD, make, site

PEOPLE = """
[people]
domains = ["ostrelund.example"]
recruiters = ["rita@ostrelund.example"]
admins = ["ada@ostrelund.example"]

[mail]
host = "127.0.0.1"
security = "none"
sender = "jobs@ostrelund.example"
"""
HOUSE = BOARD + PEOPLE


class Mailbox(Sender):
    """Keeps the mails that it is handed."""

    def __init__(self):
        self.mails = []

    def send(self, mail):
        self.mails.append(mail)

    def to(self, address: str) -> list[str]:
        """The texts of the mails to somebody."""
        return [m.get_content() for m in self.mails if m["To"] == address]


def person(project: Project, who: str, role: Role | None = None) -> Person:
    """The colleague who@ostrelund.example; the first time makes one."""
    address = f"{who}@ostrelund.example"
    with project.ledger.begin() as conn:
        found = signin.known(conn, project.settings, address, name_of(address), now_utc())
        if role:
            people.change(conn, found.id, role=role.value)
        return people.get(conn, found.id)


def session(project: Project, found: Person) -> str:
    """A new session of somebody's: what their browser keeps."""
    with project.ledger.begin() as conn:
        return signin.start(conn, project.settings, found, "Firefox, computer", now_utc())


def enter(web: TestClient, project: Project, who: str = "kim", role: Role | None = None) -> Person:
    """Sign somebody in in this browser."""
    found = person(project, who, role)
    web.cookies.set("rolecast", session(project, found))
    return found


def token(web: TestClient) -> str:
    """What the forms of this browser carry."""
    return hashed(f"form {web.cookies['rolecast']}")


@contextmanager
def browser(project: Project, who: str = "kim", **more) -> Iterator[TestClient]:
    """A browser in which a colleague has signed in."""
    with site(project, **more) as web:
        web.person = enter(web, project, who)
        yield web


@dataclass
class Served:
    """Pages at a real address."""

    project: Project
    app: Starlette
    address: str

    def context(self, chromium, who: str | None = None, role: Role | None = None, **options: Any):
        """A context of Chromium's in which who@ostrelund.example has signed in; None: nobody."""
        made = chromium.new_context(base_url=self.address, **options)
        if who:
            self.sign_in(made, who, role)
        return made

    def sign_in(self, context, who: str, role: Role | None = None) -> None:
        """Sign who@ostrelund.example in in a context of Chromium's."""
        secret = session(self.project, person(self.project, who, role))
        context.add_cookies([{"name": "rolecast", "value": secret, "url": self.address}])


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def move(root: Path, port: int) -> str:
    """Write into a folder's settings at which port of this machine it is served."""
    address, settings = f"http://127.0.0.1:{port}", root / "rolecast.toml"
    settings.write_text(settings.read_text("utf-8").replace("http://127.0.0.1:8080", address))
    return address


@contextmanager
def served(project: Project, port: int = 0, **more: Any) -> Iterator[Served]:
    """The pages of a project, as uvicorn serves them. more: for rolecast.web.app.create."""
    face = Face(project.ledger, project.settings, project.root / ".rolecast", gathers=False)
    made = app.create(project.ledger, project.settings, project.channels, face=face, **more)
    config = uvicorn.Config(made, port=port, log_level="error", http=protocol(face), ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < deadline
        assert thread.is_alive()
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield Served(project, made, f"http://127.0.0.1:{port}")
    finally:
        server.should_exit = True
        thread.join(15)


__all__ = [
    "HOUSE",
    "Mailbox",
    "Served",
    "browser",
    "enter",
    "free_port",
    "make",
    "move",
    "person",
    "served",
    "session",
    "token",
]
