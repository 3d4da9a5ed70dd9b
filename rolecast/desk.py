"""What a recruiter decides by hand. Every decision is kept, with who and when."""

from __future__ import annotations

from datetime import datetime

from rolecast.connector import Receipt
from rolecast.jobspec import check_address
from rolecast.ledger import Ledger, approvals, attempts, publications
from rolecast.ledger.approvals import Approval, Asked
from rolecast.ledger.publications import Publication, Slot
from rolecast.ledger.states import Outcome, State
from rolecast.told import N_, Told
from rolecast.verify import fingerprint

Values = dict[str, str | datetime | None]
CLEARED: Values = {"reason": None, "pending": None, "not_before": None}
TRY_AGAIN, TAKE_DOWN = "try again", "take it down"
LOOK_FIRST = N_("first look whether it is there")


class NotPossible(Told):
    """The decision does not fit what the ledger knows; the message says why."""


def it_is_there(ledger: Ledger, slot: Slot, address: str, who: str, now: datetime) -> None:
    """A person has posted it, edited it, or found it: it is live at `address`.

    For a post that was to be taken down by hand use `it_is_gone`.
    """
    publication = _get(ledger, slot, State.held, State.unknown)
    if publication.pending == "withdraw":
        raise NotPossible(N_("this post was to be taken down; say that it is gone"))
    try:
        check_address(address.strip())
    except ValueError as error:
        raise NotPossible(
            N_("“%(address)s” is no address; write it whole, with https://"),
            address=address.strip(),
        ) from error
    sent = publication.sent()
    receipt = Receipt(id=address.strip(), address=address.strip()).model_dump_json()
    _decide(
        ledger,
        publication,
        State.live,
        Outcome.adopted,
        who,
        now,
        "it is there",
        receipt=receipt,
        post_hash=sent.hash if sent else None,
    )


def it_is_gone(ledger: Ledger, slot: Slot, who: str, now: datetime) -> None:
    """A person has taken it down."""
    publication = _get(ledger, slot, State.held)
    if publication.pending != "withdraw":
        raise NotPossible(N_("nobody was asked to take this post down"))
    _decide(ledger, publication, State.withdrawn, Outcome.done, who, now, "it is gone")


def not_there(ledger: Ledger, slot: Slot, who: str, now: datetime) -> None:
    """A person has looked and it is not there: send it with the next run."""
    publication = _get(ledger, slot, State.held, State.unknown)
    if publication.pending != "publish":
        raise NotPossible(N_("this post was out before; try again instead"))
    _decide(ledger, publication, State.planned, Outcome.absent, who, now, "it is not there")


def retry(ledger: Ledger, slot: Slot, who: str, now: datetime) -> None:
    """Try again with the next run, without waiting; what a person has left out or had taken down
    is put up again."""
    publication = _get(ledger, slot)
    target, values = tried_again(publication)
    _write(ledger, publication, target, Outcome.absent, who, now, TRY_AGAIN, values)


def tried_again(publication: Publication) -> tuple[State, Values]:
    """What a publication becomes that is tried again. Raises NotPossible."""
    state, values = publication.state, dict(CLEARED)
    if state is State.held and publication.pending == "publish":
        raise NotPossible(LOOK_FIRST)
    if state is State.held:
        return State.live, values
    if state is State.withdrawn and not publication.unwanted:
        raise NotPossible(N_("the job spec says that it is not out: change that"))
    if state not in (State.refused, State.waiting, State.gone, State.dropped, State.withdrawn):
        raise NotPossible(N_("nothing is to be tried again there"))
    return State.planned, values | {"unwanted": None}


def withdraw(ledger: Ledger, slot: Slot, who: str, now: datetime) -> None:
    """Have the post taken down with the next run, whatever the job spec says, and not put up
    again until somebody says `retry`. What is not out is left out."""
    publication = _get(ledger, slot)
    target, values = unwanted(publication, who)
    _write(ledger, publication, target, Outcome.absent, who, now, TAKE_DOWN, values)


def keep(ledger: Ledger, slot: Slot, who: str, now: datetime) -> None:
    """The post that was to be taken down may stay: the job spec decides about it again."""
    publication = _get(ledger, slot, State.live, State.unknown, State.held)
    if not publication.unwanted:
        raise NotPossible(N_("nobody wants it taken down"))
    values: Values = {"unwanted": None}
    _write(ledger, publication, publication.state, Outcome.absent, who, now, "leave it up", values)


def unwanted(publication: Publication, who: str) -> tuple[State, Values]:
    """What a publication becomes that is to be taken down. Raises NotPossible."""
    state, pending = publication.state, publication.pending
    if state is State.sending:
        raise NotPossible(N_("it is being sent just now"))
    if state in (State.withdrawn, State.dropped) or publication.unwanted:
        raise NotPossible(N_("it is taken down or left out already"))
    if state is State.held and pending == "withdraw":
        raise NotPossible(N_("somebody is asked to take it down already"))
    if state in (State.live, State.unknown) or (state is State.held and pending == "edit"):
        # Without this the plan would not look at what says what it should.
        return state, {"unwanted": who, "rendered_for": None}
    if state is State.held:
        raise NotPossible(LOOK_FIRST)
    return State.dropped, CLEARED | {"unwanted": who, "reason": f"left out by {who}"}


