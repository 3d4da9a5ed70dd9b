"""Carries out the changes of a plan, each exactly once.

1. One transaction claims the publications (compare-and-set on the revision
   that was planned) and writes an attempt for each, with the post.
2. The connector is called with the post, whose key and link never change.
3. What came of it is written.

Whoever dies in between leaves an open attempt; rolecast.runs finds it and the
next plan looks at the network before anything is sent again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from rolecast import ending, runs
from rolecast.channels import Channel
from rolecast.connector import (
    ConnectorError,
    Guarantee,
    Http,
    OutcomeUnknown,
    Receipt,
    Refused,
    Unauthorised,
    Unavailable,
)
from rolecast.ending import as_json, live
from rolecast.ledger import Ledger, attempts, health, publications
from rolecast.ledger.attempts import Claim, Finish
from rolecast.ledger.publications import Publication
from rolecast.ledger.states import Outcome, State
from rolecast.plan import Action, Change
from rolecast.post import Post

log = logging.getLogger(__name__)

CHUNK = 100
LEASE = timedelta(minutes=15)
MARGIN = timedelta(minutes=3)  # a claim is prolonged when less than this is left

Step = Callable[[str], None]


@dataclass(frozen=True)
class Result:
    """What became of one change, in words for the recruiter."""

    change: Change
    state: State
    reason: str | None = None
    address: str | None = None

    @property
    def ok(self) -> bool:
        """Whether the change is done."""
        return self.state in (State.live, State.withdrawn, State.dropped) and not self.reason


def now_utc() -> datetime:
    """The clock."""
    return datetime.now(UTC)


def carry_out(
    ledger: Ledger,
    channels: Mapping[str, Channel],
    changes: Iterable[Change],
    http: Callable[[Channel], Http],
    *,
    clock: Callable[[], datetime] = now_utc,
    key: str | None = None,
    step: Step = lambda name: None,
    on_result: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Carry out `changes`, channel by channel; changes that have moved since the plan are left.

    http: gives a channel's way to its network. key: seals the tokens that networks renew. step:
    called with the name of every step, for tests that kill the process there. on_result: progress.
    Network trouble is never raised, it is written to the ledger and answered in the results.
    """
    by_channel: dict[str, list[Change]] = {}
    for change in changes:
        by_channel.setdefault(change.channel, []).append(change)
    results: list[Result] = []
    with runs.run() as owner:
        for name, todo in by_channel.items():
            run = _ChannelRun(ledger, channels[name], http, owner, clock, step, key)
            for result in run.all(todo):
                results.append(result)
                on_result(result)
    return results


