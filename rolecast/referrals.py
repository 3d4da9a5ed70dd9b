"""Friends whom colleagues name for a job, from the mail that asks them to their first day.

Nothing is passed on before the friend agrees. A friend gets one mail for a job, whoever names them
and however often, and who names somebody that is known already is answered as everybody is: who
else did stays unknown. What became of it comes from outcomes, or from a recruiter's hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rolecast.ledger import Ledger, mails, notices, outcomes, people
from rolecast.ledger import referrals as store
from rolecast.ledger.referral_states import FORWARD, OWED, TRANSITIONS, State
from rolecast.ledger.referrals import Referral
from rolecast.outcomes import ENDS, Stage, reached
from rolecast.promises import promised
from rolecast.told import Told

# Changes of referrals wait for each other and for news of applications, which change them too.
ALONE = "credit"
ANSWER = timedelta(days=30)  # for a friend to answer
KEEP = timedelta(days=30)  # what is known of a friend, after the end
ASKED = timedelta(days=365)  # that somebody was asked about a job
SOON = 2  # working days: a promise that breaks within them is shown on the desk
DAYS = 10  # as settings.people.promise_days; for news that come without settings


class NotPossible(Told):
    """The referral cannot be made or changed so; the message says why, or what to do."""


class Missing(Exception):
    """There is no such referral, or it is not theirs."""


# Who is not written to


def mark_of(address: str) -> str:
    """What is kept of an address that must not be written to, and by which it is known again.

    It is slow on purpose (RFC 7914): whoever steals the ledger pays for every address that they
    try. It has no key, since a key can be lost: then those who asked not to be written to would be.
    """
    made = hashlib.scrypt(address.encode(), salt=b"rolecast silenced", n=4096, r=8, p=1, dklen=32)
    return made.hex()


def asked(mark: str, job_id: str) -> str:
    """What is kept of who was asked about a job."""
    return hashlib.sha256(f"{job_id}\0{mark}".encode()).hexdigest()


# What becomes of it


def step(
    conn, one: Referral, new: State, now: datetime, days: int, word: str | None = None, **values
) -> bool:
    """Take one step and tell the colleague; False when it was moved meanwhile. days: working days
    of the promise; word: a recruiter's to the colleague."""
    until = promised(now, days) if new in OWED else None
    moved = store.move(conn, one, new, now, promise=until, word=word, **values)
    if moved:
        tell(conn, one, new, now)
    return moved


def tell(conn, one: Referral, state: str, now: datetime) -> None:
    """News for the colleague; without a word about the friend, so that nothing is to be erased."""
    notices.add(conn, one.person_id, "referral", now, one.job_id, referral=one.id, state=str(state))


def follow(
    conn,
    days: int,
    source: str,
    application: str,
    stage: Stage,
    codes: Collection[str],
    now: datetime,
) -> int:
    """An application has news, which stand in the ledger already: the referrals that became it, or
    whose links are among `codes`, follow. Answers how many moved.

    What counts is all that is known of the application, so the order of arrival does not matter.
    """
    moved = 0
    for found in _becoming(conn, source, application, codes):
        one = replace(found, source=source, application=application)
        store.change(conn, one.id, source=source, application=application)
        wanted = _reached(conn, one, stage)
        if wanted in TRANSITIONS[one.state]:
            moved += step(conn, one, wanted, now, days)
    return moved


def _becoming(conn, source: str, application: str, codes: Collection[str]) -> list[Referral]:
    """With those of colleagues who have named the same friend, to which the friend has agreed."""
    found = {one.id: one for one in store.of_application(conn, source, application, codes)}
    for one in list(found.values()):
        for other in store.of_friend(conn, one.mark, one.job_id):
            if other.application is None:
                found.setdefault(other.id, other)
    return [one for one in found.values() if one.state in FORWARD or one.state is State.rejected]


def _reached(conn, one: Referral, stage: Stage) -> State:
    """Where an application stands by all that was told of it."""
    news = outcomes.of_application(conn, one.source or "", one.application or "")
    stages = {told.stage for told in news} | ({stage} if not news else set())
    last = news[-1].stage if news else stage
    if last in ENDS:
        return State(last.value)
    by_hand = one.state is State.rejected and Stage.rejected not in stages
    if by_hand and not (news and news[-1].at > one.changed):
        return one.state  # what a recruiter has decided since
    return State((reached(stages) or last).value)


def was_sent(conn, one: Referral) -> bool:
    """Whether the friend may have the mail. Mails that went are forgotten after a while."""
    if is_undelivered(one):
        return False
    return store.mails_of(conn, [one.id]).get(one.id) not in ("waiting", "failed", "dropped")


def hand_over(conn, one: Referral, sent: bool) -> Referral | None:
    """What a referral that ended leaves to another colleague's that waits for the same friend: the
    mail that was sent. Answers the one that needs a mail of its own, if none was sent. one: as it
    was."""
    if not one.secret or not one.mark:
        return None
    others = store.of_friend(conn, one.mark, one.job_id)
    waiting = [other for other in others if other.state is State.asked]
    if waiting and not sent:
        return waiting[0]
    if waiting:
        store.change(conn, waiting[0].id, secret=one.secret)
    elif not sent:
        store.unsilence(conn, asked(one.mark, one.job_id))
    return None


def undelivered(ledger: Ledger, now: datetime) -> int:
    """Tell colleagues whose mail no server takes; answers how many mails. There is nothing to wait
    for then, so the promise goes (see `is_undelivered`)."""
    with ledger.begin(alone=ALONE) as conn:
        found = store.undelivered(conn)
        for mail, one in found:
            mails.drop(conn, mail)
            for other in store.of_friend(conn, one.mark, one.job_id):
                if other.state is State.asked:
                    store.change(conn, other.id, promise=None)
                    tell(conn, other, "undelivered", now)
    return len(found)


def is_undelivered(one: Referral) -> bool:
    """Whether the friend could not be reached at this address."""
    return one.state is State.asked and one.promise is None


def tidy(ledger: Ledger, now: datetime) -> int:
    """Forget what was not answered, and what is known of friends some time after the end; answers
    how many referrals were erased."""
    with ledger.begin(alone=ALONE) as conn:
        found = store.unanswered(conn, now)
        for one in found:
            sent = was_sent(conn, one)
            step(conn, one, State.forgotten, now, 0)
            hand_over(conn, one, sent)
        ended = store.ended(conn, now - KEEP)
        for one in ended:
            store.erase(conn, one.id)
        store.unsilence_old(conn, now - ASKED)
    return len(found) + len(ended)


# Whoever looks


def of_person(
    conn, person: str, job_id: str | None = None, start: int = 0, count: int = 1000
) -> list[Referral]:
    """A colleague's own referrals (for a job), the newest first."""
    return store.of_person(conn, person, job_id, start, count)


@dataclass(frozen=True)
class Due:
    """A promise that breaks soon, or is broken. by: the colleague's name."""

    referral: Referral
    by: str
    broken: bool


def promises(conn, now: datetime) -> list[Due]:
    """What colleagues have been promised to hear within SOON working days, the oldest first."""
    found = store.due(conn, promised(now, SOON) + timedelta(seconds=1))
    names = people.names(conn, {one.person_id for one in found})
    return [Due(one, names.get(one.person_id, ""), _broken(one, now)) for one in found]


def _broken(one: Referral, now: datetime) -> bool:
    return one.promise is not None and one.promise < now
