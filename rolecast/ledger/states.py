"""The states of a publication, and which may follow which."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """What the ledger believes about one post at one network."""

    planned = "planned"  # should exist, certainly does not yet
    sending = "sending"  # claimed by a run; an attempt is open
    waiting = "waiting"  # certainly not done; to be tried again from `not_before` on
    unknown = "unknown"  # may have been done: we look before anything else
    live = "live"  # it is there, and the receipt says where
    held = "held"  # a person has to act; `pending` and `reason` say what and why
    refused = "refused"  # the network will not take this text
    gone = "gone"  # it was there; somebody else removed it
    withdrawn = "withdrawn"  # we took it down
    dropped = "dropped"  # not needed any more before it was ever sent, or left to itself


class Outcome(StrEnum):
    """How one attempt ended."""

    done = "done"
    adopted = "adopted"  # a look found it, or a person did
    absent = "absent"  # a look found that it never took effect
    refused = "refused"
    unauthorised = "unauthorised"
    unavailable = "unavailable"
    unknown = "unknown"
    gone = "gone"


_S = State
TRANSITIONS: dict[State, frozenset[State]] = {
    _S.planned: frozenset({_S.sending, _S.held, _S.dropped}),
    _S.sending: frozenset(
        {_S.planned, _S.waiting, _S.unknown, _S.live, _S.held, _S.refused, _S.gone, _S.withdrawn}
    ),
    _S.waiting: frozenset({_S.sending, _S.held, _S.dropped, _S.planned}),
    _S.unknown: frozenset({_S.sending, _S.live, _S.planned, _S.held, _S.unknown}),
    _S.live: frozenset({_S.sending, _S.held, _S.gone, _S.dropped, _S.live}),
    _S.held: frozenset({_S.live, _S.planned, _S.held, _S.withdrawn, _S.dropped, _S.sending}),
    _S.refused: frozenset({_S.sending, _S.dropped, _S.held, _S.planned}),
    _S.gone: frozenset({_S.planned, _S.dropped, _S.sending, _S.held}),
    _S.withdrawn: frozenset({_S.planned, _S.sending, _S.held}),
    _S.dropped: frozenset({_S.planned, _S.sending, _S.held}),
}


class WrongTransition(Exception):
    """A bug, not an event: the code asked for a step that the table above does not have."""


def check_back(now: State, before: State) -> None:
    """Raise WrongTransition unless `now` may have followed `before`, or is the same: undoing takes
    one step back."""
    if now is not before:
        check(before, now)


def check(old: State, new: State) -> None:
    """Raise WrongTransition unless `new` may follow `old`."""
    if new not in TRANSITIONS[State(old)]:
        raise WrongTransition(f"a publication that is {old} cannot become {new}")
