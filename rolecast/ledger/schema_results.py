"""The ledger's tables of what came of links, and of what networks counted.

All but the last are made from publications, links, clicks and credit, for pages that compare many
at once; see rolecast.ledger.results. They can be made again at any time.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
)

from rolecast.ledger.schema import Utc, metadata

# A line for each link that is out, of a post or of a colleague.
results = Table(
    "results",
    metadata,
    Column("link", String(32), primary_key=True),
    Column("job_id", String(64), nullable=False),
    Column("channel", String(64), nullable=False),  # as in `links`
    Column("moment", String(16), nullable=False),
    Column("variant", String(32), nullable=False),  # of the template; "" for colleagues' links
    Column("hour", Integer, nullable=False),  # when it first was out: hours since 1970, UTC
    Column("ended", Integer),  # when its post was taken down, likewise; None: it is out
    Column("revision", BigInteger, nullable=False),  # of the publication that was read
    Column("human", BigInteger, nullable=False),  # clicks by persons
    Column("applied", Integer, nullable=False),  # credited applications that came at least so far
    Column("interviewed", Integer, nullable=False),
    Column("hired", Integer, nullable=False),
    Column("shown", BigInteger),  # impressions as the network counts them; None: not measured
    Index("ix_results_job_id", "job_id", "hour", "ended", "channel"),
)


def _sums() -> list[Column]:
    """Of several lines of `results`. squares: of each one's clicks, for how much they vary;
    counted: those whose impressions are measured."""
    names = ("links", "human", "squares", "applied", "interviewed", "hired", "counted", "shown")
    return [Column(name, BigInteger, nullable=False) for name in names]


# Sums of `results` by what they are compared by: kept with every change of a line.
results_daily = Table(
    "results_daily",
    metadata,
    Column("day", Integer, primary_key=True),  # when the links were first out; days since 1970
    Column("channel", String(64), primary_key=True),
    Column("moment", String(16), primary_key=True),
    Column("variant", String(32), primary_key=True),
    *_sums(),
    sqlite_with_rowid=False,
)

results_hourly = Table(
    "results_hourly",
    metadata,
    Column("hour", Integer, primary_key=True, autoincrement=False),  # likewise; of posts alone
    *_sums(),
)

# A line for each job that was out: how long it waits for its first application.
awaited = Table(
    "awaited",
    metadata,
    Column("job_id", String(64), primary_key=True),
    Column("hour", Integer, nullable=False),  # when its first post was out
    Column("ended", Integer),  # when its last post was taken down; None: one is out
    Column("applied", Integer),  # when the first application came
)

# A line for each application, as it stands by the decision that holds.
applications = Table(
    "applications",
    metadata,
    Column("source", String(64)),
    Column("application", String(128)),
    Column("job_id", String(64)),
    Column("hour", Integer, nullable=False),  # when it came: hours since 1970, UTC
    Column("stage", String(16), nullable=False),
    Column("party", String(16), nullable=False),  # channel, share, referral or nobody
    Column("link", String(32)),
    PrimaryKeyConstraint("source", "application"),
    Index("ix_applications_hour", "hour", "party", "stage"),
    Index("ix_applications_job_id", "job_id", "hour", "party", "stage"),
    Index("ix_applications_link", "link", "stage"),
)

# How far these have been made.
caught_up = Table(
    "caught_up",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("place", BigInteger, nullable=False),
)

# What a network counted of a post: its last figures of each day. None: not measured, not 0.
counts = Table(
    "counts",
    metadata,
    Column("publication_id", BigInteger, ForeignKey("publications.id"), primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),  # days since 1970, UTC
    Column("at", Utc, nullable=False),
    Column("impressions", BigInteger),
    Column("clicks", BigInteger),
    Column("likes", BigInteger),
    Column("comments", BigInteger),
    Column("reshares", BigInteger),
)
