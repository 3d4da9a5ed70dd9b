"""The friend's side: what would be passed on, and their yes, no, or not any more.

Whoever has the secret of the mail is the friend. Looking changes nothing: mail scanners look, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from rolecast import naming
from rolecast.jobspec import JobSpec
from rolecast.ledger import Ledger, jobs, people
from rolecast.ledger import referrals as store
from rolecast.ledger.referral_states import WITH_US, State
from rolecast.ledger.referrals import Referral
from rolecast.people import hashed
from rolecast.referrals import ALONE, NotPossible, step
from rolecast.settings import Settings
from rolecast.told import N_, Told


class Gone(Told):
    """There is nothing of them here; the message says so, whatever the reason."""


@dataclass(frozen=True)
class Named:
    """One colleague's naming. by: the colleague's name."""

    referral: Referral
    by: str


@dataclass(frozen=True)
class Asked:
    """What the friend's page is about. first: the one whose mail they have; asked: who waits for an
    answer; told: what was passed on to the recruiters."""

    job: JobSpec
    is_open: bool
    first: Referral
    asked: tuple[Named, ...]
    told: tuple[Named, ...]


def look(ledger: Ledger, settings: Settings, secret: str, now: datetime) -> Asked:
    """What a mail's link leads to. Raises Gone."""
    with ledger.read() as conn:
        found = _of_secret(conn, secret)
        names = people.names(conn, {one.person_id for one in found})
        row = jobs.some_jobs(conn, [found[0].job_id]).get(found[0].job_id)
    if row is None:
        raise _gone()
    spec = JobSpec.model_validate_json(row.spec)
    named = [Named(one, names.get(one.person_id, "")) for one in found]
    return Asked(
        spec,
        spec.is_open(now, settings.company.timezone) and not row.removed,
        found[0],
        tuple(one for one in named if one.referral.state is State.asked),
        tuple(one for one in named if one.referral.state is not State.asked),
    )


def _of_secret(conn, secret: str) -> list[Referral]:
    """All that name this friend for this job, the one with the secret first. Raises Gone."""
    first = store.of_secret(conn, hashed(secret))
    if first is None:
        raise _gone()
    others = store.of_friend(conn, first.mark, first.job_id)
    return [first, *(one for one in others if one.id != first.id)]


def _gone() -> Gone:
    return Gone(
        N_(
            "Nothing is kept about you under this link. It was answered, taken back, or more than "
            "30 days passed."
        )
    )


def agree(
    ledger: Ledger, settings: Settings, secret: str, form: Mapping[str, str], now: datetime
) -> None:
    """The friend says yes, with their name and how to reach them as they wish (fields friend and
    contact), and perhaps no to further mails (silence). Saying it twice changes nothing more.

    Raises Gone, naming.NotThus, NotPossible.
    """
    friend, contact = naming.line(form, "friend"), naming.line(form, "contact")
    if not friend or not contact:
        raise naming.NotThus(N_("Write your name, and how we can reach you."))
    if not look(ledger, settings, secret, now).is_open:
        raise NotPossible(N_("This job is not open any more, so there is nothing to pass on."))
    days = settings.people.promise_days
    with ledger.begin(alone=ALONE) as conn:
        found = _of_secret(conn, secret)
        _silence(conn, found[0], form, now)
        for one in found:
            if one.state is State.asked:
                link = store.mint(conn, one.job_id, now)
                step(conn, one, State.agreed, now, days, link=link)
            store.change(conn, one.id, friend=friend, contact=contact)


def decline(ledger: Ledger, secret: str, form: Mapping[str, str], now: datetime) -> None:
    """The friend says no to what was not passed on yet; it is erased. Raises Gone."""
    with ledger.begin(alone=ALONE) as conn:
        found = _of_secret(conn, secret)
        _silence(conn, found[0], form, now)
        for one in found:
            if one.state is State.asked:
                step(conn, one, State.declined, now, 0)


def withdraw(ledger: Ledger, secret: str, form: Mapping[str, str], now: datetime) -> None:
    """The friend does not want it any more, however far it has come: all of it is erased. Raises
    Gone."""
    with ledger.begin(alone=ALONE) as conn:
        found = _of_secret(conn, secret)
        _silence(conn, found[0], form, now)
        for one in found:
            if one.state is State.asked:
                step(conn, one, State.declined, now, 0)
            elif one.state in WITH_US:
                step(conn, one, State.withdrawn, now, 0)
            store.erase(conn, one.id)


def _silence(conn, one: Referral, form: Mapping[str, str], now: datetime) -> None:
    """At the friend's wish nobody gets to write to them from here again."""
    if form.get("silence") == "yes" and one.mark:
        store.silence(conn, one.mark, None, now)
        store.hush(conn, one.mark)
