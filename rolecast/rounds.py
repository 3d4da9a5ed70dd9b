"""What has to be done again and again for colleagues: tell, remind, forget."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from rolecast import bonuses, finding, news, referrals
from rolecast.ledger import Ledger, mails, people
from rolecast.settings import Settings

KEPT = timedelta(days=30)  # how long it is known that a mail was sent


def run(ledger: Ledger, settings: Settings, now: datetime) -> dict[str, int]:
    """Do what is due; answers how many of each. Running twice does nothing the second time.

    What fails does not keep the rest from being done. Raises ExceptionGroup at the end.
    """
    steps: dict[str, Callable[[], int]] = {
        "bonuses due": lambda: bonuses.ripen(ledger, settings.people, now),
        "referrals not delivered": lambda: referrals.undelivered(ledger, now),
        "referrals forgotten": lambda: referrals.tidy(ledger, now),
        "news mailed": lambda: news.mail(ledger, settings, now),
        "digests mailed": lambda: finding.digests(ledger, settings, now),
        "mails forgotten": lambda: _forget(ledger, lambda c: mails.forget(c, now - KEPT)),
        "sessions ended": lambda: _forget(ledger, lambda c: people.forget_ended(c, now)),
    }
    done, failed = {}, []
    for name, step in steps.items():
        try:
            done[name] = step()
        except Exception as error:  # the other steps concern other people
            error.add_note(name)
            failed.append(error)
    if failed:
        raise ExceptionGroup("not everything could be done", failed)
    return done


def _forget(ledger: Ledger, work: Callable[..., int]) -> int:
    with ledger.begin() as conn:
        return work(conn)
