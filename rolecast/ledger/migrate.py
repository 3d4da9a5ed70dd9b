"""Brings a ledger's tables up to date with Alembic. Migrations go forward only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from rolecast.ledger import Ledger, LedgerError

LOCK = 0x526F6C65  # any fixed number: one migration at a time on PostgreSQL


def config() -> Config:
    """Alembic's configuration, without a file of its own."""
    result = Config()
    result.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    result.set_main_option("path_separator", "os")
    return result


def upgrade(ledger: Ledger) -> None:
    """Run the migrations that are missing, in one transaction.

    Raises LedgerError for a database that a newer Rolecast has written.
    """
    settings = config()
    with ledger.engine.connect() as conn, _without_references(ledger, conn), conn.begin():
        if not ledger.is_sqlite:
            conn.execute(text("select pg_advisory_xact_lock(:n)"), {"n": LOCK})
        settings.attributes["connection"] = conn
        try:
            command.upgrade(settings, "head")
        except CommandError as error:
            raise LedgerError(
                f"the ledger was written by a newer Rolecast ({error}); update Rolecast"
            ) from error


@contextmanager
def _without_references(ledger: Ledger, conn: Connection) -> Iterator[None]:
    """SQLite changes a table by making it anew, and asks us to look away meanwhile, from outside
    of the transaction (sqlite.org/lang_altertable.html, 7)."""
    if not ledger.is_sqlite:
        yield
        return
    sqlite = conn.connection.dbapi_connection
    sqlite.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        sqlite.execute("PRAGMA foreign_keys=ON")
