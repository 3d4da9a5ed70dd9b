"""Clicks with class and reason, their sums, outcomes and credit."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
EPOCH = {
    "sqlite": "cast(strftime('%s', at) as integer)",
    "postgresql": "cast(extract(epoch from at) as bigint)",
}


def upgrade():
    op.create_index("ix_links_made", "links", ["made"])
    # A copy, since PostgreSQL would keep the old key's name for a table that is renamed.
    op.execute("create table clicks_before as select * from clicks")
    op.drop_table("clicks")
    op.create_table(
        "clicks",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("link", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("device", sa.String(16), nullable=False),
        sa.Column("referrer", sa.Text),
        sa.Column("country", sa.String(2)),
        sa.Column("agent", sa.String(40), nullable=False, server_default=""),
        sa.Column("signals", sa.String(64), nullable=False, server_default=""),
        sa.Column("visitor", sa.BigInteger),
        sa.Column("late", sa.Integer, nullable=False, server_default="0"),
        sa.Column("class", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False, server_default=""),
        sa.Column("rules", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("ix_clicks_at", "clicks", ["at"])
    op.create_index("ix_clicks_visitor_at", "clicks", ["visitor", "at"])
    for name, keys in {
        "clicks_hourly": [("link", sa.String(32)), ("hour", sa.Integer)],
        "clicks_daily": [
            ("day", sa.Integer), ("channel", sa.String(64)), ("moment", sa.String(16)),
        ],
        "clicks_total": [("job_id", sa.String(64)), ("link", sa.String(32))],
    }.items():  # fmt: skip
        op.create_table(
            name,
            *[sa.Column(key, kind, primary_key=True, autoincrement=False) for key, kind in keys],
            sa.Column("class", sa.String(8), primary_key=True),
            sa.Column("count", sa.BigInteger, nullable=False),
            sqlite_with_rowid=False,
        )
    op.create_table(
        "clicks_segments",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("place", sa.BigInteger, nullable=False),
        sa.Column("damaged", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_table(
        "clicks_intake",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "outcomes",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("application", sa.String(128), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received", sa.DateTime(timezone=True), nullable=False),
        sa.Column("job_id", sa.String(64)),
        sa.Column("links", sa.Text),
        sa.Column("earlier", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("source", "key"),
    )
    op.create_index("ix_outcomes_application", "outcomes", ["source", "application"])
    op.create_index("ix_outcomes_job_id", "outcomes", ["job_id"])
    op.create_table(
        "credits",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("application", sa.String(128), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("rules", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("job_id", sa.String(64)),
        sa.Column("party", sa.String(16), nullable=False),
        sa.Column("who", sa.String(128), nullable=False),
        sa.Column("link", sa.String(32)),
        sa.Column("steps", sa.Text, nullable=False),
        sa.Column("facts", sa.String(32), nullable=False),
    )
    op.create_index("ix_credits_application", "credits", ["source", "application"])
    _carry_over()


def _carry_over():
    """Old clicks with what was known of them; the sums from all of them."""
    epoch = EPOCH[op.get_context().dialect.name]
    op.execute(
        "insert into clicks (link, at, device, referrer, signals, class, reason) "
        f"select link, {epoch} * 1000000, device, referrer, "
        "case device when 'bot' then 'declared' else '' end, "
        "case device when 'bot' then 'bot' else 'human' end, "
        "case device when 'bot' then 'declared' else '' end from clicks_before"
    )
    op.execute("update clicks set device = 'other' where device = 'bot'")
    op.execute(
        "insert into clicks_hourly (link, hour, class, count) "
        "select link, at / 3600000000, class, count(*) from clicks group by 1, 2, 3"
    )
    op.execute(
        "insert into clicks_daily (day, channel, moment, class, count) "
        "select at / 86400000000, channel, moment, class, count(*) "
        "from clicks join links on code = link group by 1, 2, 3, 4"
    )
    op.execute(
        "insert into clicks_total (job_id, link, class, count) "
        "select job_id, link, class, count(*) "
        "from clicks join links on code = link group by 1, 2, 3"
    )
    op.drop_table("clicks_before")
