"""A network in memory, for faults and for the model test: what it believes is what a test says.

town = Town()
project = town.project(root)      # connectors fake, keyed, blind and fixed all post to it
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from connectors.board import Board
from rolecast.connector import (
    Connector,
    ConnectorError,
    Gone,
    Guarantee,
    Http,
    OutcomeUnknown,
    Receipt,
    Seen,
)
from rolecast.post import Post
from rolecast.project import Project
from tests.house import LEDGER


@dataclass
class There:
    """One post, as the network has it."""

    key: str
    job_id: str
    channel: str
    moment: str
    text: str
    reply_to: str | None


@dataclass
class Town:
    """What is there, what was ever asked of it, and what goes wrong next."""

    posts: dict[str, There] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)  # what, key or id
    published: list[str] = field(default_factory=list)  # job ids, one for each that came to be
    faults: list[str] = field(default_factory=list)  # for the next changing calls, in order
    numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    def project(self, root: Path) -> Project:
        """The project of a folder; its connectors post here."""
        table = {"board": Board}
        for kind in (Fake, Keyed, Blind, Fixed):
            table[kind.name] = type(kind.__name__, (kind,), {"town": self, "__module__": __name__})
        return Project.open(root, table, dict(LEDGER))

    def of(self, job_id: str, moment: str = "announce") -> list[There]:
        """What is there of one job."""
        return [p for p in self.posts.values() if (p.job_id, p.moment) == (job_id, moment)]

    def goes_wrong(self) -> str:
        """The next fault: "" for none, "lost" after it was done, "before", or an error's name."""
        return self.faults.pop(0) if self.faults else ""


class Fake(Connector):
    """Can do everything; a lost answer can be looked up."""

    name: ClassVar[str] = "fake"
    label: ClassVar[str] = "Fake"
    guarantee: ClassVar[Guarantee] = Guarantee.FINDABLE
    town: ClassVar[Town]

    def publish(self, http: Http, post: Post) -> Receipt:
        fault = self._begin("publish", post.key)
        number = str(next(self.town.numbers))
        self.town.posts[number] = There(
            post.key, post.job_id, post.channel, post.moment, post.text, post.reply_to
        )
        self.town.published.append(post.job_id)
        self._end(fault)
        return Receipt(id=number, address=f"https://fake.example/{number}")

    def edit(self, http: Http, receipt: Receipt, post: Post) -> Receipt:
        fault = self._begin("edit", receipt.id)
        if receipt.id not in self.town.posts:
            raise Gone("it is not there any more")
        self.town.posts[receipt.id].text = post.text
        self._end(fault)
        return receipt

    def withdraw(self, http: Http, receipt: Receipt) -> None:
        fault = self._begin("withdraw", receipt.id)
        self.town.posts.pop(receipt.id, None)
        self._end(fault)

    def find(self, http: Http, post: Post) -> Receipt | None:
        for number, there in self.town.posts.items():
            if there.key == post.key:
                return Receipt(id=number, address=f"https://fake.example/{number}")
        return None

    def look(self, http: Http, receipt: Receipt) -> Seen | None:
        there = self.town.posts.get(receipt.id)
        return Seen(says=there.text, address=receipt.address) if there else None

    def _begin(self, what: str, name: str) -> str:
        self.town.calls.append((what, name))
        fault = self.town.goes_wrong()
        if fault == "before":
            raise OutcomeUnknown("the connection broke off")
        if fault and fault != "lost":
            raise ERRORS[fault]()
        return fault

    def _end(self, fault: str) -> None:
        if fault == "lost":
            raise OutcomeUnknown("the connection broke off")


class Keyed(Fake):
    """The same key again has no second effect; nothing can be looked up."""

    name: ClassVar[str] = "keyed"
    guarantee: ClassVar[Guarantee] = Guarantee.KEYED
    find = Connector.find

    def publish(self, http: Http, post: Post) -> Receipt:
        known = Fake.find(self, http, post)
        if known is None:
            return super().publish(http, post)
        self._begin("publish", post.key)
        return known


class Blind(Fake):
    """Nobody but a person can tell."""

    name: ClassVar[str] = "blind"
    guarantee: ClassVar[Guarantee] = Guarantee.BLIND
    find = Connector.find


class Fixed(Fake):
    """What was said is said: nothing can be edited; one can reply."""

    name: ClassVar[str] = "fixed"
    replies: ClassVar[bool] = True
    edit = Connector.edit


def _unavailable() -> ConnectorError:
    from rolecast.connector import Unavailable

    return Unavailable("it asks to wait", 60)


def _unauthorised() -> ConnectorError:
    from rolecast.connector import Unauthorised

    return Unauthorised("the token has expired: renew it")


def _refused() -> ConnectorError:
    from rolecast.connector import Refused

    return Refused("it does not take this text")


ERRORS = {"unavailable": _unavailable, "unauthorised": _unauthorised, "refused": _refused}
