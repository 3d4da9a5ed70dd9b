"""Access tokens that a network renews: sealed in the ledger, renewed by one worker for all.

A refresh token often works once: two workers that renew at the same time would lock both out. So
one takes a lease and renews, and the others wait for what it got. What stands in the ledger is
encrypted with ROLECAST_KEY, which does not stand there.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken

from rolecast.channels import KEY
from rolecast.connector import Tokens, Unauthorised, Unavailable
from rolecast.ledger import Ledger, tokens
from rolecast.ledger.tokens import Row

LEASE = timedelta(seconds=60)
PATIENCE = 45.0  # seconds that we wait for another worker's renewal


class VaultError(Unauthorised):
    """The vault cannot be used; the message says what to do."""


class LedgerVault:
    """The tokens of one channel."""

    def __init__(self, ledger: Ledger, channel: str, key: str):
        try:
            self.fernet = Fernet(key.encode())
        except ValueError as error:
            raise VaultError(
                f"{KEY} is no key; make one with: "
                "python -c 'from cryptography.fernet import Fernet as F; "
                "print(F.generate_key().decode())'"
            ) from error
        self.ledger, self.channel = ledger, channel

    def tokens(self, given: Tokens) -> Tokens:
        """What is valid now: what was last renewed, or what a person has given since."""
        seed = _seed(given)
        with self.ledger.read() as conn:
            row = tokens.get(conn, self.channel)
        if row is None or row.seed != seed:
            given = given.model_copy(update={"since": given.since or datetime.now(UTC)})
            with self.ledger.begin(alone="tokens") as conn:
                row = tokens.get(conn, self.channel)
                if row is None or row.seed != seed:
                    row = Row(seed, self._sealed(given), 1)
                    tokens.start(conn, self.channel, row)
        return self._opened(row)

    def renewed(self, stale: Tokens, renew: Callable[[Tokens], Tokens]) -> Tokens:
        """What follows `stale`. Only one worker calls `renew`; the others get what it got."""
        deadline = time.monotonic() + PATIENCE
        while True:
            now = datetime.now(UTC)
            with self.ledger.begin() as conn:
                row = tokens.get(conn, self.channel)
                if row is None:
                    raise Unauthorised("the tokens are not in the ledger any more")
                current = self._opened(row)
                if current.access != stale.access:
                    return current
                ours = tokens.lease(conn, self.channel, row.version, now, now + LEASE)
            if ours:
                return self._renew(row, current, renew)
            if time.monotonic() > deadline:
                raise Unavailable("another worker is renewing the token", LEASE.total_seconds())
            time.sleep(0.1)

    def ends(self) -> datetime | None:
        """When the access token that is kept now ends; None: it is not known, or none is kept."""
        with self.ledger.read() as conn:
            row = tokens.get(conn, self.channel)
        return self._opened(row).expires if row else None

    def _renew(self, row: Row, current: Tokens, renew: Callable[[Tokens], Tokens]) -> Tokens:
        try:
            fresh = renew(current)
        except BaseException:
            with self.ledger.begin() as conn:
                tokens.release(conn, self.channel, row.version)
            raise
        with self.ledger.begin() as conn:
            tokens.renewed(conn, self.channel, row.version, self._sealed(fresh))
        return fresh

    def _sealed(self, opened: Tokens) -> bytes:
        return self.fernet.encrypt(opened.plain().encode())

    def _opened(self, row: Row) -> Tokens:
        try:
            return Tokens.model_validate_json(self.fernet.decrypt(row.sealed))
        except InvalidToken as error:
            raise Unauthorised(
                f"the tokens of {self.channel} were sealed with another {KEY}: set that one again, "
                "or authorise the channel anew"
            ) from error


def _seed(given: Tokens) -> str:
    """Names what a person gave, without giving it away."""
    plain = given.model_copy(update={"since": None}).plain()
    return hashlib.blake2b(plain.encode(), digest_size=16).hexdigest()
