"""What goes out next, and the first day of jobs in the list of them."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

NAME = sa.String(64)
UTC = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "coming",
        sa.Column("job_id", NAME, primary_key=True),
        sa.Column("channel", NAME, primary_key=True),
        sa.Column("moment", sa.String(16), primary_key=True),
        sa.Column("ready", UTC, nullable=False),
        sa.Column("since", UTC, nullable=False),
        sa.Column("until", UTC),
        sa.Column("priority", sa.String(16), nullable=False),
        sa.Column("before", sa.Integer, nullable=False),
        sa.Column("first_look", sa.Integer, nullable=False),
    )
    op.create_index("ix_coming_ready", "coming", ["ready"])
    op.add_column("overview", sa.Column("opens", sa.String(32)))
    _first_days()


def _first_days():
    jobs = sa.table("jobs", sa.column("id"), sa.column("spec"))
    overview = sa.table("overview", sa.column("job_id"), sa.column("opens"))
    conn = op.get_bind()
    found = conn.execute(sa.select(jobs).where(jobs.c.spec.contains('"opens":')))
    rows = [{"b_id": id_, "b_opens": json.loads(spec).get("opens")} for id_, spec in found]
    if rows:
        of = sa.update(overview).where(overview.c.job_id == sa.bindparam("b_id"))
        conn.execute(of.values(opens=sa.bindparam("b_opens")), rows)
