"""What the end of a call means for the ledger. Pure, but for the jitter of waiting times."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta

from rolecast.connector import (
    Connector,
    ConnectorError,
    Gone,
    Guarantee,
    OutcomeUnknown,
    Receipt,
    Refused,
    Unauthorised,
    Unavailable,
)
from rolecast.ledger.attempts import Finish
from rolecast.ledger.publications import Publication
from rolecast.ledger.states import Outcome, State
from rolecast.plan import Action, Change
from rolecast.post import Post

FIRST_WAIT, LONGEST_WAIT = 30.0, 3600.0  # seconds
LONGEST_WISH = 86_400.0  # seconds; a network that asks for more has a wrong clock
OUTCOMES: dict[type[ConnectorError], Outcome] = {
    Refused: Outcome.refused,
    Gone: Outcome.gone,
    Unauthorised: Outcome.unauthorised,
    Unavailable: Outcome.unavailable,
    OutcomeUnknown: Outcome.unknown,
}


def live(publication_id: int, post: Post, receipt: Receipt) -> Finish:
    """The network has it, and said where."""
    return Finish(
        publication_id,
        Outcome.done,
        State.live,
        post=as_json(post),
        post_hash=post.hash,
        receipt=receipt.model_dump_json(),
    )


def failed(
    change: Change,
    before: Publication,
    error: ConnectorError,
    connector: Connector,
    now: datetime,
) -> Finish:
    """What an error leaves the publication as, with a sentence for the recruiter."""
    kind, first = type(error), change.action in (Action.publish, Action.adopt)
    base = Finish(
        change.publication_id,
        OUTCOMES.get(kind, Outcome.unknown),
        State.live,
        str(error),
        post_hash=None if first else before.post_hash,
        pending="publish" if first else str(change.action),
    )
    if kind is Gone:
        return replace(base, state=State.gone, pending=None)
    if kind is Refused:
        if first:
            return replace(base, state=State.refused)
        return replace(base, state=State.held, post=as_json(change.post))
    if isinstance(error, Unauthorised | Unavailable):
        asked = getattr(error, "retry_after", None)
        certain = change.action is not Action.adopt
        return replace(
            base,
            state=(State.waiting if certain else State.unknown) if first else State.live,
            not_before=next_try(before.tries, asked, now),
        )
    if first and connector.guarantee is Guarantee.BLIND:
        reason = f"{error}. Please look whether it is there, and say so on the desk."
        return replace(base, state=State.held, detail=reason)
    return replace(
        base,
        state=State.unknown if first else State.live,
        not_before=now + timedelta(seconds=connector.settle),
        post_hash=None if change.action is not Action.withdraw else before.post_hash,
    )


def next_try(tries: int, asked: float | None, now: datetime) -> datetime:
    """Exponential with jitter; never earlier than the network asked for, within reason."""
    if asked is not None:
        return now + timedelta(seconds=max(0.0, min(asked, LONGEST_WISH)))
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(tries, 10))
    return now + timedelta(seconds=wait * random.uniform(0.8, 1.2))


def as_json(post: Post | None) -> str | None:
    """The post as the ledger keeps it."""
    return post.model_dump_json() if post else None
