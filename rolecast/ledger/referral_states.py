"""The states of a referral, and which may follow which."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """How far a referral has come."""

    asked = "asked"  # a mail asks the friend; nothing is passed on
    agreed = "agreed"  # the friend has said yes; a recruiter has to take it up
    passed_on = "passed_on"  # a recruiter has it
    # As outcomes name them:
    applied = "applied"
    screened = "screened"
    interviewed = "interviewed"
    offered = "offered"
    hired = "hired"
    started = "started"
    # Ends:
    declined = "declined"  # by the friend
    forgotten = "forgotten"  # no answer in time
    taken_back = "taken_back"  # by the colleague, before there was an answer
    rejected = "rejected"
    withdrawn = "withdrawn"  # by the friend, after they had agreed


_S = State
FORWARD = (
    _S.agreed, _S.passed_on, _S.applied, _S.screened, _S.interviewed, _S.offered, _S.hired,
    _S.started,
)  # fmt: skip
WITH_US = FORWARD[:-1]  # has not ended
OWED = FORWARD[:-2]  # somebody here owes the colleague news; the first day of work is set already
ENDED = (_S.started, _S.rejected, _S.withdrawn)  # what is known of the friend goes some time later
ERASED = (_S.declined, _S.forgotten, _S.taken_back)  # and with these at once


def _after(state: State) -> frozenset[State]:
    """An applicant system may not tell every step, so steps may be left out."""
    return frozenset((*FORWARD[FORWARD.index(state) + 1 :], _S.rejected, _S.withdrawn))


TRANSITIONS: dict[State, frozenset[State]] = {
    _S.asked: frozenset({_S.agreed, *ERASED}),
    **{state: _after(state) for state in WITH_US},
    _S.started: frozenset(),
    # Somebody may be thought of again.
    _S.rejected: frozenset(FORWARD[2:]),
    _S.withdrawn: frozenset(),
    **{state: frozenset() for state in ERASED},
}


class WrongTransition(Exception):
    """A bug, not an event: the code asked for a step that the table above does not have."""


def check(old: State, new: State) -> None:
    """Raise WrongTransition unless `new` may follow `old`."""
    if new not in TRANSITIONS[State(old)]:
        raise WrongTransition(f"a referral that is {old} cannot become {new}")
