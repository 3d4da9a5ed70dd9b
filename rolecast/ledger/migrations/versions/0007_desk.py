"""The desk: jobs as a list shows them, decisions that can be undone, how the channels are."""

import json
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

ID = sa.String(16)
NAME = sa.String(64)
UTC = sa.DateTime(timezone=True)
ODD = sa.text("reason is not null or drift is not null or unwanted is not null")
DECIDED = sa.text("action = 'decide'")


def upgrade():
    op.add_column("publications", sa.Column("unwanted", sa.Text))
    op.drop_index("ix_publications_state", "publications")
    columns = ["state", "channel", "job_id", "moment"]
    op.create_index("ix_publications_state", "publications", columns)
    partial = {"sqlite_where": ODD, "postgresql_where": ODD}
    op.drop_index("ix_publications_odd", "publications")  # it was of fewer posts
    op.create_index("ix_publications_odd", "publications", columns, **partial)
    partial = {"sqlite_where": DECIDED, "postgresql_where": DECIDED}
    op.create_index("ix_attempts_decided", "attempts", ["started"], **partial)
    op.create_index("ix_approvals_at", "approvals", ["at"])
    op.create_index("ix_events_at", "events", ["at"])
    _lists()
    _channels()


def _lists():
    overview = op.create_table(
        "overview",
        sa.Column("job_id", NAME, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("sorting", sa.Text, nullable=False),
        sa.Column("team", sa.Text, nullable=False),
        sa.Column("status", ID, nullable=False),
        sa.Column("closes", sa.String(32)),
        sa.Column("removed", sa.Integer, nullable=False),
        sa.Column("first_seen", UTC, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    op.create_index("ix_overview_first_seen", "overview", ["first_seen", "job_id"])
    op.create_index("ix_overview_sorting", "overview", ["sorting", "job_id"])
    names = ("id", "spec", "removed", "first_seen")
    jobs = sa.table("jobs", *(sa.column(name) for name in names))
    rows = [_listed(*row) for row in op.get_bind().execute(sa.select(jobs))]
    if rows:
        # SQLite hands times over as the text that it keeps, and takes them so.
        texts = sa.table("overview", *(sa.column(c.name) for c in overview.columns))
        op.get_bind().execute(sa.insert(texts), rows)
    op.create_table(
        "decisions",
        sa.Column("id", ID, primary_key=True),
        sa.Column("what", ID, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("left", sa.Text, nullable=False),
        sa.Column("undone", UTC),
        sa.Column("undone_by", sa.Text),
    )
    op.create_index("ix_decisions_at", "decisions", ["at"])
    op.create_table(
        "decided",
        sa.Column("decision_id", ID, sa.ForeignKey("decisions.id"), primary_key=True),
        sa.Column("publication_id", sa.Integer, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
    )


def _channels():
    op.create_table(
        "channel_health",
        sa.Column("channel", NAME, primary_key=True),
        sa.Column("changed", UTC, nullable=False),
        sa.Column("checked", UTC),
        sa.Column("named", sa.Text),
        sa.Column("trouble", sa.Text),
        sa.Column("warnings", sa.Text),
        sa.Column("limit_of", sa.Integer),
        sa.Column("limit_left", sa.Integer),
        sa.Column("limit_resets", UTC),
        sa.Column("token_ends", UTC),
        sa.Column("done", UTC),
        sa.Column("failed", UTC),
        sa.Column("reason", sa.Text),
    )
    op.create_table(
        "rehearsals",
        sa.Column("id", ID, primary_key=True),
        sa.Column("channel", NAME, nullable=False),
        sa.Column("job_id", NAME, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("asked", UTC, nullable=False),
        sa.Column("changed", UTC, nullable=False),
        sa.Column("state", ID, nullable=False),
        sa.Column("address", sa.Text),
        sa.Column("detail", sa.Text),
    )
    op.create_index("ix_rehearsals_channel", "rehearsals", ["channel", "asked"])
    op.create_index("ix_rehearsals_state", "rehearsals", ["state"])
    op.create_table(
        "beats",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("at", UTC, nullable=False),
    )
    op.create_table(
        "progress",
        sa.Column("plan", sa.String(32), primary_key=True),
        sa.Column("started", UTC, nullable=False),
        sa.Column("changed", UTC, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("done", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failed", sa.Integer, nullable=False, server_default="0"),
    )
    op.create_index("ix_progress_changed", "progress", ["changed"])


def _listed(id_, spec, removed, first_seen):
    """As rolecast.ledger.overview has it on the day of this migration."""
    said = json.loads(spec)
    places = [place.get("city") for place in said.get("locations", ())]
    words = [said.get("title", id_), said.get("team") or "", id_, *places, *said.get("tags", ())]
    return {
        "job_id": id_,
        "title": said.get("title", id_),
        "sorting": _folded(said.get("title", id_))[:200],
        "team": said.get("team") or "",
        "status": said.get("status", "open"),
        "closes": said.get("closes"),
        "removed": removed,
        "first_seen": first_seen,
        "words": _folded(" ".join(word or "" for word in words)),
    }


def _folded(text):
    plain = unicodedata.normalize("NFKD", text)
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()
