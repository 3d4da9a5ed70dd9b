"""A colleague names a friend, and takes it back; see rolecast.referrals."""

from __future__ import annotations

from datetime import datetime, timedelta

from rolecast import outbox
from rolecast.facts import facts
from rolecast.jobspec import JobSpec
from rolecast.ledger import Ledger, jobs, people
from rolecast.ledger import referrals as store
from rolecast.ledger.referral_states import State
from rolecast.ledger.referrals import Referral
from rolecast.naming import Naming
from rolecast.people import Person, hashed, new_id, new_secret
from rolecast.referrals import (
    ALONE,
    ANSWER,
    Missing,
    NotPossible,
    asked,
    hand_over,
    mark_of,
    was_sent,
)
from rolecast.settings import Settings
from rolecast.told import N_
from rolecast.words import ENGLISH, languages

PER_DAY = 10  # friends that one colleague may name
MAILS = 3  # to one address within 30 days, whatever the jobs


def name(
    ledger: Ledger, settings: Settings, person: Person, spec: JobSpec, typed: Naming, now: datetime
) -> None:
    """Ask a friend. Raises NotPossible.

    Somebody who is known already is not written to again. The statements that the ledger is asked,
    and so the time, are the same either way.
    """
    if settings.mail is None:
        raise NotPossible(N_("No mail can be sent from here, so nobody can be asked."))
    if not spec.is_open(now, settings.company.timezone):
        raise NotPossible(N_("This job is not open any more."))
    if typed.contact == person.email:
        raise NotPossible(N_("That is your own address. To apply yourself, use the job's page."))
    if typed.contact.partition("@")[2] in (one.lower() for one in settings.people.domains):
        raise NotPossible(
            N_("%(address)s is a colleague's address. Send them the link of the job instead."),
            address=typed.contact,
        )
    mark, secret = mark_of(typed.contact), new_secret()
    with ledger.begin(alone=ALONE) as conn:
        if store.count_of(conn, person.id, now - timedelta(days=1)) >= PER_DAY:
            raise NotPossible(
                N_("You have named %(most)s friends within a day. Name more tomorrow."),
                most=PER_DAY,
            )
        if any(one.person_id == person.id for one in store.of_friend(conn, mark, spec.id)):
            raise NotPossible(
                N_("You have named %(name)s for this job already; see your page."),
                name=typed.friend,
            )
        often = store.named_since(conn, mark, now - ANSWER) >= MAILS
        unwanted = store.is_silenced(conn, mark)
        fresh = (
            store.silence(conn, asked(mark, spec.id), spec.id, now) and not often and not unwanted
        )
        one = Referral(
            new_id(), person.id, spec.id, typed.friend, typed.contact, typed.how, typed.note, None,
            mark, State.asked, hashed(secret) if fresh else None, None,
            now, now, now + ANSWER, now + ANSWER, None, None,
        )  # fmt: skip
        store.add(conn, one)
        _invite(conn, settings, one, person, spec, typed.words, secret, now)
        store.drop_mail(conn, one.id, keep=fresh)


def language_for(spec: JobSpec, person: Person) -> str:
    """The language to write to a friend in: the job's, else the colleague's."""
    wanted = (spec.language.partition("-")[0].lower(), person.language)
    return next((one for one in wanted if one in languages()), ENGLISH)


def _invite(
    conn,
    settings: Settings,
    one: Referral,
    person: Person,
    spec: JobSpec,
    words: str,
    secret: str,
    now: datetime,
) -> None:
    home = settings.company.url.rstrip("/")
    outbox.post(
        conn, settings, store.MAIL, one.contact or "", language_for(spec, person), now,
        person=person.id, referral=one.id, by=outbox.one_line(person.name), friend=one.friend,
        job=spec, facts=facts(spec), words=words.splitlines(),
        link=f"{home}/friend/{secret}", days=ANSWER.days,
    )  # fmt: skip


def take_back(ledger: Ledger, settings: Settings, person: Person, id_: str, now: datetime) -> None:
    """The colleague thinks better of it, before there was an answer. Raises Missing and
    NotPossible."""
    with ledger.begin(alone=ALONE) as conn:
        one = store.get(conn, id_)
        if one is None or one.person_id != person.id:
            raise Missing(id_)
        if one.state is not State.asked:
            raise NotPossible(
                N_("They have answered already. Ask the recruiters when something is wrong.")
            )
        sent = was_sent(conn, one)
        store.move(conn, one, State.taken_back, now)
        if heir := hand_over(conn, one, sent):
            _invite_for(conn, settings, heir, now)


def _invite_for(conn, settings: Settings, one: Referral, now: datetime) -> None:
    """The mail in another colleague's name; their own words to the friend were not kept."""
    person, row = people.get(conn, one.person_id), jobs.some_jobs(conn, [one.job_id])
    if person and one.job_id in row:
        spec, secret = JobSpec.model_validate_json(row[one.job_id].spec), new_secret()
        store.change(conn, one.id, secret=hashed(secret))
        _invite(conn, settings, one, person, spec, "", secret, now)
