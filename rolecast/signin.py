"""Signing in: by a link in a mail, by an OpenID provider, by a proxy that has done it already.

A link in a mail is good once, for MINUTES, and only in the browser that asked for it. Following it
changes nothing: mail scanners do that too. What is kept of links and sessions are hashes.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from rolecast import outbox
from rolecast.ledger import Ledger, people
from rolecast.people import (
    Person,
    Role,
    check_domain,
    goes_to,
    hashed,
    name_of,
    new_secret,
    role_of,
    tidy_address,
)
from rolecast.settings import Settings
from rolecast.told import N_, Told

MINUTES = 15
MOST = 5  # mails that an address may ask for within MINUTES


class NotValid(Told):
    """A link or a session that cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Begun:
    """secret: goes into the mail's link (or to the provider); browser: into its cookie."""

    secret: str
    browser: str


def by_mail(
    ledger: Ledger,
    settings: Settings,
    address: str,
    to: str,
    language: str,
    now: datetime,
    browser: str = "",
) -> str:
    """Send a link; answers what the browser has to keep. Raises people.NotOurs for an address of
    somewhere else.

    browser: what it keeps of an earlier time; when that was for the same address, it stays, so
    that the first of two mails is as good as the second.

    The answer, and the time it takes, do not depend on whether we know the person: the first
    sign-in makes one. An address that asks too often gets no more mails, and is not told so, since
    it may be somebody else who asks.
    """
    address = check_domain(settings.people, address)
    with ledger.begin() as conn:
        again = people.began(conn, hashed(browser), address, now)
        begun = Begun(new_secret(), browser if again else new_secret())
        often = people.asked(conn, address, now - timedelta(minutes=MINUTES)) >= MOST
        _begin(conn, begun, address, None, to, now)
        if not often:
            link = f"{settings.company.url.rstrip('/')}/signin/{begun.secret}"
            values = {"link": link, "minutes": MINUTES}
            outbox.post(conn, settings, "signin", address, language, now, **values)
    return begun.browser


def by_provider(ledger: Ledger, to: str, secret: str, now: datetime) -> Begun:
    """Begin to ask a provider. secret: what its answer will be checked with."""
    begun = Begun(new_secret(), new_secret())
    with ledger.begin() as conn:
        _begin(conn, begun, "", secret, to, now)
    return begun


def _begin(conn, begun: Begun, address: str, secret: str | None, to: str, now: datetime) -> None:
    people.begin_signin(
        conn,
        id=hashed(begun.secret),
        browser=hashed(begun.browser),
        email=address,
        secret=secret,
        goes_to=goes_to(to),
        made=now,
        ends=now + timedelta(minutes=MINUTES),
    )


def asked_for(ledger: Ledger, secret: str, browser: str, now: datetime):
    """The sign-in that a link belongs to; changes nothing. Raises NotValid."""
    with ledger.read() as conn:
        row = people.signin(conn, hashed(secret), now)
    if row is None:
        raise NotValid(
            N_("This link has been used, or is older than %(minutes)s minutes. Ask for a new one."),
            minutes=MINUTES,
        )
    if not secrets.compare_digest(row.browser, hashed(browser)):
        raise NotValid(
            N_(
                "This link works in the browser that asked for it only. Open it there, or ask for "
                "a new one here."
            )
        )
    return row


def finish(
    ledger: Ledger, settings: Settings, secret: str, browser: str, device: str, now: datetime
) -> tuple[str, str]:
    """Use a mail's link up: (what the browser keeps as its session, page to go to).

    Raises NotValid.
    """
    row = asked_for(ledger, secret, browser, now)
    if not row.email:
        raise NotValid(N_("This is not a link out of a mail. Sign in anew."))
    with ledger.begin(alone="people") as conn:
        _use_up(conn, row.id)
        person = known(conn, settings, row.email, name_of(row.email), now)
        return start(conn, settings, person, device, now), row.goes_to


def finish_with(
    ledger: Ledger,
    settings: Settings,
    row,
    subject: str,
    address: str,
    name: str,
    device: str,
    now: datetime,
) -> str:
    """A provider has said who it is: what the browser keeps as its session.

    row: of `asked_for`. subject: the provider's own number of the person, which stays when the
    address changes. Raises NotValid, people.NotOurs.
    """
    address = tidy_address(address)
    if settings.people.domains:
        check_domain(settings.people, address)
    with ledger.begin(alone="people") as conn:
        _use_up(conn, row.id)
        person = people.of_subject(conn, subject)
        if person is not None:
            person = known(conn, settings, person.email, person.name, now)
        else:
            person = known(conn, settings, address, name or name_of(address), now)
            if person.subject is not None:
                raise NotValid(
                    N_("%(address)s belongs to another account there. Ask an administrator."),
                    address=address,
                )
            people.change(conn, person.id, subject=subject)
        return start(conn, settings, person, device, now)


def _use_up(conn, id_: str) -> None:
    if not people.take_signin(conn, id_):
        raise NotValid(N_("This link has just been used. Ask for a new one."))


def known(conn, settings: Settings, address: str, name: str, now: datetime) -> Person:
    """The person of an address; the first time makes one. A role that the settings give is theirs
    from then on."""
    person, role = people.of_address(conn, address), role_of(settings.people, address)
    if person is None:
        return people.add(conn, address, name, role, now)
    if role is not Role.employee and person.role is not role:
        people.change(conn, person.id, role=role.value)
        return people.get(conn, person.id) or person
    return person


def start(conn, settings: Settings, person: Person, device: str, now: datetime) -> str:
    """A session: what the browser keeps of it."""
    secret = new_secret()
    ends = now + timedelta(days=settings.people.session_days)
    people.open_session(conn, hashed(secret), person.id, device, now, ends)
    return secret


def who(ledger: Ledger, secret: str, now: datetime) -> Person | None:
    """Whose session it is."""
    with ledger.read() as conn:
        found = people.of_session(conn, hashed(secret), now)
    if found is None:
        return None
    person, last = found
    if now - last > people.SEEN:
        with ledger.begin() as conn:
            people.seen(conn, hashed(secret), now)
    return person


def by_header(ledger: Ledger, settings: Settings, address: str, now: datetime) -> Person:
    """Whom our proxy names. Raises people.NotOurs."""
    address = tidy_address(address)
    if settings.people.domains:
        check_domain(settings.people, address)
    with ledger.read() as conn:
        person = people.of_address(conn, address)
    role = role_of(settings.people, address)
    if person and (role is Role.employee or person.role is role):
        return person
    with ledger.begin(alone="people") as conn:
        return known(conn, settings, address, name_of(address), now)
