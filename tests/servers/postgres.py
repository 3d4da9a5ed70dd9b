"""A PostgreSQL server."""

import os
import time

from .base import Server


class Postgres(Server):
    """``url`` is its maintenance database, as SQLAlchemy writes addresses."""

    script = "postgres"

    @property
    def libpq_url(self) -> str:
        """The same address as psycopg and psql write it."""
        return self.url.replace("postgresql+psycopg:", "postgresql:")

    def new_database(self) -> str:
        """Make an empty database; returns its address for SQLAlchemy."""
        import psycopg  # here, so that suites without it can use the other servers

        name = f"t{os.getpid()}_{time.time_ns()}"
        with psycopg.connect(self.libpq_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url.rsplit("/", 1)[0] + f"/{name}"

    def _signal(self, number: int) -> None:
        # Every backend is a session of its own: there is no group to freeze.
        raise NotImplementedError("PostgreSQL cannot be paused")
