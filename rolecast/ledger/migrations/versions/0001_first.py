"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Big = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Time = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "files",
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("mtime_ns", sa.BigInteger, nullable=False),
        sa.Column("inode", sa.Text, nullable=False),
        sa.Column("hash", sa.String(32), nullable=False),
        sa.Column("job_id", sa.String(64)),
        sa.Column("problems", sa.Text),
        sa.Column("quiet_for", sa.String(32)),
        sa.Column("quiet_revision", sa.BigInteger),
        sa.Column("quiet_until", Time),
    )
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("path", sa.Text, nullable=False),
        sa.Column("spec", sa.Text, nullable=False),
        sa.Column("spec_hash", sa.String(32), nullable=False),
        sa.Column("removed", sa.Integer, nullable=False, server_default="0"),
        sa.Column("first_seen", Time, nullable=False),
        sa.Column("updated", Time, nullable=False),
    )
    op.create_table(
        "links",
        sa.Column("code", sa.String(32), primary_key=True),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("moment", sa.String(16), nullable=False),
        sa.Column("made", Time, nullable=False),
        sa.UniqueConstraint("job_id", "channel", "moment", name="uq_links_job_id"),
    )
    op.create_table(
        "publications",
        sa.Column("id", Big, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("moment", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("round", sa.Integer, nullable=False, server_default="0"),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("link", sa.String(32), sa.ForeignKey("links.code"), nullable=False),
        sa.Column("made_at", Time),
        sa.Column("post", sa.Text),
        sa.Column("post_hash", sa.String(32)),
        sa.Column("receipt", sa.Text),
        sa.Column("pending", sa.String(16)),
        sa.Column("reason", sa.Text),
        sa.Column("not_before", Time),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("owner", sa.Text),
        sa.Column("lease_until", Time),
        sa.Column("revision", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("updated", Time, nullable=False),
        sa.UniqueConstraint("job_id", "channel", "moment", name="uq_publications_job_id"),
    )
    op.create_index("ix_publications_state", "publications", ["state"])
    op.create_table(
        "attempts",
        sa.Column("id", Big, primary_key=True, autoincrement=True),
        sa.Column(
            "publication_id", sa.BigInteger, sa.ForeignKey("publications.id"), nullable=False
        ),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("post", sa.Text),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("started", Time, nullable=False),
        sa.Column("finished", Time),
        sa.Column("outcome", sa.String(16)),
        sa.Column("detail", sa.Text),
        sa.Column("receipt", sa.Text),
    )
    op.create_index("ix_attempts_publication_id", "attempts", ["publication_id"])
    op.create_table(
        "plans",
        sa.Column("digest", sa.String(32), primary_key=True),
        sa.Column("made", Time, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "clicks",
        sa.Column("id", Big, primary_key=True, autoincrement=True),
        sa.Column("link", sa.String(32), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("device", sa.String(16), nullable=False),
        sa.Column("referrer", sa.Text),
    )
    op.create_index("ix_clicks_link", "clicks", ["link"])
