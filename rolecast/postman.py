"""Carries mails from the ledger to the mail server: at once when told, and whatever became due."""

from __future__ import annotations

import logging
import threading

from rolecast import outbox
from rolecast.ledger import Ledger
from rolecast.publish import now_utc
from rolecast.settings import Mail

log = logging.getLogger("rolecast.mail")
EVERY = 5.0  # seconds between two looks at what became due, or was put there by another process


class Postman:
    """One thread that sends. Several processes may have one each: a mail is claimed by one."""

    def __init__(self, ledger: Ledger, settings: Mail, sender: outbox.Sender):
        self.ledger, self.settings, self.sender = ledger, settings, sender
        self._wake, self._stop = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)
        self._thread.start()

    def soon(self) -> None:
        """There is a mail that somebody waits for."""
        self._wake.set()

    def once(self) -> int:
        """Send what is due now; answers how many went."""
        return outbox.deliver(
            self.ledger, self.sender, self.settings, now_utc(), lambda: not self._stop.is_set()
        )

    def stop(self) -> None:
        """End after the mail that is being sent; the others wait in the ledger."""
        self._stop.set()
        self._wake.set()
        if self._thread:
            self._thread.join(outbox.TIMEOUT)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.once()
            except Ledger.Error as error:
                log.warning("mails wait, since the ledger cannot be read: %s", error)
            except Exception:  # one mail's trouble; the others have to go
                log.exception("a mail could not be sent")
            self._wake.wait(EVERY)
            self._wake.clear()
