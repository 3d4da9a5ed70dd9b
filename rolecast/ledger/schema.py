"""The ledger's tables. A change here needs a migration beside it."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

HEAD = "0008"  # the newest migration; a test compares it with the files

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """Aware datetimes, kept as UTC; SQLite, which has no zones, reads them back as UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("the ledger takes aware datetimes only")
        return value.astimezone(UTC)

    def process_result_value(self, value, dialect):
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up INTEGER keys only

files = Table(
    "files",
    metadata,
    Column("path", Text, primary_key=True),  # relative to the folder of job specs, with /
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("inode", Text, nullable=False),  # as text: some are larger than a signed 64 bit
    Column("hash", String(32), nullable=False),
    Column("job_id", String(64)),  # None: no job could ever be read from it
    Column("problems", Text),  # JSON; None: clean
    # A job needs no planning while these three hold (see rolecast.project):
    Column("quiet_for", String(32)),  # digest of the settings and templates it was planned with
    Column("quiet_revision", BigInteger),  # sum of the revisions of its publications
    Column("quiet_until", Utc),  # the next instant at which time itself changes something
)

BROKEN = text("apply_problem is not null")

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("path", Text, nullable=False),
    Column("spec", Text, nullable=False),  # JSON of the last valid JobSpec
    Column("spec_hash", String(32), nullable=False),
    Column("removed", Integer, nullable=False, server_default="0"),  # 1: its file is gone
    Column("first_seen", Utc, nullable=False),
    Column("updated", Utc, nullable=False),
    Column("linted", Text),  # JSON of the warnings that its file gave; None: none
    Column("apply_checked", Utc),
    Column("apply_problem", Text),  # what is wrong with the place to apply; None: nothing
    # What changes with a job is read often, and its spec is long.
    Index("ix_jobs_id_spec_hash", "id", "spec_hash", "removed"),
    Index("ix_jobs_broken", "id", sqlite_where=BROKEN, postgresql_where=BROKEN),
)

links = Table(
    "links",
    metadata,
    Column("code", String(32), primary_key=True),
    Column("job_id", String(64), nullable=False),
    # Of its publication; or share and the place, or referral.
    Column("channel", String(64), nullable=False),
    Column("moment", String(16), nullable=False),
    Column("made", Utc, nullable=False),
    Index("ix_links_made", "made"),
)

# Something is to be said about it.
ODD = text("reason is not null or drift is not null or unwanted is not null")

