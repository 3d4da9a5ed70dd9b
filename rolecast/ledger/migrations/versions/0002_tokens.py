"""Access tokens that networks renew, sealed."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.create_table(
        "tokens",
        sa.Column("channel", sa.String(64), primary_key=True),
        sa.Column("seed", sa.String(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
    )
