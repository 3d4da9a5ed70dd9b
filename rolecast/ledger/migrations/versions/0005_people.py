"""Colleagues: who they are, what they share, whom they name; and the list of jobs to search."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
ID = sa.String(16)
UTC = sa.DateTime(timezone=True)


def upgrade():
    # Several colleagues share one job at one place: a link of their own for each.
    with op.batch_alter_table("links") as links:
        links.drop_constraint("uq_links_job_id", type_="unique")
    op.create_table(
        "people",
        sa.Column("id", ID, primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("team", sa.Text),
        sa.Column("role", ID, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("language", sa.String(8)),
        sa.Column("made", UTC, nullable=False),
        sa.Column("looked", UTC),
        sa.Column("before", UTC),
        sa.Column("mails", sa.Integer, nullable=False, server_default="1"),
        sa.Column("ranked", sa.Integer, nullable=False, server_default="0"),
        sa.Column("tells", sa.String(8), nullable=False, server_default="mail"),
        sa.Column("off", sa.String(64)),
        sa.UniqueConstraint("email", name="uq_people_email"),
        sa.UniqueConstraint("off", name="uq_people_off"),
        sa.UniqueConstraint("subject", name="uq_people_subject"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("person_id", ID, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("made", UTC, nullable=False),
        sa.Column("seen", UTC, nullable=False),
        sa.Column("ends", UTC, nullable=False),
        sa.Column("device", sa.String(40), nullable=False),
    )
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"])
    op.create_table(
        "signins",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("browser", sa.String(64), nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("secret", sa.Text),
        sa.Column("goes_to", sa.Text, nullable=False),
        sa.Column("made", UTC, nullable=False),
        sa.Column("ends", UTC, nullable=False),
    )
    op.create_index("ix_signins_ends", "signins", ["ends"])
    op.create_table(
        "shares",
        sa.Column("id", ID, primary_key=True),
        sa.Column("person_id", ID, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("place", sa.String(24), nullable=False),
        sa.Column("link", sa.String(32), sa.ForeignKey("links.code"), nullable=False),
        sa.Column("made", UTC, nullable=False),
        sa.Column("words", sa.Text),
        sa.Column("lent", sa.Integer, nullable=False, server_default="0"),
        sa.Column("taken_from", ID),
        sa.UniqueConstraint("person_id", "job_id", "place", name="uq_shares_person_id"),
    )
    op.create_index("ix_shares_job_id", "shares", ["job_id"])
    op.create_index("ix_shares_link", "shares", ["link"])
    op.create_index("ix_shares_taken_from", "shares", ["taken_from"])
    op.create_table(
        "referrals",
        sa.Column("id", ID, primary_key=True),
        sa.Column("person_id", ID, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("friend", sa.Text),
        sa.Column("contact", sa.Text),
        sa.Column("how", sa.Text),
        sa.Column("note", sa.Text),
        sa.Column("word", sa.Text),
        sa.Column("mark", sa.String(64)),
        sa.Column("state", ID, nullable=False),
        sa.Column("secret", sa.String(64)),
        sa.Column("link", sa.String(32), sa.ForeignKey("links.code")),
        sa.Column("made", UTC, nullable=False),
        sa.Column("changed", UTC, nullable=False),
        sa.Column("ends", UTC, nullable=False),
        sa.Column("promise", UTC),
        sa.Column("source", sa.String(64)),
        sa.Column("application", sa.String(128)),
        sa.UniqueConstraint("secret", name="uq_referrals_secret"),
    )
    op.create_index("ix_referrals_job_id", "referrals", ["job_id"])
    op.create_index("ix_referrals_application", "referrals", ["source", "application"])
    op.create_index("ix_referrals_link", "referrals", ["link"])
    op.create_index("ix_referrals_mark", "referrals", ["mark", "job_id"])
    op.create_index("ix_referrals_person_id", "referrals", ["person_id"])
    op.create_index("ix_referrals_promise", "referrals", ["promise"])
    op.create_table(
        "silenced",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("job_id", sa.String(64)),
        sa.Column("made", UTC, nullable=False),
    )
    op.create_table(
        "bonuses",
        sa.Column("id", ID, primary_key=True),
        sa.Column("person_id", ID, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("application", sa.String(128), nullable=False),
        sa.Column("party", ID, nullable=False),
        sa.Column("amount", sa.String(24), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("state", ID, nullable=False),
        sa.Column("why", sa.String(40), nullable=False, server_default=""),
        sa.Column("made", UTC, nullable=False),
        sa.Column("started", UTC),
        sa.Column("due", UTC),
        sa.Column("paid", UTC),
        sa.UniqueConstraint("source", "application", "person_id", name="uq_bonuses_source"),
    )
    op.create_index("ix_bonuses_person_id", "bonuses", ["person_id"])
    op.create_index("ix_bonuses_state", "bonuses", ["state"])
    op.create_table(
        "touched",
        sa.Column("source", sa.String(64), primary_key=True),
        sa.Column("application", sa.String(128), primary_key=True),
        sa.Column("link", sa.String(32), primary_key=True),
        sa.Column("party", ID, nullable=False),
        sa.Column("at", UTC),
        sa.Column("parts", sa.Text, nullable=False),
    )
    op.create_index("ix_touched_link", "touched", ["link"])
    op.create_table(
        "notices",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("person_id", ID, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("at", UTC, nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("job_id", sa.String(64)),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("mailed", UTC),
    )
    op.create_index("ix_notices_mailed", "notices", ["mailed"])
    op.create_index("ix_notices_person_id", "notices", ["person_id"])
    op.create_table(
        "mails",
        sa.Column("id", ID, primary_key=True),
        sa.Column("person_id", ID, sa.ForeignKey("people.id", ondelete="CASCADE")),
        sa.Column("referral_id", ID, sa.ForeignKey("referrals.id", ondelete="CASCADE")),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("via", sa.String(8), nullable=False, server_default="mail"),
        sa.Column("address", sa.Text),
        sa.Column("off", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("body", sa.Text),
        sa.Column("state", ID, nullable=False),
        sa.Column("made", UTC, nullable=False),
        sa.Column("next", UTC, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("trouble", sa.Text),
    )
    op.create_index("ix_mails_state_next", "mails", ["state", "next"])
    op.create_table(
        "searches",
        sa.Column("id", ID, primary_key=True),
        sa.Column("person_id", ID, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("made", UTC, nullable=False),
        sa.Column("told", UTC, nullable=False),
        sa.UniqueConstraint("person_id", "query", name="uq_searches_person_id"),
    )
    op.create_table(
        "volunteers",
        sa.Column(
            "person_id", ID, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("team", sa.String(200), primary_key=True),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("mail", sa.Integer, nullable=False, server_default="0"),
        sa.Column("made", UTC, nullable=False),
    )
    op.create_table(
        "questions",
        sa.Column("id", ID, primary_key=True),
        sa.Column("person_id", ID, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("answers_to", ID, sa.ForeignKey("questions.id", ondelete="CASCADE")),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("made", UTC, nullable=False),
    )
    op.create_index("ix_questions_answers_to", "questions", ["answers_to"])
    op.create_index("ix_questions_job_id", "questions", ["job_id"])
    op.create_index("ix_questions_person_id", "questions", ["person_id"])
    op.create_table(
        "suggestions",
        sa.Column("id", ID, primary_key=True),
        sa.Column("person_id", ID, sa.ForeignKey("people.id", ondelete="CASCADE"), nullable=False),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("field", sa.String(40), nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False, server_default=""),
        sa.Column("named", sa.Integer, nullable=False, server_default="0"),
        sa.Column("state", ID, nullable=False),
        sa.Column("made", UTC, nullable=False),
        sa.Column("decided", UTC),
        sa.Column("decided_by", ID),
        sa.Column("reason", sa.Text),
    )
    op.create_index("ix_suggestions_job_id", "suggestions", ["job_id"])
    op.create_index("ix_suggestions_person_id", "suggestions", ["person_id"])
    op.create_index("ix_suggestions_state", "suggestions", ["state", "made"])
    _findable()


def _findable():
    op.create_index("ix_jobs_id_spec_hash", "jobs", ["id", "spec_hash", "removed"])
    op.create_table(
        "findable",
        sa.Column("number", BIG, primary_key=True, autoincrement=True),
        sa.Column("job_id", sa.String(64), nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("facets", sa.Text, nullable=False),
        sa.Column("goes_out", UTC),
        sa.Column("card", sa.Text, nullable=False),
        sa.UniqueConstraint("job_id", name="uq_findable_job_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_findable_job_id_mark", "findable", ["job_id", "mark"])
    op.create_table(
        "findable_terms",
        sa.Column("number", BIG, primary_key=True, autoincrement=True),
        sa.Column("term", sa.Text, nullable=False),
        sa.UniqueConstraint("term", name="uq_findable_terms_term"),
    )
    # The full texts: each database's own way.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "create virtual table findable_words using fts5(title, facts, body, "
            """tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co' """
            """tokenchars '+#'")"""
        )
        op.execute("create virtual table findable_grams using fts5(term, tokenize = 'trigram')")
    else:
        op.execute(
            "create table findable_words (number bigint primary key, head tsvector not null, "
            "body tsvector not null)"
        )
        op.execute("create index ix_findable_words_body on findable_words using gin (body)")
        op.execute(
            "create table findable_grams (number bigint primary key, grams tsvector not null)"
        )
        op.execute("create index ix_findable_grams_grams on findable_grams using gin (grams)")