publications = Table(
    "publications",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("job_id", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("moment", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("round", Integer, nullable=False, server_default="0"),  # counts withdrawals
    Column("key", String(64), nullable=False),  # names this round at the network
    Column("link", String(32), ForeignKey("links.code"), nullable=False),
    Column("made_at", Utc),  # first claim of this round; part of what is sent, so it never moves
    Column("post", Text),  # JSON of the post as last sent or held
    Column("post_hash", String(32)),  # of what is live; None: not known
    Column("receipt", Text),  # JSON
    Column("pending", String(16)),  # what a person or a wait stands before: publish, edit, withdraw
    Column("reason", Text),
    Column("not_before", Utc),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("owner", Text),  # the run that has it claimed
    Column("lease_until", Utc),
    Column("revision", BigInteger, nullable=False, server_default="0"),  # counts every change
    Column("updated", Utc, nullable=False),
    # What the live post was rendered from (spec and settings); the same: no need to render again.
    Column("rendered_for", String(64)),
    Column("seen_at", Utc),  # when we last looked at the live post
    Column("seen_hash", String(32)),  # of what it said when we first looked
    Column("drift", Text),  # what it says now, when that is not what we wrote
    Column("unwanted", Text),  # who said that it is to be taken down, and not put up again
    UniqueConstraint("job_id", "channel", "moment"),
    # Counting and filtering read these alone: a row holds a whole post.
    Index("ix_publications_state", "state", "channel", "job_id", "moment"),
    Index("ix_publications_updated", "updated"),
    Index(
        "ix_publications_odd",
        "state",
        "channel",
        "job_id",
        "moment",
        sqlite_where=ODD,
        postgresql_where=ODD,
    ),
)

DECIDED = text("action = 'decide'")  # by a person

attempts = Table(
    "attempts",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("publication_id", BigInteger, ForeignKey("publications.id"), nullable=False),
    Column("action", String(16), nullable=False),
    Column("post", Text),  # JSON, exactly as handed to the connector
    Column("owner", Text, nullable=False),
    Column("started", Utc, nullable=False),
    Column("finished", Utc),  # None: in flight, or its run died
    Column("outcome", String(16)),
    Column("detail", Text),
    Column("receipt", Text),
    Index("ix_attempts_publication_id", "publication_id"),
    Index("ix_attempts_started", "started"),
    Index("ix_attempts_decided", "started", sqlite_where=DECIDED, postgresql_where=DECIDED),
)

approvals = Table(
    "approvals",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("job_id", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("moment", String(16), nullable=False),
    Column("action", String(16), nullable=False),
    Column("post_hash", String(32), nullable=False),  # of the exact text
    Column("approved", Integer),  # 1; 0: refused; None: asked, the rest says for what
    Column("who", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("note", Text),  # why it was decided so, or why it is asked
    Column("post", Text),  # JSON of the post that is asked for
    Column("revision", BigInteger),  # of the publication when it was asked
    Column("run", Text),  # Prefect's run that asks for it too
    Index("ix_approvals_job_id", "job_id"),
    Index("ix_approvals_at", "at"),
)

events = Table(
    "events",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("job_id", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", String(32), nullable=False),
    Column("detail", Text),
    Index("ix_events_job_id", "job_id"),
    Index("ix_events_at", "at"),
)

plans = Table(
    "plans",
    metadata,
    Column("digest", String(32), primary_key=True),
    Column("made", Utc, nullable=False),
    Column("body", LargeBinary, nullable=False),  # JSON, zlib
)

clicks = Table(
    "clicks",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("link", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),  # microseconds since 1970, UTC
    Column("device", String(16), nullable=False),  # phone, tablet, desktop, other
    Column("referrer", Text),  # the host only
    Column("country", String(2)),  # as the language header names it
    Column("agent", String(40), nullable=False, server_default=""),  # a program's own name
    Column("signals", String(64), nullable=False, server_default=""),  # see rolecast.clicks
    Column("visitor", BigInteger),  # see rolecast.salt; None: asked not to be tracked
    Column("late", Integer, nullable=False, server_default="0"),  # 1: answered before it was kept
    Column("class", String(8), nullable=False, key="verdict"),  # human, suspect, bot
    Column("reason", String(16), nullable=False, server_default=""),
    Column("rules", Integer, nullable=False, server_default="0"),  # that judged it
    Index("ix_clicks_at", "at"),
    Index("ix_clicks_visitor_at", "visitor", "at"),
)

# Sums of clicks; each is kept up with every click, and can be made again from the clicks.
hourly = Table(
    "clicks_hourly",
    metadata,
    Column("link", String(32), primary_key=True),
    Column("hour", Integer, primary_key=True),  # hours since 1970, UTC
    Column("class", String(8), primary_key=True, key="verdict"),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

daily = Table(
    "clicks_daily",
    metadata,
    Column("day", Integer, primary_key=True),  # days since 1970, UTC
    Column("channel", String(64), primary_key=True),
    Column("moment", String(16), primary_key=True),
    Column("class", String(8), primary_key=True, key="verdict"),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

totals = Table(
    "clicks_total",
    metadata,
    Column("job_id", String(64), primary_key=True),
    Column("link", String(32), primary_key=True),
    Column("class", String(8), primary_key=True, key="verdict"),
    Column("count", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

segments = Table(
    "clicks_segments",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("place", BigInteger, nullable=False),  # bytes of it whose clicks stand in the ledger
    Column("damaged", Integer, nullable=False, server_default="0"),  # lines that were not readable
)

intake = Table(
    "clicks_intake",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("body", LargeBinary, nullable=False),  # JSON of the clicks of one commit
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),  # the applicant system, a file, or the desk
    Column("key", String(128), nullable=False),  # the sender's: the same one is not taken twice
    Column("application", String(128), nullable=False),  # the sender's number; no name, no address
    Column("stage", String(16), nullable=False),
    Column("at", Utc, nullable=False),
    Column("received", Utc, nullable=False),
    Column("job_id", String(64)),
    Column("links", Text),  # JSON: [[code, at or null], …] that led to the application
    Column("earlier", Utc),  # the same person's application before this one
    UniqueConstraint("source", "key"),
    Index("ix_outcomes_application", "source", "application"),
    Index("ix_outcomes_job_id", "job_id"),
)

credits = Table(
    "credits",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("application", String(128), nullable=False),
    Column("stage", String(16), nullable=False),  # reached when it was decided
    Column("rules", String(40), nullable=False),  # name of the rules that decided
    Column("at", Utc, nullable=False),
    Column("job_id", String(64)),
    Column("party", String(16), nullable=False),  # channel, share, referral or nobody
    Column("who", String(128), nullable=False),  # its name, "" for nobody
    Column("link", String(32)),
    Column("steps", Text, nullable=False),  # JSON: why, step by step
    Column("facts", String(32), nullable=False),  # digest of what it was decided from
    Index("ix_credits_application", "source", "application"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("channel", String(64), primary_key=True),
    Column("seed", String(32), nullable=False),  # digest of what a person gave: other, start anew
    Column("sealed", LargeBinary, nullable=False),  # encrypted; the key is not in the ledger
    Column("version", Integer, nullable=False),
    Column("lease_until", Utc),  # somebody is renewing them
)
