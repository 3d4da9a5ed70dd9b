"""The ledger's tables about colleagues: who they are, what they share, whom they name.

Whatever belongs to a person goes with the person. Only what `links`, clicks and credit say stays,
and that names nobody: a person's number is random, and never given to another one.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from rolecast.ledger.schema import BigId, Utc, metadata

ID = String(16)  # random, see rolecast.people.new_id

people = Table(
    "people",
    metadata,
    Column("id", ID, primary_key=True),
    Column("email", Text, nullable=False, unique=True),  # in small letters
    Column("name", Text, nullable=False),
    Column("team", Text),
    Column("role", String(16), nullable=False),  # employee, recruiter, admin
    Column("subject", Text, unique=True),  # who an OpenID provider says it is: issuer, subject
    Column("language", String(8)),  # of pages and mails; None: the browser's
    Column("made", Utc, nullable=False),
    Column("looked", Utc),  # when they last had the list of jobs before them
    Column("before", Utc),  # and when the visit before that ended: what came since is new
    Column("mails", Integer, nullable=False, server_default="1"),  # 0: no mails but those asked for
    Column("ranked", Integer, nullable=False, server_default="0"),  # 1: agrees to be on the list
    Column("tells", String(8), nullable=False, server_default="mail"),  # or slack, teams
    Column("off", String(64), unique=True),  # what the off switch in their mails carries
)


def _of_person(**more: object) -> Column:
    """A column that takes its row with the person."""
    return Column("person_id", ID, ForeignKey("people.id", ondelete="CASCADE"), **more)


sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),  # hash of what the browser has
    _of_person(nullable=False),
    Column("made", Utc, nullable=False),
    Column("seen", Utc, nullable=False),
    Column("ends", Utc, nullable=False),
    Column("device", String(40), nullable=False),  # as its owner knows it again: Firefox, phone
    Index("ix_sessions_person_id", "person_id"),
)

# Sign-ins that have begun. Who ends one shows what the mail has, in the browser that asked.
signins = Table(
    "signins",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("browser", String(64), nullable=False),
    Column("email", Text, nullable=False),  # "" when a provider is asked
    Column("secret", Text),  # what the provider's answer is checked with
    Column("goes_to", Text, nullable=False),  # a page of ours
    Column("made", Utc, nullable=False),
    Column("ends", Utc, nullable=False),
    Index("ix_signins_ends", "ends"),
)

shares = Table(
    "shares",
    metadata,
    Column("id", ID, primary_key=True),
    _of_person(nullable=False),
    Column("job_id", String(64), nullable=False),
    Column("place", String(24), nullable=False),
    Column("link", String(32), ForeignKey("links.code"), nullable=False),
    Column("made", Utc, nullable=False),
    Column("words", Text),  # kept only when they are lent
    Column("lent", Integer, nullable=False, server_default="0"),  # 1: colleagues may take them up
    Column("taken_from", ID),  # the share whose words were taken up
    UniqueConstraint("person_id", "job_id", "place"),
    Index("ix_shares_job_id", "job_id"),
    Index("ix_shares_link", "link"),
    Index("ix_shares_taken_from", "taken_from"),
)

referrals = Table(
    "referrals",
    metadata,
    Column("id", ID, primary_key=True),
    _of_person(nullable=False),
    Column("job_id", String(64), nullable=False),
    # The friend's: gone as soon as they say no, or nothing for so long.
    Column("friend", Text),
    Column("contact", Text),
    Column("how", Text),  # how they know each other
    Column("note", Text),
    Column("word", Text),  # what a recruiter last wrote to the colleague
    Column("mark", String(64)),  # hash of the address that was named, as in `silenced`
    Column("state", String(16), nullable=False),  # see rolecast.ledger.referrals
    Column("secret", String(64), unique=True),  # hash of what the friend's mail has
    Column("link", String(32), ForeignKey("links.code")),
    Column("made", Utc, nullable=False),
    Column("changed", Utc, nullable=False),
    Column("ends", Utc, nullable=False),  # when an unanswered one is forgotten
    Column("promise", Utc),  # when the colleague hears next, at the latest
    Column("source", String(64)),  # the application that it became, as outcomes name it
    Column("application", String(128)),
    Index("ix_referrals_person_id", "person_id"),
    Index("ix_referrals_job_id", "job_id"),
    Index("ix_referrals_link", "link"),
    Index("ix_referrals_mark", "mark", "job_id"),
    Index("ix_referrals_promise", "promise"),
    Index("ix_referrals_application", "source", "application"),
)

# Who is not written to: hashes of addresses that never want to be, and of those that have been
# asked about a job.
silenced = Table(
    "silenced",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("job_id", String(64)),  # None: whatever the job
    Column("made", Utc, nullable=False),
)

bonuses = Table(
    "bonuses",
    metadata,
    Column("id", ID, primary_key=True),
    _of_person(nullable=False),
    Column("job_id", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    Column("application", String(128), nullable=False),
    Column("party", String(16), nullable=False),  # share or referral
    Column("amount", String(24), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("state", String(16), nullable=False),  # pending, eligible, paid, void
    Column("why", String(40), nullable=False, server_default=""),  # of a void one
    Column("made", Utc, nullable=False),
    Column("started", Utc),  # first day of work; None: not known yet
    Column("due", Utc),  # when it became eligible
    Column("paid", Utc),
    UniqueConstraint("source", "application", "person_id"),
    Index("ix_bonuses_person_id", "person_id"),
    Index("ix_bonuses_state", "state"),
)

# Whose links led to an application, as they stood to the job when it came. That decides credit also
# when they have another role by now, or are gone; so nobody is named.
touched = Table(
    "touched",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("application", String(128), primary_key=True),
    Column("link", String(32), primary_key=True),  # or the referral's number, when it has no link
    Column("party", String(16), nullable=False),
    Column("at", Utc),  # when the friend was named; None: as the news tell
    Column("parts", Text, nullable=False),  # JSON, see rolecast.credit
    Index("ix_touched_link", "link"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    _of_person(nullable=False),
    Column("at", Utc, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("job_id", String(64)),
    Column("about", Text, nullable=False),  # JSON: what its sentence is filled with
    Column("mailed", Utc),
    Index("ix_notices_person_id", "person_id"),
    Index("ix_notices_mailed", "mailed"),
)

# Mails on their way. Sent ones lose address and text at once.
mails = Table(
    "mails",
    metadata,
    Column("id", ID, primary_key=True),  # names the mail at its server, too
    Column("person_id", ID, ForeignKey("people.id", ondelete="CASCADE")),
    Column("referral_id", ID, ForeignKey("referrals.id", ondelete="CASCADE")),
    Column("kind", String(24), nullable=False),
    Column("via", String(8), nullable=False, server_default="mail"),  # or slack, teams
    Column("address", Text),
    Column("off", Text),  # address of its off switch
    Column("subject", Text),
    Column("body", Text),
    Column("state", String(16), nullable=False),  # waiting, sending, sent, failed, unknown
    Column("made", Utc, nullable=False),
    Column("next", Utc, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("trouble", Text),
    Index("ix_mails_state_next", "state", "next"),
)

searches = Table(
    "searches",
    metadata,
    Column("id", ID, primary_key=True),
    _of_person(nullable=False),
    Column("query", Text, nullable=False),  # as in the page's address
    Column("made", Utc, nullable=False),
    Column("told", Utc, nullable=False),  # up to when its jobs have been told
    UniqueConstraint("person_id", "query"),
)

volunteers = Table(
    "volunteers",
    metadata,
    _of_person(primary_key=True),
    Column("team", String(200), primary_key=True),
    Column("note", Text, nullable=False, server_default=""),
    Column("mail", Integer, nullable=False, server_default="0"),  # 1: their address is shown
    Column("made", Utc, nullable=False),
)

questions = Table(
    "questions",
    metadata,
    Column("id", ID, primary_key=True),
    _of_person(nullable=False),
    Column("job_id", String(64), nullable=False),
    Column("answers_to", ID, ForeignKey("questions.id", ondelete="CASCADE")),
    Column("text", Text, nullable=False),  # "": taken back after others had answered
    Column("made", Utc, nullable=False),
    Index("ix_questions_job_id", "job_id"),
    Index("ix_questions_answers_to", "answers_to"),
    Index("ix_questions_person_id", "person_id"),
)

suggestions = Table(
    "suggestions",
    metadata,
    Column("id", ID, primary_key=True),
    _of_person(nullable=False),
    Column("job_id", String(64), nullable=False),
    Column("field", String(40), nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("why", Text, nullable=False, server_default=""),
    Column("named", Integer, nullable=False, server_default="0"),  # 1: agrees to be credited
    Column("state", String(16), nullable=False),  # open, accepted, declined
    Column("made", Utc, nullable=False),
    Column("decided", Utc),
    Column("decided_by", ID),
    Column("reason", Text),  # why it was declined, as its author reads it
    Index("ix_suggestions_job_id", "job_id"),
    Index("ix_suggestions_person_id", "person_id"),
    Index("ix_suggestions_state", "state", "made"),
)

# What the list of jobs is searched and filtered by; made from `jobs`, and from the settings' zone.
findable = Table(
    "findable",
    metadata,
    # A job that changes gets a new one, so what is kept under a number never changes.
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("job_id", String(64), nullable=False, unique=True),
    Column("mark", String(64), nullable=False),  # of what it was made from
    Column("title", Text, nullable=False),
    Column("facets", Text, nullable=False),  # JSON: what it is filtered by
    Column("goes_out", Utc),  # when its first look ends; None: it has none
    Column("card", Text, nullable=False),  # JSON: what a line of the list shows
    Index("ix_findable_job_id_mark", "job_id", "mark"),
    sqlite_autoincrement=True,
)

# The words of titles, teams, places and skills: what somebody may have meant. Where these and the
# texts are searched, SQLite and PostgreSQL differ: see rolecast.ledger.find.
findable_terms = Table(
    "findable_terms",
    metadata,
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("term", Text, nullable=False, unique=True),
)
