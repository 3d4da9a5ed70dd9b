"""A mail server (Postfix, the real program) that keeps all mail for example.test."""

import email
import email.policy
import time
from email.message import EmailMessage

from .base import Server


class Postfix(Server):
    """Takes mail at ``host``:``port``."""

    script = "postfix"

    host = property(lambda self: self.facts["HOST"])
    port = property(lambda self: int(self.facts["PORT"]))

    def mails(self, to: str) -> list[EmailMessage]:
        """The mails that have arrived for an address; waits until the queue is empty."""
        deadline = time.monotonic() + 10
        while self._queued() and time.monotonic() < deadline:
            time.sleep(0.05)
        found = []
        for path in sorted((self.folder / "mail" / "all" / "new").glob("*")):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if mail["Delivered-To"] == to or to in (mail["To"] or ""):
                found.append(mail)
        return found

    def _queued(self) -> bool:
        spool = self.folder / "spool"
        files = [path for queue in ("incoming", "active") for path in (spool / queue).rglob("*")]
        # Postfix sets the owner's x on a file that holds a whole mail.
        return any(path.is_file() and path.stat().st_mode & 0o100 for path in files)
