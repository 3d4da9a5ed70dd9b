"""News in words, and the mails that tell them together: after an hour of quiet, and at most one a
day and person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from rolecast import facts, outbox
from rolecast.ledger import Ledger, notices, overview, people
from rolecast.ledger.notices import Notice
from rolecast.people import Person
from rolecast.settings import Settings
from rolecast.told import N_, Told
from rolecast.words import ENGLISH, languages, words

QUIET = timedelta(hours=1)  # without further news, before they are told
PATIENCE = timedelta(hours=6)  # but nobody waits longer than this
EVERY = timedelta(days=1)
OLD = timedelta(days=14)  # is no news any more
MOST = 20  # told in one mail; the page has all
SHORT = 100  # characters of a piece of news that may be the mail's subject
OWN = ("referral", "credit", "bonus")  # kinds of which one's own page, not the job's, tells more

SENTENCES: Mapping[tuple[str, str], str] = {
    ("referral", "asked"): N_("We have asked the friend you named for “%(job)s”."),
    ("referral", "agreed"): N_("The friend you named for “%(job)s” has agreed."),
    ("referral", "declined"): N_("The friend you named for “%(job)s” would rather not."),
    ("referral", "forgotten"): N_(
        "The friend you named for “%(job)s” has not answered; what you wrote about them is deleted."
    ),
    ("referral", "taken_back"): N_(
        "You have taken back the friend you named for “%(job)s”; what you wrote is deleted."
    ),
    ("referral", "passed_on"): N_(
        "A recruiter is taking care of the friend you named for “%(job)s”."
    ),
    ("referral", "applied"): N_("The friend you named for “%(job)s” has applied."),
    ("referral", "screened"): N_(
        "The application of the friend you named for “%(job)s” is being read."
    ),
    ("referral", "interviewed"): N_("The friend you named for “%(job)s” has an interview."),
    ("referral", "offered"): N_("The friend you named for “%(job)s” has an offer."),
    ("referral", "hired"): N_("The friend you named for “%(job)s” is hired."),
    ("referral", "started"): N_("The friend you named for “%(job)s” has started here."),
    ("referral", "rejected"): N_(
        "For “%(job)s” somebody else than the friend you named was chosen."
    ),
    ("referral", "withdrawn"): N_("The friend you named for “%(job)s” has withdrawn."),
    ("referral", "undelivered"): N_(
        "The mail to the friend you named for “%(job)s” could not be delivered. Check the address, "
        "take this one back and name them again."
    ),
    ("referral", "extended"): N_(
        "For “%(job)s” it takes longer to say what becomes of the friend you named; the new day "
        "and the reason stand on your page."
    ),
    ("referral", ""): N_("There is news of the friend you named for “%(job)s”."),
    ("credit", "applied"): N_("An application for “%(job)s” counts for you."),
    ("credit", "interviewed"): N_("Somebody who came to “%(job)s” by your link has an interview."),
    ("credit", "offered"): N_("Somebody who came to “%(job)s” by your link has an offer."),
    ("credit", "hired"): N_("The person you brought to “%(job)s” is hired."),
    ("credit", "started"): N_("The person you brought to “%(job)s” has started here."),
    ("credit", "lost"): N_("An application for “%(job)s” does not count for you any more."),
    ("credit", ""): N_("An application for “%(job)s” that counts for you has come further."),
    ("bonus", "pending"): N_("A bonus of %(amount)s for “%(job)s” is on its way."),
    ("bonus", "eligible"): N_("Your bonus of %(amount)s for “%(job)s” is due and goes to payroll."),
    ("bonus", "paid"): N_("Your bonus of %(amount)s for “%(job)s” was paid."),
    ("bonus", "void"): N_("There will be no bonus for “%(job)s”; your page says why."),
    ("question", ""): N_("Somebody asks about “%(job)s”: %(text)s"),
    ("answer", ""): N_("Your question about “%(job)s” has an answer: %(text)s"),
    ("suggestion", "accepted"): N_("Your better words for “%(job)s” are taken."),
    ("suggestion", ""): N_("Your better words for “%(job)s” are not taken this time."),
    ("taken", ""): N_("%(name)s has taken up your words about “%(job)s”."),
}


def sentence(one: Notice, titles: Mapping[str, str], language: str) -> Told:
    """A piece of news as one sentence. titles: of jobs; language: of the amounts in it."""
    about = {"text": "", "name": "", "amount": ""} | one.about
    about["text"] = outbox.one_line(str(about["text"]))
    if about["amount"]:
        about["amount"] = facts.amount(float(about["amount"]), about["currency"], language)
    kind = str(about.get("stage") or about.get("state") or "")
    if one.kind == "credit" and not about.get("counts", True):
        kind = "lost"
    found = SENTENCES.get((one.kind, kind)) or SENTENCES.get((one.kind, ""))
    job = titles.get(one.job_id or "", one.job_id or "")
    return Told(found or N_("There is news of “%(job)s”."), **about | {"job": job})


@dataclass(frozen=True)
class Item:
    """One line of a mail."""

    text: str
    link: str | None


def mail(ledger: Ledger, settings: Settings, now: datetime) -> int:
    """Put the mails that are due into the outbox; answers how many.

    News are marked as told in the transaction that makes the mail, so they are told once, whoever
    else does the same at this moment and whatever breaks.
    """
    if settings.mail is None:
        return 0
    with ledger.read() as conn:
        waiting = notices.waiting(conn)
    count = 0
    for id_ in waiting:
        with ledger.begin(alone="news") as conn:
            count += _mail(conn, settings, id_, now)
    return count


def _mail(conn, settings: Settings, id_: str, now: datetime) -> bool:
    person, found = people.get(conn, id_), notices.unmailed(conn, id_)
    if person is None or not found:
        return False  # somebody else was here
    fresh = [one for one in found if now - one.at <= OLD]
    if not person.mails:  # whoever switches mails on again is not told all of it at once
        notices.mailed(conn, [one.id for one in found], found[-1].at)
        return False
    last = notices.last_mailed(conn, id_)
    noisy = fresh and now - fresh[-1].at < QUIET and now - fresh[0].at < PATIENCE
    if noisy or (fresh and last and now - last < EVERY):
        return False
    notices.mailed(conn, [one.id for one in found], now if fresh else found[-1].at)
    if fresh:
        _post(conn, settings, person, fresh, now)
    return bool(fresh)


def _post(conn, settings: Settings, person: Person, found: list[Notice], now: datetime) -> None:
    language = person.language if person.language in languages() else ENGLISH
    say, home = words(language).gettext, settings.company.url.rstrip("/")
    titles = overview.titles(conn, {one.job_id for one in found if one.job_id})
    items = [
        Item(sentence(one, titles, language).within(say), _link(home, one)) for one in found[-MOST:]
    ]
    first = items[0].text if len(items) == 1 and len(items[0].text) <= SHORT else ""
    outbox.post(
        conn, settings, "news", person.email, language, now, person=person.id,
        items=items, first=first, more=len(found) - len(items), page=f"{home}/me",
    )  # fmt: skip


def _link(home: str, one: Notice) -> str | None:
    """Where there is more about it; None: on the page that the mail names at its end."""
    return f"{home}/jobs/{one.job_id}" if one.job_id and one.kind not in OWN else None
