"""Colleagues who name friends, for tests: what they type, and what then stands in the ledger."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sqlalchemy import select

from rolecast import inviting, naming, outbox
from rolecast.jobspec import JobSpec
from rolecast.ledger import jobs
from rolecast.ledger.schema import metadata
from rolecast.ledger.schema_people import mails, notices, referrals
from rolecast.publish import now_utc
from tests.colleagues import Mailbox

ROBIN = "robin@reef.example"
FORM = {
    "friend": "Robin Reef",
    "contact": ROBIN,
    "how": "work",
    "more": "three winters on the tug Wiebke",
    "note": "Calm in fog, and reads the tide like a newspaper.",
    "words": "Hello Robin!\nThis boat would suit you.",
    "sure": "yes",
}
THEIRS = ("Robin", "reef.example", "Wiebke", "newspaper", "would suit")  # words that must go


def job(project, id_="pilot") -> JobSpec:
    """A job's spec."""
    with project.ledger.read() as conn:
        return JobSpec.model_validate_json(jobs.some_jobs(conn, [id_])[id_].spec)


def refer(project, person, now=None, job_id="pilot", **typed):
    """Name a friend; answers the row."""
    now = now or now_utc()
    form = naming.read(FORM | typed)
    inviting.name(project.ledger, project.settings, person, job(project, job_id), form, now)
    return rows(project, person)[-1]


def rows(project, person=None) -> list:
    """The referrals (of a colleague), the oldest first."""
    query = select(referrals).order_by(referrals.c.made, referrals.c.id)
    if person:
        query = query.where(referrals.c.person_id == person.id)
    with project.ledger.read() as conn:
        return list(conn.execute(query))


def waiting(project) -> list:
    """The mails in the outbox."""
    with project.ledger.read() as conn:
        return list(conn.execute(select(mails).order_by(mails.c.made)))


def deliver(project, now=None, box=None) -> Mailbox:
    """Send what waits."""
    box = box or Mailbox()
    outbox.deliver(project.ledger, box, project.settings.mail, now or now_utc())
    return box


def secret_in(text: str) -> str:
    """What the link of a friend's mail holds."""
    return re.search(r"/friend/([\w-]{43})\b", text)[1]


def secret_of(project, now=None) -> str:
    """The secret of the one mail that waits, which is sent."""
    (mail,) = deliver(project, now).mails
    return secret_in(mail.get_content())


def told(project, person) -> list[str]:
    """The states in somebody's news, the oldest first."""
    query = select(notices.c.about).where(
        notices.c.person_id == person.id, notices.c.kind == "referral"
    )
    with project.ledger.read() as conn:
        found = conn.scalars(query.order_by(notices.c.id))
        return [re.search(r'"state": "(\w+)"', about)[1] for about in found]


def words_in_the_ledger(project, words=THEIRS) -> set[str]:
    """Which of these words stand anywhere, as table.column."""
    found = set()
    with project.ledger.read() as conn:
        for table in metadata.sorted_tables:
            for row in conn.execute(select(table)):
                for name, value in row._mapping.items():
                    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
                    if isinstance(text, str) and any(word in text for word in words):
                        found.add(f"{table.name}.{name}")
    return found


def at(day: int, hour: int = 12, month: int = 11) -> datetime:
    """A time in 2026. The 23rd of November is a Monday."""
    return datetime(2026, month, day, hour, tzinfo=UTC)
