"""A plan: what has to change where, as a value.

It can be printed, reviewed, stored, and carried out by a worker elsewhere.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from rolecast.ledger.publications import Slot
from rolecast.post import Post


class Action(StrEnum):
    """One step."""

    publish = "publish"  # put the post out
    edit = "edit"  # make the live post say what the spec says now
    withdraw = "withdraw"  # take it down
    adopt = "adopt"  # an answer was lost: look, take over what is there, else send
    hold = "hold"  # write down that a person has to act
    drop = "drop"  # not needed any more, and never sent


class Change(BaseModel):
    """One step for one publication, with its reason.

    `revision` is the publication's when planned; carrying out compares it, so a change is done
    at most once and never to something that has moved.
    """

    model_config = ConfigDict(frozen=True)

    action: Action
    job_id: str
    channel: str
    moment: str
    reason: str
    publication_id: int
    revision: int
    post: Post | None = None
    before: Post | None = None
    needs_approval: bool = False
    text_hash: str = ""  # of the text that a person agrees to: the new one, or the one to go
    not_after: datetime | None = None  # when the job closes: nothing is sent from then on
    pending: str | None = None  # for hold: what the person is to do
    cost: str | None = None  # what the network charges for it, in words

    @property
    def slot(self) -> Slot:
        return self.job_id, self.channel, self.moment


class Blocked(BaseModel):
    """Something that should change and cannot; `reason` says what to do about it."""

    model_config = ConfigDict(frozen=True)

    job_id: str
    channel: str
    moment: str
    reason: str


class Scheduled(BaseModel):
    """A new post whose time has not come."""

    model_config = ConfigDict(frozen=True)

    job_id: str
    channel: str
    moment: str
    at: datetime
    priority: str = "normal"
    asks: bool = False  # and somebody has to agree to its text first
    first_look: bool = False  # only colleagues see the job until then

    @property
    def slot(self) -> Slot:
        return self.job_id, self.channel, self.moment


class Plan(BaseModel):
    """All of it."""

    model_config = ConfigDict(frozen=True)

    made_at: datetime
    changes: tuple[Change, ...] = ()
    blocked: tuple[Blocked, ...] = ()
    scheduled: tuple[Scheduled, ...] = ()
    jobs: int = 0
    files_with_problems: int = 0
    notes: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Names exactly these steps and texts, and what of them waits for somebody, whenever they
        were planned."""
        hash_ = hashlib.blake2b(digest_size=16)
        for change in self.changes:
            text = change.post.hash if change.post else ""
            asks = "asks" if change.needs_approval else ""
            parts = (*change.slot, change.action, str(change.revision), text, asks)
            hash_.update("\x1f".join(parts).encode() + b"\x1e")
        return hash_.hexdigest()

    def counts(self) -> dict[str, int]:
        """Action → how many."""
        counted = Counter(str(change.action) for change in self.changes)
        return {str(action): counted[action] for action in Action if counted[action]}

    def by_channel(self) -> dict[str, list[Change]]:
        """Channel → its changes, in order."""
        found: dict[str, list[Change]] = {}
        for change in self.changes:
            found.setdefault(change.channel, []).append(change)
        return found


def blocked_by_reason(blocked: Iterable[Blocked]) -> dict[tuple[str, str], int]:
    """(channel, reason) → how many: a channel's trouble is told once, not once a job."""
    found: dict[tuple[str, str], int] = {}
    for one in blocked:
        found[one.channel, one.reason] = found.get((one.channel, one.reason), 0) + 1
    return found
