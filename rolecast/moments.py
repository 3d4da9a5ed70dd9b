"""Which posts a job should have on a channel, and from when on.

`announce` when the job opens; `remind-1`, `remind-2` … so many days after it was announced;
`closing` so many days before the last day; `filled` is no post of its own, but what the others say
once the job is taken. Pure: no clock, no ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from rolecast.channels import Channel
from rolecast.jobspec import JobSpec, Moment
from rolecast.ledger.states import State

# It is out, or may be: what was to come after it may be counted from it.
OUT = frozenset({State.live, State.sending, State.unknown})
APART = timedelta(days=1)  # two posts about one job, at least


class Out(NamedTuple):
    """What the ledger knows of one moment of a job on a channel."""

    state: State
    made_at: datetime | None  # first sent


def kind(moment: str) -> Moment:
    """What sort of moment: `remind-2` is a `remind`."""
    return Moment(moment.partition("-")[0])


def due(
    spec: JobSpec,
    channel: Channel,
    known: Mapping[str, Out],
    now: datetime,
    opens: datetime,
    closes: datetime | None,
) -> dict[str, datetime]:
    """Moment → from when on its post is wanted, of an open job that goes to this channel.

    known: moment → what there is of it. opens: the job's first day there; closes: its last.
    """
    found: dict[str, datetime] = {}
    if Moment.announce in spec.moments:
        found[Moment.announce.value] = opens
    first = known.get(Moment.announce.value)
    announced = first.made_at if first is not None and first.state in OUT else None
    if announced is not None and not channel.connector.standing:
        last_call = _closing(spec, channel, announced, closes)
        if last_call is not None:
            found[Moment.closing.value] = last_call
        found |= _reminders(spec, channel, announced, last_call or closes, known, now)
    return found


def _closing(
    spec: JobSpec, channel: Channel, announced: datetime, closes: datetime | None
) -> datetime | None:
    days = channel.policy.closing
    if days is None or closes is None or Moment.closing not in spec.moments:
        return None
    at = closes - timedelta(days=days)
    return at if at - announced >= APART else None  # it was announced as late as that


def _reminders(
    spec: JobSpec,
    channel: Channel,
    announced: datetime,
    until: datetime | None,
    known: Mapping[str, Out],
    now: datetime,
) -> dict[str, datetime]:
    """The reminders; of several that fell due while nobody was looking, the latest only."""
    remind = channel.policy.remind
    if remind is None or Moment.remind not in spec.moments:
        return {}
    found: dict[str, datetime] = {}
    past: list[str] = []
    last = until - APART if until is not None else None
    for moment, after in _series(remind.every, remind.times):
        at = announced + after
        if last is not None and at > last:
            break
        found[moment] = at
        if at <= now:
            past.append(moment)
    for moment in past[:-1]:
        if moment not in known or known[moment].state not in OUT:
            del found[moment]
    return found


@cache
def _series(every: int, times: int) -> tuple[tuple[str, timedelta], ...]:
    """The names of reminders, and how long after the announcement each comes."""
    return tuple(
        (f"{Moment.remind.value}-{number}", timedelta(days=every * number))
        for number in range(1, times + 1)
    )
