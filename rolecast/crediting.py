"""Keeps the log of credit: decides when news arrive, explains, and replays by other rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rolecast import bonuses, referrals, standing
from rolecast.credit import FORMER, PERSON, Decision, Facts, Rules, Touch, decide, with_names
from rolecast.ledger import Ledger, notices, outcomes, people
from rolecast.ledger.outcomes import CreditRow, Place, Stored
from rolecast.outcomes import Outcome, Stage, reached
from rolecast.standing import Stand


class Unknown(Exception):
    """There is no such application; the message says what to do."""


@dataclass(frozen=True)
class Difference:
    """An application that other rules decide otherwise."""

    source: str
    application: str
    stage: str
    before: Decision | None
    after: Decision


def facts(
    news: Sequence[Stored], places: Mapping[str, Place], stands: Mapping[str, Stand]
) -> Facts:
    """What is known of an application. news: all of it, in order; places: its links'; stands: who
    is behind links, and referrals that somebody has tied to it."""
    applied = next((one.at for one in news if one.stage is Stage.applied), news[0].at)
    touches: dict[str, Touch] = {}
    for one in news:
        for code, at in one.links:
            known = touches.get(code)
            if code in places and (known is None or (known.at is None and at is not None)):
                touches[code] = _touch(places[code], at, stands.get(code))
    for key, stand in stands.items():
        if key not in touches:
            touches[key] = Touch(stand.party, stand.who, stand.at, stand.link, stand.parts)
    earlier = [one.earlier for one in news if one.earlier]
    return Facts(news[0].application, applied, tuple(touches.values()), max(earlier, default=None))


def _touch(place: Place, at: datetime | None, stand: Stand | None) -> Touch:
    """A channel's link, or a colleague's. A referral counts from when the friend was named."""
    if stand is None:
        return Touch("channel", place.channel, at, place.code)
    return Touch(stand.party, stand.who, stand.at or at, place.code, stand.parts)


def take(
    ledger: Ledger,
    source: str,
    key: str,
    news: Iterable[Outcome],
    rules: Rules,
    now: datetime,
    promise_days: int = referrals.DAYS,
) -> int:
    """Take in news and decide what they change; answers how many were new. promise_days: within
    which colleagues hear more of whom they named."""
    count = 0
    with ledger.begin(alone="credit") as conn:
        for number, outcome in enumerate(news):
            whole = key if number == 0 else f"{key}#{number}"
            if outcomes.add(conn, source, whole, outcome, now):
                count += 1
                about = (source, outcome.application, outcome.stage)
                codes = [touch.code for touch in outcome.touches]
                referrals.follow(conn, promise_days, *about, codes, now)
                settle(conn, source, outcome.application, rules, now)
    return count


def settle(conn, source: str, application: str, rules: Rules, now: datetime) -> Decision:
    """Decide, and append the decision when it, the facts or the stage are new; tell whom it
    concerns, and see to the bonus."""
    standing.keep(conn, source, application)
    known, stage = known_of(conn, source, application)
    decision = decide(rules, known)
    log = outcomes.credit_of(conn, source, application)
    row = CreditRow(
        source, application, stage, rules.name, now, _job(conn, source, application),
        decision.party, decision.who, decision.link, decision.steps, known.digest,
    )  # fmt: skip
    if not log or (log[-1].facts, log[-1].rules, log[-1].stage) != (
        row.facts,
        row.rules,
        row.stage,
    ):
        outcomes.credit(conn, row)
        _tell(conn, log[-1] if log else None, row)
    bonuses.follow(conn, row, now)
    return decision


def _tell(conn, before: CreditRow | None, row: CreditRow) -> None:
    """News for whoever is credited now, and for whoever was until now. How far the application of
    a friend comes, the referral tells already."""
    old = before.who if before and before.party in standing.PARTIES else ""
    new = row.who if row.party in standing.PARTIES else ""
    about = {"party": row.party, "stage": row.stage}  # not the applicant's number
    moved = before is None or before.stage != row.stage
    if new and (new != old or (moved and row.party == "share")):
        notices.add(conn, new, "credit", row.at, row.job_id, **about, counts=True)
    if old and old != new and people.get(conn, old):
        notices.add(conn, old, "credit", row.at, row.job_id, **about, counts=False)


def known_of(conn, source: str, application: str) -> tuple[Facts, str]:
    """The facts of an application, and how far it has come. Raises Unknown."""
    news = outcomes.of_application(conn, source, application)
    if not news:
        raise Unknown(f"nothing is known of an application {application!r} from {source!r}")
    codes = sorted({code for one in news for code, _ in one.links})
    places = outcomes.of_codes(conn, codes)
    stands = standing.of(conn, source, application, codes)
    stages = {one.stage for one in news}
    furthest = reached(stages) or news[-1].stage
    return facts(news, places, stands), furthest.value


def names(conn, rows: Iterable[CreditRow | Decision]) -> dict[str, str]:
    """Number → name of the colleagues in decisions, for those who may know them."""
    found = {number for row in rows for step in row.steps for number in PERSON.findall(step)}
    return people.names(conn, found)


def named(row: CreditRow | Decision, names: Mapping[str, str]) -> tuple[str, list[str]]:
    """Who is credited, and the steps, as somebody at the desk reads them."""
    who = row.who
    if row.party in standing.PARTIES:
        (who,) = with_names([f"@{row.who}"], names) if row.who else (FORMER,)
    return who, with_names(row.steps, names)


def find(conn, application: str, source: str | None = None) -> tuple[str, str]:
    """(source, application) for a number that a person gives. Raises Unknown."""
    found = [source] if source else outcomes.sources_of(conn, application)
    if not found:
        raise Unknown(f"nothing is known of an application {application!r}")
    if len(found) > 1:
        raise Unknown(f"several systems have a {application!r}: add --source {' or '.join(found)}")
    return found[0], application


def replay(ledger: Ledger, rules: Rules) -> list[Difference]:
    """What other rules would decide otherwise. Changes nothing."""
    found = []
    with ledger.read() as conn:
        holds = outcomes.credited(conn)
        for source, application in outcomes.applications(conn):
            known, stage = known_of(conn, source, application)
            after, row = decide(rules, known), holds.get((source, application))
            before = row and Decision(row.party, row.who, row.link, row.steps)
            if before != after:
                found.append(Difference(source, application, stage, before, after))
    return found


def adopt(ledger: Ledger, rules: Rules, now: datetime) -> int:
    """Decide everything by these rules; answers how many decisions were appended."""
    count = 0
    with ledger.begin(alone="credit") as conn:
        for source, application in outcomes.applications(conn):
            before = len(outcomes.credit_of(conn, source, application))
            settle(conn, source, application, rules, now)
            count += len(outcomes.credit_of(conn, source, application)) - before
    return count


def _job(conn, source: str, application: str) -> str | None:
    news = outcomes.of_application(conn, source, application)
    return next((one.job_id for one in news if one.job_id), None)
