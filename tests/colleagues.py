"""Colleagues for a test: a house that people sign in to, and browsers in which somebody has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.testclient import TestClient

from rolecast import signin
from rolecast.ledger import people
from rolecast.outbox import Sender
from rolecast.people import Person, Role, hashed, name_of
from rolecast.project import Project
from rolecast.publish import now_utc
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


def enter(web: TestClient, project: Project, who: str = "kim", role: Role | None = None) -> Person:
    """Sign somebody in in this browser."""
    found = person(project, who, role)
    with project.ledger.begin() as conn:
        secret = signin.start(conn, project.settings, found, "Firefox, computer", now_utc())
    web.cookies.set("rolecast", secret)
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


__all__ = ["HOUSE", "Mailbox", "browser", "enter", "make", "person", "token"]
