"""The bonus for whoever brought somebody: from the hire to the payroll.

    pending ──▶ eligible ──▶ paid
       │  ▲        │  ▲────────┘   (undone)
       ▼  │        ▼
       void ◀──────┘

It becomes eligible some days after the first day of work, and void when the person leaves before,
or when credit goes to somebody else. The amount is that of the job spec at the hire.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from rolecast.ledger import Ledger, bonuses, events, jobs, notices, outcomes
from rolecast.ledger.bonuses import Bonus
from rolecast.ledger.events import Event
from rolecast.ledger.outcomes import CreditRow
from rolecast.outcomes import ENDS, FORWARD, Stage
from rolecast.people import new_id
from rolecast.reports import safe
from rolecast.settings import People, Settings
from rolecast.standing import PARTIES
from rolecast.told import N_, Told


class State(StrEnum):
    """How far a bonus has come."""

    pending = "pending"
    eligible = "eligible"
    paid = "paid"
    void = "void"


MOVES: Mapping[State, tuple[State, ...]] = {
    State.pending: (State.eligible, State.void),
    State.eligible: (State.paid, State.void),
    State.paid: (State.eligible,),
    State.void: (State.pending,),
}
WHY = {
    "credit": N_("The application counts for somebody else now."),
    "ended": N_("The person did not stay until the bonus was due."),
}


class NotPossible(Told):
    """A bonus is not where it would have to be; the message says what to do."""


def due_of(bonus: Bonus, settings: People) -> datetime | None:
    """When it becomes eligible, or did; None: the first day of work is not known yet."""
    if bonus.due or bonus.started is None:
        return bonus.due
    return bonus.started + timedelta(days=settings.bonus_days)


def follow(conn, row: CreditRow, now: datetime) -> None:
    """An application has come further, or counts for somebody else: what that does to its bonus."""
    news = outcomes.of_application(conn, row.source, row.application)
    hired = [one for one in news if one.stage in (Stage.hired, Stage.started)]
    found = bonuses.of_application(conn, row.source, row.application)
    if not (hired or found):
        return
    whose = row.who if row.party in PARTIES else ""
    started = next((one.at for one in news if one.stage is Stage.started), None)
    furthest = max((one.at for one in news if one.stage in FORWARD), default=news[0].at)
    ends = [one.at for one in news if one.stage in ENDS and one.at >= furthest]
    # What was paid once is not paid to somebody else; people at the desk settle that.
    paid = any(one.state == State.paid for one in found)
    for one in found:
        if not paid or one.state != State.void:
            _see_to(conn, one, whose, started, min(ends, default=None), now)
    theirs = any(one.person_id == whose for one in found)
    if whose and hired and not (ends or theirs or paid):
        _begin(conn, row, whose, started, now)


def _see_to(
    conn, one: Bonus, whose: str, started: datetime | None, ended: datetime | None, now: datetime
) -> None:
    left = ended is not None and (one.due is None or ended < one.due)
    why = "credit" if one.person_id != whose else "ended" if left else ""
    if one.state in (State.pending, State.eligible) and why:
        _move(conn, one, State.void, now, why=why)
    elif one.state == State.void and not why:
        _move(conn, one, State.pending, now, why="", started=started, due=None)
    elif one.state == State.pending and started != one.started:
        bonuses.change(conn, one.id, State.pending, started=started)


def _begin(conn, row: CreditRow, whose: str, started: datetime | None, now: datetime) -> None:
    job = jobs.some_jobs(conn, [row.job_id]).get(row.job_id) if row.job_id else None
    promised = json.loads(job.spec).get("referral_bonus") if job else None
    if not promised or not promised["amount"]:
        return
    made = Bonus(
        new_id(), whose, row.job_id or "", row.source, row.application, row.party,
        f"{promised['amount']:.2f}".removesuffix(".00"), promised["currency"], State.pending, "",
        now, started, None, None,
    )  # fmt: skip
    bonuses.add(conn, made)
    _tell(conn, made, State.pending, now)


def ripen(ledger: Ledger, settings: People, now: datetime) -> int:
    """Make those eligible whose time has come; answers how many."""
    count = 0
    with ledger.begin(alone="credit") as conn:
        latest = now - timedelta(days=settings.bonus_days)
        for one in bonuses.started(conn, latest):
            due = due_of(one, settings)
            count += _move(conn, one, State.eligible, now, due=due)
    return count


def pay(ledger: Ledger, ids: Sequence[str], who: str, now: datetime) -> int:
    """Payroll has paid these; answers how many were not paid before. who: at the desk."""
    return _each(ledger, ids, State.eligible, State.paid, who, now, paid=now)


def undo(ledger: Ledger, id_: str, who: str, now: datetime) -> None:
    """One was not paid after all. Raises NotPossible."""
    if not _each(ledger, [id_], State.paid, State.eligible, who, now, paid=None):
        raise NotPossible(N_("This bonus is not among those that were paid. Look again."))


def _each(
    ledger: Ledger, ids: Sequence[str], of: State, to: State, who: str, now: datetime, **values
) -> int:
    count = 0
    with ledger.begin(alone="credit") as conn:
        for one in bonuses.some(conn, ids):
            if one.state == of and _move(conn, one, to, now, **values):
                what = "bonus paid" if to is State.paid else "bonus not paid after all"
                events.add(conn, [Event(one.job_id, now, who, what)])
                count += 1
    return count


def _move(conn, one: Bonus, to: State, now: datetime, **values) -> bool:
    """False when somebody else has moved it meanwhile."""
    assert to in MOVES[State(one.state)], (one.state, to)
    if not bonuses.change(conn, one.id, one.state, state=to.value, **values):
        return False
    _tell(conn, one, to, now)
    return True


def _tell(conn, one: Bonus, state: State, now: datetime) -> None:
    about = {"state": state.value, "amount": one.amount, "currency": one.currency}
    notices.add(conn, one.person_id, "bonus", now, one.job_id, **about)


HEAD = ("name", "mail", "team", "amount", "currency", "job", "application", "system", "state",
        "first_day", "due", "paid")  # fmt: skip


def to_csv(rows: Sequence[tuple[Bonus, str, str, str | None]], settings: Settings) -> str:
    """A table for payroll. rows: bonus, the colleague's name, mail address and team. Texts that a
    spreadsheet would take for a formula are quoted; days are the company's."""
    out, zone = io.StringIO(), ZoneInfo(settings.company.timezone)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEAD)
    for one, name, email, team in rows:
        times = (one.started, due_of(one, settings.people), one.paid)
        days = [f"{at.astimezone(zone):%Y-%m-%d}" if at else "" for at in times]
        texts = (name, email, team or "", one.amount, one.currency, one.job_id, one.application,
                 one.source, one.state)  # fmt: skip
        writer.writerow([*map(safe, texts), *days])
    return out.getvalue()
