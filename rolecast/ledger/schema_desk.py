"""The ledger's tables for the desk: jobs as a list shows them, decisions that can be undone, how
the channels are, what goes out next, and who is at work."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from rolecast.ledger.schema import Utc, metadata

# What a list of jobs needs, so that no job spec is read for it. Kept up with `jobs`.
overview = Table(
    "overview",
    metadata,
    Column("job_id", String(64), primary_key=True),
    Column("title", Text, nullable=False),
    Column("sorting", Text, nullable=False),  # the title, folded
    Column("team", Text, nullable=False),  # "" for none
    Column("status", String(16), nullable=False),  # as in the job spec
    Column("opens", String(32)),  # the first day, as in the job spec
    Column("closes", String(32)),  # the last day, likewise
    Column("removed", Integer, nullable=False),  # 1: its file is gone
    Column("first_seen", Utc, nullable=False),
    Column("words", Text, nullable=False),  # folded: no capital letters, no accents
    Index("ix_overview_first_seen", "first_seen", "job_id"),
    Index("ix_overview_sorting", "sorting", "job_id"),
)

# What somebody decided for several posts at once. It can be undone where nothing has come of it.
decisions = Table(
    "decisions",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("what", String(16), nullable=False),  # approve, retry, withdraw
    Column("who", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("left", Text, nullable=False),  # JSON: why others stayed as they were, and how many
    Column("undone", Utc),
    Column("undone_by", Text),
    Index("ix_decisions_at", "at"),
)

decided = Table(
    "decided",
    metadata,
    Column("decision_id", String(16), ForeignKey("decisions.id"), primary_key=True),
    Column("publication_id", Integer, primary_key=True),
    Column("revision", Integer, nullable=False),  # that the decision left it at
    Column("before", Text, nullable=False),  # JSON: what undoing puts back
)

channel_health = Table(
    "channel_health",
    metadata,
    Column("channel", String(64), primary_key=True),
    Column("changed", Utc, nullable=False),
    Column("checked", Utc),  # when somebody with its credentials last asked
    Column("named", Text),  # who we post as, as the network says
    Column("trouble", Text),  # why it did not answer; None: it did
    Column("warnings", Text),  # JSON: what a person should see to soon
    Column("limit_of", Integer),  # calls that the network allows in its time; None: not told
    Column("limit_left", Integer),
    Column("limit_resets", Utc),
    Column("token_ends", Utc),  # of an access token that is renewed
    Column("done", Utc),  # last time that something was carried out there
    Column("failed", Utc),  # and that it was not
    Column("reason", Text),  # of that
)

# Test posts that somebody asked for; whoever has the credentials carries them out.
rehearsals = Table(
    "rehearsals",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("channel", String(64), nullable=False),
    Column("job_id", String(64), nullable=False),
    Column("who", Text, nullable=False),
    Column("asked", Utc, nullable=False),
    Column("changed", Utc, nullable=False),
    Column("state", String(16), nullable=False),  # asked, running, done, failed
    Column("address", Text),
    Column("detail", Text),
    Index("ix_rehearsals_channel", "channel", "asked"),
    Index("ix_rehearsals_state", "state"),
)

# When the parts that run by themselves last gave a sign of life.
beats = Table(
    "beats",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("at", Utc, nullable=False),
)

# How far a plan has been carried out.
progress = Table(
    "progress",
    metadata,
    Column("plan", String(32), primary_key=True),  # digest
    Column("started", Utc, nullable=False),
    Column("changed", Utc, nullable=False),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False, server_default="0"),
    Column("failed", Integer, nullable=False, server_default="0"),
    Index("ix_progress_changed", "changed"),
)

# New posts of the next days, as last planned: what each one's turn depends on, so that a page can
# tell when it goes out without planning. See rolecast.today.
coming = Table(
    "coming",
    metadata,
    Column("job_id", String(64), primary_key=True),
    Column("channel", String(64), primary_key=True),
    Column("moment", String(16), primary_key=True),
    Column("ready", Utc, nullable=False),  # not earlier
    Column("since", Utc, nullable=False),  # the job is known so long
    Column("until", Utc),  # not from then on
    Column("priority", String(16), nullable=False),
    Column("before", Integer, nullable=False),  # posts of the job that the channel has had
    Column("first_look", Integer, nullable=False),  # 1: only colleagues see the job until then
    Index("ix_coming_ready", "ready"),
)