def retry_all(ledger: Ledger, channel: str, reason: str, who: str, now: datetime) -> int:
    """Try everything again that waits on a channel for one reason; answers how many that is."""
    with ledger.read() as conn:
        waiting = publications.everything(conn, [State.waiting])
    slots = [p.slot for p in waiting if p.channel == channel and p.reason == reason]
    for slot in slots:
        retry(ledger, slot, who, now)
    return len(slots)


def drop(ledger: Ledger, slot: Slot, who: str, now: datetime) -> None:
    """Leave it: it is not posted here, until somebody says `retry`."""
    publication = _get(ledger, slot, State.held, State.refused, State.waiting, State.gone)
    reason = f"left out by {who}"
    _decide(ledger, publication, State.dropped, Outcome.absent, who, now, reason, reason=reason)


def put_back(ledger: Ledger, slot: Slot, who: str, now: datetime) -> None:
    """Somebody changed the live post, or took it down: make it what the job spec says again."""
    publication = _get(ledger, slot, State.live, State.gone)
    if publication.state is State.gone:
        _decide(
            ledger, publication, State.planned, Outcome.absent, who, now, "put it back",
            unwanted=None,
        )  # fmt: skip
        return
    _drifted(publication)
    # Without a known text the next run edits the post.
    _decide(
        ledger, publication, State.live, Outcome.done, who, now, "put it back",
        post_hash=None, seen_hash=None, drift=None, rendered_for=None,
    )  # fmt: skip


def accept(ledger: Ledger, slot: Slot, who: str, now: datetime) -> None:
    """It may stay as somebody else left it: changed, or away."""
    publication = _get(ledger, slot, State.live, State.gone)
    if publication.state is State.gone:
        drop(ledger, slot, who, now)
        return
    says = fingerprint(_drifted(publication))
    _decide(
        ledger, publication, State.live, Outcome.done, who, now, "accept it as it is",
        seen_hash=says, drift=None,
    )  # fmt: skip


def forget(ledger: Ledger, slot: Slot, who: str, now: datetime) -> None:
    """Leave the post to itself: never edited, never withdrawn, never looked at again."""
    publication = _get(ledger, slot, State.live, State.gone)
    reason = f"left to itself by {who}"
    _decide(ledger, publication, State.dropped, Outcome.done, who, now, reason, reason=reason)


def _drifted(publication: Publication) -> str:
    if publication.drift is None:
        raise NotPossible(N_("it says what we wrote: nothing to decide"))
    return publication.drift


def decide(
    ledger: Ledger,
    asked: Asked,
    approved: bool,
    who: str,
    now: datetime,
    note: str | None = None,
) -> None:
    """Agree to a text that waits for somebody, or refuse it. Raises NotPossible when it is not
    that text any more that waits."""
    with ledger.begin(alone="planning") as conn:
        if asked not in approvals.waiting(conn):
            raise NotPossible(
                N_("%(job)s on %(channel)s has changed meanwhile; look again"),
                job=asked.job_id, channel=asked.channel,
            )  # fmt: skip
        approvals.add(conn, [_decision(asked, approved, who, now, note)])


def _decision(asked: Asked, approved: bool, who: str, now: datetime, note: str | None) -> Approval:
    return Approval(*asked.slot, asked.action, asked.post_hash, approved, who, now, note or None)


def _get(ledger: Ledger, slot: Slot, *states: State) -> Publication:
    """The publication, in one of `states`, or in any when none are named."""
    with ledger.read() as conn:
        publication = publications.get(conn, slot)
    if publication is None:
        raise NotPossible(
            N_("nothing is known of %(job)s on %(channel)s"), job=slot[0], channel=slot[1]
        )
    if states and publication.state not in states:
        raise NotPossible(
            N_("nothing is to be decided about %(job)s on %(channel)s as it is now"),
            job=slot[0], channel=slot[1],
        )  # fmt: skip
    return publication


def _decide(
    ledger: Ledger,
    publication: Publication,
    state: State,
    outcome: Outcome,
    who: str,
    now: datetime,
    detail: str,
    **values: str | datetime | None,
) -> None:
    _write(ledger, publication, state, outcome, who, now, detail, CLEARED | values)


def _write(
    ledger: Ledger,
    publication: Publication,
    state: State,
    outcome: Outcome,
    who: str,
    now: datetime,
    detail: str,
    values: Values,
) -> None:
    with ledger.begin() as conn:
        if not publications.set_state(conn, publication, state, now, **values):
            raise NotPossible(N_("it has changed meanwhile; look again"))
        attempts.record(
            conn, publication, "decide", outcome, who, now, detail, values.get("receipt")
        )
