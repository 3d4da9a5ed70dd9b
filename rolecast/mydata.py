"""What is kept about a person: shown in plain words, given away, deleted."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from rolecast import crediting
from rolecast.ledger import Ledger, mydata, people, questions
from rolecast.people import Person
from rolecast.told import N_

FORMAT = 1  # of the export

# Table → what it is, as its owner reads it. One that is not named here is shown by its own name.
TABLES = {
    "people": N_("Who you are"),
    "sessions": N_("Where you are signed in"),
    "shares": N_("What you have shared"),
    "referrals": N_("Whom you have named"),
    "bonuses": N_("Bonuses"),
    "notices": N_("News for you"),
    "mails": N_("Mails to you: when, and of which kind"),
    "searches": N_("Searches you have saved"),
    "volunteers": N_("Teams for which you answer questions"),
    "questions": N_("What you have asked and answered"),
    "suggestions": N_("What you have suggested"),
    "credits": N_("Decisions on credit in which you stand"),
    "clicks": N_("How often your links were followed"),
    "events": N_("What you have done at the desk"),
    "approvals": N_("Texts you have agreed to or refused"),
    "attempts": N_("What you have told about posts"),
    "decisions": N_("What you have decided for many posts"),
    "rehearsals": N_("Test posts you have asked for"),
}
COLUMNS = {
    "email": N_("Mail address"), "name": N_("Name"), "team": N_("Team"), "role": N_("Role"),
    "language": N_("Language"), "made": N_("Since"), "looked": N_("Last looked at the jobs"),
    "before": N_("Visit before that"), "mails": N_("Mails"), "ranked": N_("On the list"),
    "tells": N_("News come by"), "subject": N_("Known at the sign-in page as"),
    "seen": N_("Last used"), "ends": N_("Ends"), "device": N_("Device"), "job_id": N_("Job"),
    "place": N_("Place"), "link": N_("Link"), "words": N_("Words"), "lent": N_("Lent"),
    "friend": N_("Friend"), "contact": N_("Contact"), "how": N_("How you know them"),
    "note": N_("Note"), "state": N_("State"), "changed": N_("Changed"), "promise": N_("Promise"),
    "amount": N_("Amount"), "currency": N_("Currency"), "why": N_("Why"),
    "started": N_("First day"), "due": N_("Due"), "paid": N_("Paid"), "at": N_("When"),
    "kind": N_("Kind"), "about": N_("About"), "mailed": N_("Mailed"),
    "mails.subject": N_("Subject"),
    "body": N_("Text"), "query": N_("Search"), "told": N_("Told up to"), "text": N_("Text"),
    "field": N_("Part"), "after": N_("New words"), "stage": N_("Stage"), "party": N_("Counts for"),
    "steps": N_("Steps"), "human": N_("By persons"), "suspect": N_("Suspect"), "bot": N_("By bots"),
    "what": N_("What"), "detail": N_("Detail"), "channel": N_("Channel"), "moment": N_("Moment"),
    "action": N_("Action"), "approved": N_("Agreed"), "finished": N_("Finished"),
    "outcome": N_("Outcome"), "rules": N_("Rules"), "via": N_("By"), "next": N_("Next try"),
    "tries": N_("Tries"), "trouble": N_("Trouble"), "decided": N_("Decided"), "who": N_("Who"),
    "suggestions.before": N_("Old words"), "asked": N_("Asked"), "undone": N_("Undone"),
}  # fmt: skip


def everything(conn, person: Person) -> dict[str, list[dict[str, Any]]]:
    """Table → rows, everything that names the person or is theirs."""
    found = mydata.of_person(conn, person)
    found["credits"] = mydata.credits_of(conn, person)
    found["clicks"] = [
        {"link": link, **sums} for link, sums in sorted(mydata.clicks_of(conn, person).items())
    ]
    return found | mydata.decided_by(conn, person)


def export(conn, person: Person, now: datetime) -> str:
    """All of it as JSON, for the person to take along (GDPR, articles 15 and 20)."""
    whole = {
        "format": FORMAT,
        "made": now,
        **everything(conn, person),
        "job_specs_that_name_you": mydata.named_in(conn, person),
    }
    return json.dumps(whole, default=_plain, ensure_ascii=False, indent=1)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def forget(ledger: Ledger, id_: str) -> bool:
    """Delete a person: what is theirs goes, what names them becomes a neutral word, sessions end.
    Counts stay, and their links still lead to the job. False when there is no such person."""
    with ledger.begin(alone="credit") as conn:
        person = people.get(conn, id_)
        if person is None:
            return False
        questions.forget_news_of(conn, person.id)  # news of others quote their words
        for source, application in mydata.forget(conn, person):
            # The same facts without the number: news that come later do not decide anew.
            known, _ = crediting.known_of(conn, source, application)
            mydata.set_facts(conn, source, application, known.digest)
    return True
