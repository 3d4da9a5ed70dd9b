"""One quiet mail a week: the new jobs of a person's saved searches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from rolecast import outbox
from rolecast.finding import Card, Finder
from rolecast.ledger import Ledger, people, searches
from rolecast.people import Person
from rolecast.search import Search
from rolecast.settings import Settings
from rolecast.shelf import places
from rolecast.words import languages

WEEK = timedelta(days=7, hours=-1)  # whoever looks every day looks a little earlier or later
# What came to the board since then is told next time: it may still be on its way, and its time is
# that of setting out.
SETTLED = timedelta(hours=1)
LISTED = 20  # jobs that a mail names
BATCH = 500  # people
TRIES = 20  # for a board that changes all the time


class Told(Exception):
    """Somebody else has just told this person, or a search is gone: nothing is to be done."""


class Changed(Exception):
    """The board has changed since it was looked at: what was found there may not be all."""


def digests(ledger: Ledger, settings: Settings, now: datetime) -> int:
    """Put a mail into the outbox for everybody whose saved searches have new jobs, once a week at
    most; answers how many. Any number may run at once, and one that dies loses nothing."""
    if settings.mail is None:
        return 0
    finder = Finder(ledger, settings)
    try:
        finder.catch_up()
        count, after, until = 0, "", now - SETTLED
        while True:
            with ledger.read() as conn:
                due = searches.due(conn, until - WEEK, BATCH, after)
            if not due:
                return count
            for id_ in due:
                count += _tell(ledger, settings, finder, id_, until, now)
            after = due[-1]
    finally:
        finder.close()


def _tell(
    ledger: Ledger,
    settings: Settings,
    finder: Finder,
    id_: str,
    until: datetime,
    now: datetime,
) -> bool:
    """Whether somebody gets a mail."""
    for _ in range(TRIES):
        try:
            return _tell_once(ledger, settings, finder, id_, until, now)
        except Changed:
            finder.shelf(exact=True)
        except Told:
            return False
    return False  # next time


def _tell_once(
    ledger: Ledger,
    settings: Settings,
    finder: Finder,
    id_: str,
    until: datetime,
    now: datetime,
) -> bool:
    shelf = finder.shelf()
    with ledger.read() as conn:
        person, rows = people.get(conn, id_), searches.of_person(conn, id_)
    if person is None or not person.mails or not rows:
        return False
    found = 0
    for row in rows:
        search = Search.parse(row.query)
        matching = finder.hits(shelf, search.text).found & shelf.chosen(search)
        found |= matching & shelf.between(row.told, until)
    cards = finder.page(shelf, places(found, 0, LISTED), now)
    with ledger.begin() as conn:
        if not finder.is_exact(conn):
            raise Changed
        if not searches.tell(conn, rows, until):
            raise Told
        if found:
            _post(conn, settings, person, cards, found.bit_count(), now)
    return bool(found)


def _post(
    conn: Any,
    settings: Settings,
    person: Person,
    cards: Sequence[Card],
    total: int,
    now: datetime,
) -> None:
    url = settings.company.url.rstrip("/")
    language = person.language if person.language in languages() else "en"
    outbox.post(
        conn,
        settings,
        "digest",
        person.email,
        language,
        now,
        person=person.id,
        name=person.name,
        jobs=[(card.facts["title"], card.facts["place"], f"{url}/jobs/{card.job_id}")
              for card in cards],
        total=total,
        more=total - len(cards),
        board=f"{url}/",
        off=f"{url}/me/searches",
    )  # fmt: skip
