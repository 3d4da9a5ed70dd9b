"""Alembic's entry: works on the connection that rolecast.ledger.migrate hands over."""

from alembic import context

from rolecast.ledger import schema_desk, schema_results
from rolecast.ledger.schema_people import metadata

# All tables are in it.
assert schema_results.metadata is metadata
assert schema_desk.metadata is metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
