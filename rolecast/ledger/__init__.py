"""What is out there: the only SQL in the house.

    with ledger.begin() as conn:          # one transaction
        attempts.claim(conn, …)

Queries stand in one module per subject (jobs, publications, links, clicks,
plans) as functions whose first argument is the connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from rolecast.ledger.schema import HEAD


class LedgerError(Exception):
    """The ledger cannot be used; the message says what to do."""


class Ledger:
    """One ledger: an SQLite file, or a PostgreSQL database.

    address: an SQLAlchemy URL, such as sqlite:////var/rolecast/ledger.db or
    postgresql+psycopg://user@host/rolecast. Passwords belong in the
    environment (PGPASSWORD), not in the address.
    """

    Error = SQLAlchemyError  # what reading and writing may raise

    def __init__(self, address: str):
        self.url = make_url(address)
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgres(self.url)

    @property
    def is_sqlite(self) -> bool:
        """Whether the ledger is a file of our own machine."""
        return self.url.get_backend_name() == "sqlite"

    def open(self) -> Ledger:
        """Bring the tables up to date and answer self. Raises LedgerError."""
        version = self.version()
        if version != HEAD:
            from rolecast.ledger.migrate import upgrade  # Alembic is slow to import

            upgrade(self)
        return self

    def version(self) -> str | None:
        """The migration the database stands at, or None for an empty one."""
        with self.read() as conn:
            if not inspect(conn).has_table("alembic_version"):
                return None
            return conn.scalar(text("select version_num from alembic_version"))

    @contextmanager
    def begin(self, alone: str | None = None) -> Iterator[Connection]:
        """A transaction that may write; committed at the end, rolled back on an error.

        alone: a word for what only one may do at a time, such as looking whether something is
        there and adding it. SQLite has one writer anyway; on PostgreSQL the transactions of the
        same word wait for each other.
        """
        with self.engine.begin() as conn:
            if alone:
                take_turn(conn, alone)
            yield conn

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads, and so waits for nobody."""
        with self.engine.connect().execution_options(readonly=True) as conn:
            yield conn

    def watch(self) -> Watch:
        """Tells whether somebody has written."""
        return Watch(self)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def take_turn(conn: Connection, word: str) -> None:
    """From here to its end, a transaction is alone with `word`; see Ledger.begin."""
    if conn.dialect.name != "sqlite":
        conn.execute(text("select pg_advisory_xact_lock(hashtext(:of))"), {"of": word})


class Watch:
    """Tells whether anything may have been written since it was last asked. For one thread."""

    def __init__(self, ledger: Ledger):
        self._ledger = ledger
        self._conn: Connection | None = None
        # A number of SQLite's that other connections' commits change, and a place in PostgreSQL's
        # log: both cost nothing to ask for.
        self._question = text(
            "pragma data_version" if ledger.is_sqlite else "select pg_current_wal_lsn()"
        )
        self._last: object = None

    def changed(self) -> bool:
        """True the first time. Raises Ledger.Error."""
        if self._conn is None:
            self._conn = self._ledger.engine.connect().execution_options(readonly=True)
        last, self._last = self._last, self._conn.scalar(self._question)
        self._conn.rollback()  # a transaction that stays open sees nothing new
        return last != self._last

    def close(self) -> None:
        """Give the connection back; the next question opens another."""
        if self._conn is not None:
            self._conn.close()
        self._conn, self._last = None, None


def _sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": 30})

    @event.listens_for(engine, "connect")
    def _prepare(connection, _record):
        connection.isolation_level = None  # we say BEGIN ourselves
        for pragma in (
            "journal_mode=WAL",
            # FULL: a claim must be on the disk before the network is called, or a power
            # cut would forget it and the next run would post a second time.
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=30000",
            "cache_size=-32000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(conn):
        # IMMEDIATE takes the write lock first, so that no writer fails half-way with "locked".
        readonly = conn.get_execution_options().get("readonly")
        conn.exec_driver_sql("BEGIN" if readonly else "BEGIN IMMEDIATE")

    return engine


def _postgres(url: URL) -> Engine:
    if url.get_backend_name() != "postgresql":
        raise LedgerError(
            f"the ledger's address starts with {url.drivername!r}; "
            "write sqlite:///… or postgresql+psycopg://…"
        )
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10},  # seconds; a host that is silent is away
    )
