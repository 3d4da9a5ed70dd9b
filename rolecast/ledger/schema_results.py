"""The ledger's tables of what came of links, and of what networks counted.

`results` and `applications` are made from publications, links, clicks and credit, for pages that
compare many at once; see rolecast.ledger.results. They can be made again at any time.
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
    # Whole answers stand in these: a page that sums 100,000 links reads nothing else.
    Index(
        "ix_results_channel",
        *("channel", "moment", "variant", "hour", "human", "applied", "interviewed", "hired"),
        "shown",
    ),
    Index("ix_results_hour", "hour", "channel", "human", "applied", "interviewed", "hired"),
    Index("ix_results_job_id", "job_id", "hour", "ended", "channel"),
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

# How far the two above have been made.
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
