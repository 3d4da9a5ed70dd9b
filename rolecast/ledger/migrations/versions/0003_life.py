"""The life of an advert: approvals, what a look has found, what happened to a job."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade():
    op.add_column("publications", sa.Column("rendered_for", sa.String(64)))
    op.add_column("publications", sa.Column("seen_at", sa.DateTime(timezone=True)))
    op.add_column("publications", sa.Column("seen_hash", sa.String(32)))
    op.add_column("publications", sa.Column("drift", sa.Text))
    op.add_column("jobs", sa.Column("linted", sa.Text))
    op.add_column("jobs", sa.Column("apply_checked", sa.DateTime(timezone=True)))
    op.add_column("jobs", sa.Column("apply_problem", sa.Text))
    op.create_index("ix_attempts_started", "attempts", ["started"])
    op.create_table(
        "approvals",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("moment", sa.String(16), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("post_hash", sa.String(32), nullable=False),
        sa.Column("approved", sa.Integer),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.Text),
        sa.Column("post", sa.Text),
        sa.Column("revision", sa.BigInteger),
        sa.Column("run", sa.Text),
    )
    op.create_index("ix_approvals_job_id", "approvals", ["job_id"])
    op.create_table(
        "events",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("what", sa.String(32), nullable=False),
        sa.Column("detail", sa.Text),
    )
    op.create_index("ix_events_job_id", "events", ["job_id"])