class _ChannelRun:
    """One run's work on one channel."""

    def __init__(
        self,
        ledger: Ledger,
        channel: Channel,
        http: Callable[[Channel], Http],
        owner: str,
        clock: Callable[[], datetime],
        step: Step,
        key: str | None,
    ):
        self.ledger, self.channel, self.owner = ledger, channel, owner
        self.connector, self.clock, self.step = channel.connector, clock, step
        self._open_http, self._key = http, key
        self._http: Http | None = None
        self._lock = threading.Lock()
        self._stop: ConnectorError | None = None  # why nothing more goes to this network now

    def all(self, changes: Sequence[Change]) -> Iterator[Result]:
        quiet = [c for c in changes if c.action in (Action.hold, Action.drop)]
        yield from self._in_ledger(quiet)
        loud = [c for c in changes if c.action not in (Action.hold, Action.drop)]
        for start in range(0, len(loud), CHUNK):
            yield from self._chunk(loud[start : start + CHUNK])

    def _in_ledger(self, changes: Sequence[Change]) -> list[Result]:
        if not changes:
            return []
        results = []
        with self.ledger.begin() as conn:
            known = publications.of_ids(conn, [c.publication_id for c in changes])
            for change in changes:
                publication = known.get(change.publication_id)
                if publication is None or publication.revision != change.revision:
                    continue
                state, values = State.dropped, {"reason": None, "pending": None}
                if change.action is Action.hold:
                    state = State.held
                    values = {"reason": change.reason, "pending": change.pending}
                    if change.post:
                        values["post"] = change.post.model_dump_json()
                done = publications.set_state(conn, publication, state, self.clock(), **values)
                if done and (state is State.dropped or change.reason != publication.reason):
                    said = (self.owner, self.clock(), change.reason)
                    attempts.record(conn, publication, str(change.action), Outcome.absent, *said)
                reason = change.reason if state is State.held else None
                results.append(Result(change, state, reason))
        return results

    def _chunk(self, changes: Sequence[Change]) -> Iterator[Result]:
        todo = self._claim(changes)
        self.step("claimed")
        done: list[tuple[Change, Finish]] = []
        for change, finish in self._perform_all(todo):
            done.append((change, finish))
            # Where nobody but a person can tell whether a post is there, its receipt is
            # written at once; elsewhere a look would find it, so receipts go in batches.
            if self.connector.guarantee is Guarantee.BLIND or len(done) >= CHUNK:
                yield from self._write(done)
                done = []
        yield from self._write(done)

    def _claim(self, changes: Sequence[Change]) -> list[tuple[Change, Publication]]:
        now = self.clock()
        self.step("before-claim")
        with self.ledger.begin() as conn:
            before = publications.of_ids(conn, [c.publication_id for c in changes])
            stamped = [_stamp(c, before[c.publication_id], now) for c in changes]
            ours = attempts.claim(
                conn, [_claim_of(c) for c in stamped], self.owner, now + LEASE, now
            )
        return [(c, before[c.publication_id]) for c in stamped if c.publication_id in ours]

    def _perform_all(
        self, todo: Sequence[tuple[Change, Publication]]
    ) -> Iterator[tuple[Change, Finish]]:
        if self.connector.together:
            new = [(c, before) for c, before in todo if c.action is Action.publish]
            todo = [(c, before) for c, before in todo if c.action is not Action.publish]
            if new:
                yield from self._perform_together(new)
        deadline = self.clock() + LEASE
        ids = [change.publication_id for change, _ in todo]
        if self.connector.local or min(len(todo), self.channel.policy.workers) <= 1:
            for change, before in todo:
                deadline = self._prolong(ids, deadline)
                yield change, self._perform(change, before)
            return
        with ThreadPoolExecutor(self.channel.policy.workers, self.channel.name) as pool:
            waiting = {pool.submit(self._perform, c, before): c for c, before in todo}
            while waiting:
                finished, _ = wait(waiting, timeout=30, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield waiting.pop(future), future.result()
                deadline = self._prolong(ids, deadline)

    def _prolong(self, ids: Sequence[int], deadline: datetime) -> datetime:
        """Keep our claims when they are about to lapse, also on what is done and not yet written.

        Answers until when they now hold.
        """
        if self.clock() <= deadline - MARGIN:
            return deadline
        deadline = self.clock() + LEASE
        with self.ledger.begin() as conn:
            attempts.extend(conn, self.owner, ids, deadline)
        return deadline

    def _perform_together(
        self, todo: Sequence[tuple[Change, Publication]]
    ) -> list[tuple[Change, Finish]]:
        """One message for all of them: what becomes of it becomes of each."""
        self.step("before-send")
        try:
            posts = [change.post for change, _ in todo]
            receipts = self.connector.publish_together(self._way(), posts)
            done = [
                live(change.publication_id, change.post, receipt)
                for (change, _), receipt in zip(todo, receipts, strict=True)
            ]
        except ConnectorError as error:
            done = [self._failed(change, before, error) for change, before in todo]
        except Exception as error:
            unknown = self._surprise(todo[0][0], error)
            done = [self._failed(change, before, unknown) for change, before in todo]
        self.step("after-send")
        return list(zip([change for change, _ in todo], done, strict=True))

    def _surprise(self, change: Change, error: Exception) -> OutcomeUnknown:
        """Whatever escapes from a mutating call: it may have been done."""
        log.exception("%s: %s of %s", self.channel.name, change.action, change.job_id)
        return OutcomeUnknown(f"{type(error).__name__} while sending; the log has more")

    def _perform(self, change: Change, before: Publication) -> Finish:
        """Call the network once and say what came of it. Raises nothing of the network's."""
        if self._stop is not None:
            return self._failed(change, before, self._stop)
        if (
            change.not_after
            and change.action is Action.publish
            and self.clock() >= change.not_after
        ):
            return Finish(
                change.publication_id, Outcome.absent, State.planned, "the job closed meanwhile"
            )
        self.step("before-send")
        try:
            finish = self._call(change, before)
        except ConnectorError as error:
            finish = self._failed(change, before, error)
        except Exception as error:
            finish = self._failed(change, before, self._surprise(change, error))
        self.step("after-send")
        return finish

    def _call(self, change: Change, before: Publication) -> Finish:
        http, id_ = self._way(), change.publication_id
        if change.action is Action.publish:
            return live(id_, change.post, self.connector.publish(http, change.post))
        if change.action is Action.adopt:
            return self._adopt(http, change, before)
        receipt = before.received()
        if change.action is Action.edit:
            return live(id_, change.post, self.connector.edit(http, receipt, change.post))
        self.connector.withdraw(http, receipt)
        return Finish(id_, Outcome.done, State.withdrawn)

    def _adopt(self, http: Http, change: Change, before: Publication) -> Finish:
        """Its answer was lost: take over what is there; else send the same bytes again."""
        sent = before.sent()
        closed = change.not_after is not None and self.clock() >= change.not_after
        wanted = change.post is not None and not closed
        if not self.connector.can("find"):
            return self._say_again(http, before, sent, wanted)
        found = self.connector.find(http, sent)
        if found is not None:
            return replace(live(before.id, sent, found), outcome=Outcome.adopted)
        if not wanted or change.post.hash != sent.hash:
            # The next plan decides: not needed any more, or another text.
            return Finish(before.id, Outcome.absent, State.planned)
        return live(before.id, sent, self.connector.publish(http, sent))

    def _say_again(self, http: Http, before: Publication, sent: Post, wanted: bool) -> Finish:
        """Nobody can look, but the same bytes under the same key have no second effect."""
        reason = "the job is closed"
        if wanted:
            try:
                return live(before.id, sent, self.connector.publish(http, sent))
            except Refused as error:  # the first one may have been taken all the same
                reason = str(error)
        ask = f"{reason}. Please look whether it is there from before, and say so on the desk."
        return Finish(before.id, Outcome.unknown, State.held, ask, pending="publish")

    def _failed(self, change: Change, before: Publication, error: ConnectorError) -> Finish:
        if isinstance(error, Unauthorised | Unavailable):
            self._stop = error  # the next one would fare no better; it is not even tried
        return ending.failed(change, before, error, self.connector, self.clock())

    def _way(self) -> Http:
        with self._lock:
            if self._http is None:
                self._http = self._open_http(self.channel)
                if self._key:
                    from rolecast.vault import LedgerVault

                    self._http.vault = LedgerVault(self.ledger, self.channel.name, self._key)
            return self._http

    def _write(self, done: Sequence[tuple[Change, Finish]]) -> list[Result]:
        self.step("before-finish")
        finishes = [finish for _, finish in done]
        with self.ledger.begin() as conn:
            attempts.finish(conn, finishes, self.owner, self.clock())
            if finishes:
                health.used(conn, self.channel.name, self.clock(), **self._ended(finishes))
        self.step("finished")
        return [_result(change, finish) for change, finish in done]

    def _ended(self, finishes: Sequence[Finish]) -> dict[str, Any]:
        """How the channel is, for the desk."""
        well = (Outcome.done, Outcome.adopted, Outcome.absent)
        bad = [one.detail or str(one.outcome) for one in finishes if one.outcome not in well]
        return {
            "done": len(bad) < len(finishes),
            "reason": bad[-1] if bad else None,
            "limits": getattr(self._http, "limits", None),
        }


def _stamp(change: Change, publication: Publication, now: datetime) -> Change:
    """The post with the key and the time that this publication has for all its tries."""
    if change.post is None:
        return change
    post = change.post.model_copy(
        update={"key": publication.key, "made_at": publication.made_at or now}
    )
    return change.model_copy(update={"post": post})


def _claim_of(change: Change) -> Claim:
    pending = Action.publish if change.action is Action.adopt else change.action
    return Claim(
        change.publication_id,
        change.revision,
        str(change.action),
        str(pending),
        as_json(change.post),
    )


def _result(change: Change, finish: Finish) -> Result:
    address = Receipt.model_validate_json(finish.receipt).address if finish.receipt else None
    return Result(change, finish.state, finish.detail, address)
