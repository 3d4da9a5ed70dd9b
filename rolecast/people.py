"""Colleagues, their roles, and how they prove who they are. Knows no web and no mail."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rolecast.settings import People
from rolecast.told import N_, Told


class Role(StrEnum):
    """What somebody may do; each role may do what those before it may."""

    anyone = "anyone"  # has not signed in
    employee = N_("employee")
    recruiter = N_("recruiter")
    admin = N_("admin")

    def may(self, needed: Role) -> bool:
        """Whether this role suffices where `needed` is asked for."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Person:
    """A colleague, as the ledger knows them."""

    id: str
    email: str
    name: str
    team: str | None
    role: Role
    subject: str | None
    language: str | None
    made: datetime
    looked: datetime | None
    before: datetime | None
    mails: int
    ranked: int
    tells: str = "mail"  # how news come: mail, slack, teams


class NotOurs(Told):
    """Not somebody who may sign in; the message says who may."""


VISIT = timedelta(minutes=30)  # of nothing end a visit
NOTED = timedelta(minutes=10)  # a visit that goes on is noted so often


def visit(person: Person, now: datetime) -> tuple[datetime | None, bool]:
    """When the visit before this one ended, and whether it has to be noted that they look now.

    What came to the board since then is new to them. None: this is their first visit, so nothing
    is new.
    """
    if person.looked is None:
        return None, True
    gone = now - person.looked
    return (person.looked if gone > VISIT else person.before), gone > NOTED


def new_id() -> str:
    """A number that names nobody to others: 64 bits from the system's CSPRNG."""
    return secrets.token_hex(8)


def new_secret() -> str:
    """What proves that somebody was handed it: 256 bits."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """What is kept of a secret. It is random, so one round of a hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def tidy_address(text: str) -> str:
    """A mail address as it is kept. Raises NotOurs for what is none (RFC 5321, 4.1.2: the plain
    form; quoted names and comments are refused)."""
    text = text.strip().lower()
    if len(text) > 254 or not re.fullmatch(
        r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+", text
    ):
        raise NotOurs(N_("Write a mail address, such as kim@example.com."))
    return text


def check_domain(settings: People, address: str) -> str:
    """The tidy address of somebody of the company. Raises NotOurs."""
    address = tidy_address(address)
    ours = [one.lower() for one in settings.domains]
    if address.partition("@")[2] not in ours:
        raise NotOurs(N_("Write your address at %(domains)s."), domains=" / ".join(ours))
    return address


def role_of(settings: People, address: str) -> Role:
    """The role that the settings give."""
    if address in (one.lower() for one in settings.admins):
        return Role.admin
    if address in (one.lower() for one in settings.recruiters):
        return Role.recruiter
    return Role.employee


def name_of(address: str) -> str:
    """A name to begin with: kim.harbour@… is Kim Harbour."""
    parts = re.split(r"[._+-]+", address.partition("@")[0])
    return " ".join(part.capitalize() for part in parts if part) or address


def goes_to(text: str) -> str:
    """The page of ours that was asked for before signing in; the first one when it is none of ours.

    Browsers take // and /\\ for the beginning of another host's address.
    """
    ours = re.fullmatch(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]*", text)
    return text if ours and len(text) <= 2000 else "/"
