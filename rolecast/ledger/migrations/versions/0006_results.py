"""What came of each link, and what networks counted.

`results` and `applications` start empty; the next gathering of clicks fills them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

NAME = sa.String(64)
SHORT = sa.String(16)
LINK = sa.String(32)


def upgrade():
    op.create_table(
        "results",
        sa.Column("link", LINK, primary_key=True),
        sa.Column("job_id", NAME, nullable=False),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("moment", SHORT, nullable=False),
        sa.Column("variant", LINK, nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("ended", sa.Integer),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("human", sa.BigInteger, nullable=False),
        sa.Column("applied", sa.Integer, nullable=False),
        sa.Column("interviewed", sa.Integer, nullable=False),
        sa.Column("hired", sa.Integer, nullable=False),
        sa.Column("shown", sa.BigInteger),
    )
    op.create_index("ix_results_job_id", "results", ["job_id", "hour", "ended", "channel"])
    op.create_table(
        "results_daily",
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("channel", NAME, primary_key=True),
        sa.Column("moment", SHORT, primary_key=True),
        sa.Column("variant", LINK, primary_key=True),
        *_sums(),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "results_hourly",
        sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
        *_sums(),
    )
    op.create_table(
        "awaited",
        sa.Column("job_id", NAME, primary_key=True),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("ended", sa.Integer),
        sa.Column("applied", sa.Integer),
    )
    op.create_table(
        "applications",
        sa.Column("source", NAME),
        sa.Column("application", sa.String(128)),
        sa.Column("job_id", NAME),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("stage", SHORT, nullable=False),
        sa.Column("party", SHORT, nullable=False),
        sa.Column("link", LINK),
        sa.PrimaryKeyConstraint("source", "application", name="pk_applications"),
    )
    op.create_index("ix_applications_hour", "applications", ["hour", "party", "stage"])
    of_job = ["job_id", "hour", "party", "stage"]
    op.create_index("ix_applications_job_id", "applications", of_job)
    op.create_index("ix_applications_link", "applications", ["link", "stage"])
    op.create_table(
        "caught_up",
        sa.Column("name", SHORT, primary_key=True),
        sa.Column("place", sa.BigInteger, nullable=False),
    )
    of = sa.ForeignKey("publications.id", name="fk_counts_publication_id_publications")
    op.create_table(
        "counts",
        sa.Column("publication_id", sa.BigInteger, of, primary_key=True),
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        *[
            sa.Column(name, sa.BigInteger)
            for name in ("impressions", "clicks", "likes", "comments", "reshares")
        ],
    )
    # What has changed since: asked every second.
    op.create_index("ix_publications_updated", "publications", ["updated"])
    # What needs a person: asked with every look at the desk.
    odd = sa.text("reason is not null or drift is not null")
    partial = {"sqlite_where": odd, "postgresql_where": odd}
    columns = ["state", "channel", "job_id", "moment"]
    op.create_index("ix_publications_odd", "publications", columns, **partial)
    broken = sa.text("apply_problem is not null")
    partial = {"sqlite_where": broken, "postgresql_where": broken}
    op.create_index("ix_jobs_broken", "jobs", ["id"], **partial)


def _sums():
    names = ("links", "human", "squares", "applied", "interviewed", "hired", "counted", "shown")
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]
