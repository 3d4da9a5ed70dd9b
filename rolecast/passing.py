"""What recruiters do with a referral: take it up, tie it to an application, keep the promise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from rolecast import crediting, naming
from rolecast.credit import Rules
from rolecast.ledger import Ledger, events, outcomes
from rolecast.ledger import referrals as store
from rolecast.ledger.referral_states import OWED, TRANSITIONS, WITH_US, State
from rolecast.ledger.referrals import Referral
from rolecast.outcomes import Stage
from rolecast.promises import promised
from rolecast.referrals import ALONE, Missing, NotPossible, follow, step, tell
from rolecast.settings import Settings
from rolecast.told import N_

LONGEST = timedelta(days=90)  # of a promise
Work = Callable[..., None]


class Desk:
    """Everything for one recruiter. who: their mail address, for the job's history."""

    def __init__(self, ledger: Ledger, settings: Settings, rules: Rules, who: str):
        self.ledger, self.settings, self.rules, self.who = ledger, settings, rules, who

    @property
    def days(self) -> int:
        """Working days of a promise."""
        return self.settings.people.promise_days

    def set(self, id_: str, state: str, now: datetime) -> None:
        """Say how far it has come. Raises Missing, NotPossible."""
        with self.ledger.begin(alone=ALONE) as conn:
            one = self._get(conn, id_)
            if state not in TRANSITIONS[one.state] or state in (State.rejected, State.withdrawn):
                raise NotPossible(N_("It has come further meanwhile. Look again."))
            self._step(conn, one, State(state), now)

    def reject(self, id_: str, word: str, now: datetime) -> None:
        """End it, with a word for the colleague. Raises Missing, NotPossible, naming.NotThus."""
        word = _word(word)
        with self.ledger.begin(alone=ALONE) as conn:
            one = self._get(conn, id_)
            if State.rejected not in TRANSITIONS[one.state]:
                raise NotPossible(N_("It has ended meanwhile. Look again."))
            self._step(conn, one, State.rejected, now, word)

    def extend(self, id_: str, day: str, word: str, now: datetime) -> None:
        """Promise another day (as 2026-12-04), with a word for the colleague. Raises Missing,
        NotPossible, naming.NotThus."""
        until, word = _until(day, now), _word(word)
        with self.ledger.begin(alone=ALONE) as conn:
            one = self._get(conn, id_)
            if one.state not in OWED:
                raise NotPossible(N_("It has ended meanwhile. Look again."))
            store.change(conn, id_, promise=until, word=word, changed=now)
            tell(conn, one, "extended", now)
            self._write_down(conn, one, f"promised for {until:%Y-%m-%d}", now)

    def tie(self, id_: str, source: str, application: str, now: datetime) -> None:
        """Say which application it became: its news move it from now on, and those that came
        already. source: the system that knows the number; "": the only one. Raises Missing,
        NotPossible."""
        application = application.strip()
        if not application.isascii() or not application.isprintable() or " " in application:
            raise NotPossible(N_("Write the system's number of the application; no name."))
        if not application or len(application) > 128 or "@" in application:
            raise NotPossible(N_("Write the system's number of the application; no name."))
        with self.ledger.begin(alone=ALONE) as conn:
            one = self._get(conn, id_)
            if one.state not in (*WITH_US, State.rejected):
                raise NotPossible(N_("It has ended meanwhile. Look again."))
            source = source or self._source(conn, application)
            store.change(conn, id_, source=source, application=application)
            follow(conn, self.days, source, application, Stage.applied, (), now)
            for each in {(one.source, one.application), (source, application)}:
                if each[1] and outcomes.of_application(conn, *each):  # credit changes with it
                    crediting.settle(conn, *each, self.rules, now)
            self._write_down(conn, one, f"is application {application} from {source}", now)

    def _source(self, conn, application: str) -> str:
        try:
            return crediting.find(conn, application)[0]
        except crediting.Unknown as error:
            raise NotPossible(
                N_("Nothing is known of “%(number)s” yet, or several systems have it. Choose one."),
                number=application,
            ) from error

    def _get(self, conn, id_: str) -> Referral:
        one = store.get(conn, id_)
        if one is None or one.friend is None or one.state is State.asked:
            raise Missing(id_)
        return one

    def _step(
        self, conn, one: Referral, new: State, now: datetime, word: str | None = None
    ) -> None:
        if not step(conn, one, new, now, self.days, word):
            raise NotPossible(N_("Somebody has changed it at this moment. Look again."))
        self._write_down(conn, one, new.value.replace("_", " "), now)

    def _write_down(self, conn, one: Referral, what: str, now: datetime) -> None:
        """In the job's history, which names no friend."""
        events.add(conn, [events.Event(one.job_id, now, self.who, "referral", what)])


def _word(text: str) -> str:
    word = naming.text({"note": text}, "note")
    if not word:
        raise NotPossible(N_("Write a sentence to the colleague: it is read."))
    return word


def _until(day: str, now: datetime) -> datetime:
    try:
        wanted = datetime.combine(date.fromisoformat(day.strip()), now.time(), UTC)
    except ValueError as error:
        raise NotPossible(N_("Choose a day.")) from error
    if not now <= wanted <= now + LONGEST:
        raise NotPossible(N_("Choose a day from today on, within the next 90 days."))
    return promised(wanted, 0)


__all__ = ["Desk", "Missing", "NotPossible"]
