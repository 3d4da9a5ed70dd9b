"""What has to change for one job: the difference between the folder and the ledger.

Pure: no file, no network, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime

from rolecast.approving import Agreed
from rolecast.channels import Channel
from rolecast.connector import Guarantee
from rolecast.jobspec import Moment
from rolecast.ledger.publications import Publication
from rolecast.ledger.states import State
from rolecast.moments import kind
from rolecast.plan import Action, Blocked, Change
from rolecast.post import Post
from rolecast.render import RenderProblem

Where = tuple[str, str]  # channel, moment

# States from which a post is sent that is not out, and why.
_AGAIN = {
    State.planned: "certainly not sent yet",
    State.withdrawn: "it was taken down and is wanted again",
    State.dropped: "the job is open again",
}


@dataclass(frozen=True)
class Wanted:
    """What the folder asks of one job.

    slots: where it should be live, now or later. later: those whose time has not come. render:
    what a publication should say; raises RenderProblem. farewell: what it should say now that the
    job is closed, where that is said. why_not: why nothing is wanted elsewhere.
    """

    render: Callable[[Publication], Post]
    slots: Set[Where] = frozenset()
    later: Set[Where] = frozenset()
    farewell: Callable[[Publication], Post] | None = None
    agreed: Agreed = field(default_factory=Agreed)
    closes_at: datetime | None = None
    why_not: str = "the job is not open"


@dataclass
class Steps:
    """What planning one job gave."""

    changes: list[Change] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)
    wakes: list[datetime] = field(default_factory=list)  # instants at which waiting ends
    fits: list[Publication] = field(default_factory=list)  # live, and say what they should
    replies: list[tuple[Publication, Post]] = field(default_factory=list)  # to be answered with


def plan_job(
    wanted: Wanted,
    known: Iterable[Publication],
    channels: Mapping[str, Channel],
    now: datetime,
) -> Steps:
    """Compare what one job should have with what the ledger knows of it."""
    steps = Steps()
    for publication in known:
        channel = channels.get(publication.channel)
        if channel is None:
            _orphan(steps, publication)
            continue
        job = _Job(steps, wanted, publication, channel, now)
        try:
            job.plan()
        except RenderProblem as problem:
            _block(steps, publication, str(problem))
    steps.changes = [_until(change, wanted.closes_at) for change in steps.changes]
    return steps


def _until(change: Change, closes_at: datetime | None) -> Change:
    if closes_at is None or change.action not in (Action.publish, Action.adopt):
        return change
    return change.model_copy(update={"not_after": closes_at})


class _Job:
    """One publication, compared with what should be there."""

    def __init__(
        self,
        steps: Steps,
        wanted: Wanted,
        publication: Publication,
        channel: Channel,
        now: datetime,
    ):
        self.steps, self.wanted, self.now = steps, wanted, now
        self.publication, self.channel = publication, channel
        self.connector, self.state = channel.connector, publication.state

    def plan(self) -> None:
        where = (self.publication.channel, self.publication.moment)
        if self.publication.unwanted:
            self._unwant(f"to be taken down, says {self.publication.unwanted}")
        elif where in self.wanted.slots:
            if where not in self.wanted.later:
                self._want(self._stamped(self.wanted.render(self.publication)))
        elif self.wanted.farewell and self.state is State.live and self._marks:
            post = self._stamped(self.wanted.farewell(self.publication))
            if self.publication.post_hash == post.hash:
                self.steps.fits.append(self.publication)
            else:
                self._edit(post, self.wanted.why_not)
        else:
            self._unwant(self.wanted.why_not)

    @property
    def _marks(self) -> bool:
        return (
            self.channel.policy.on_close == "mark"
            and self._editable
            and not self.connector.local  # the board shows what is open, and only that
        )

    @property
    def _editable(self) -> bool:
        receipt = self.publication.received()
        possible = self.connector.editable(receipt) if receipt else self.connector.can("edit")
        return possible and not self.connector.manual

    def _stamped(self, post: Post) -> Post:
        one = self.publication
        return post.model_copy(update={"key": one.key, "made_at": one.made_at})

    def _want(self, post: Post) -> None:
        """The post should be live and say this."""
        publication, state = self.publication, self.state
        if state is State.live:
            same = publication.post_hash == post.hash or kind(publication.moment) is Moment.change
            if same or self.channel.policy.on_change == "leave":
                self.steps.fits.append(publication)
            else:
                self._change(post)
        elif state is State.unknown:
            self._resolve(post)
        elif state is State.held:
            self._held(post)
        elif state in _AGAIN:
            if state is not State.dropped or not publication.reason:  # else a person left it out
                first = state is State.planned and not publication.tries
                self._publish(post, "new" if first else _AGAIN[state])
        elif state is State.waiting and not self._later():
            self._publish(post, "trying again")
        elif state is State.refused and self._sent_hash != post.hash:
            self._publish(post, "refused before; the text has changed")
        elif state is not State.sending:  # else another run is at it
            self._block(publication.reason or f"it is {state}")

    @property
    def _sent_hash(self) -> str | None:
        sent = self.publication.sent()
        return sent.hash if sent else None

    def _unwant(self, why: str) -> None:
        """Nothing should be live here."""
        publication, state = self.publication, self.state
        if state is State.live:
            if self.channel.policy.on_close == "leave" and not publication.unwanted:
                self.steps.fits.append(publication)
            elif publication.pending == "withdraw" and self._later():
                self._block(publication.reason or "waiting")
            else:
                self._withdraw(why)
        elif state is State.unknown:
            self._resolve(None)
        elif state in (State.planned, State.waiting, State.refused) or (
            state is State.held and publication.pending == "publish" and self.connector.manual
        ):
            self._add(Action.drop, None, why)
        elif state is State.held and publication.pending == "edit":  # so it is there
            self._withdraw(why)
        elif state is State.held:
            self._block(publication.reason or "a person has to decide")

    def _withdraw(self, why: str) -> None:
        if self.connector.manual or not self.connector.can("withdraw"):
            self._hold(None, "withdraw", f"take it down by hand: {why}")
        else:
            self._send(Action.withdraw, None, why)

    def _publish(self, post: Post, reason: str) -> None:
        if self.connector.manual:
            self._hold(post, "publish", "to be posted by hand")
        else:
            self._send(Action.publish, post, reason)

    def _change(self, post: Post) -> None:
        """A live post says something else than it should."""
        if self._editable:
            self._edit(post, "the text changed" if self._known_text else "to be made certain")
            return
        how = self.channel.policy.cannot_edit
        if how == "leave":
            self.steps.fits.append(self.publication)
        elif how == "reply" and self.connector.replies:
            self.steps.replies.append((self.publication, post))
        elif how == "repost" and self.connector.can("withdraw"):
            label = self.connector.label
            self._send(
                Action.withdraw,
                None,
                f"the text changed, and {label} cannot edit: taken down, then posted anew",
            )
        else:
            self._hold(post, "edit", "the text changed; edit it by hand")

    @property
    def _known_text(self) -> bool:
        return self.publication.post_hash is not None

    def _edit(self, post: Post, reason: str) -> None:
        if self.publication.pending in ("edit", "withdraw") and self._later():
            self._block(self.publication.reason or "waiting")
        else:
            self._send(Action.edit, post, reason)

    def _held(self, post: Post) -> None:
        publication, changed = self.publication, self._sent_hash != post.hash
        if self.connector.manual and publication.pending and changed:
            self._hold(post, publication.pending, publication.reason or "to be posted by hand")
        elif publication.pending == "edit" and self._sent_hash and changed:
            self._send(Action.edit, post, "refused before; the text has changed")
        else:
            self._block(publication.reason or "a person has to decide")

    def _resolve(self, post: Post | None) -> None:
        """An answer was lost."""
        if self.connector.guarantee is Guarantee.BLIND:
            reason = (
                f"{self.connector.label} may or may not have it, and only a person can see: "
                "say on the desk whether it is there"
            )
            self._hold(post, "publish", reason)
        elif self._later():
            self._block(self.publication.reason or "waiting for the network to settle")
        else:
            self._send(Action.adopt, post, "its answer was lost: look first")

    def _send(self, action: Action, post: Post | None, reason: str) -> None:
        """A step that needs the network, and so the channel's credentials and maybe a person."""
        problem = self.channel.cannot_send()
        text = post.hash if post else self.publication.post_hash or ""
        refusal = self.wanted.agreed.refusal(self.publication.slot, action, text)
        asks = self.wanted.agreed.needs(self.channel, self.publication.slot, action, text)
        if action is Action.withdraw and self.publication.unwanted:
            refusal, asks = None, False  # somebody has said that it is to be taken down
        if problem or refusal:
            self._block(problem or refusal or "")
        else:
            self._add(action, post, reason, asks=asks)

    def _hold(self, post: Post | None, pending: str, reason: str) -> None:
        self._add(Action.hold, post, reason, pending)

    def _add(
        self,
        action: Action,
        post: Post | None,
        reason: str,
        pending: str | None = None,
        asks: bool = False,
    ) -> None:
        publication = self.publication
        self.steps.changes.append(
            Change(
                action=action,
                job_id=publication.job_id,
                channel=publication.channel,
                moment=publication.moment,
                reason=reason,
                publication_id=publication.id,
                revision=publication.revision,
                post=post,
                pending=pending,
                before=publication.sent() if action is Action.edit else None,
                cost=self.connector.cost(post) if post and action is Action.publish else None,
                needs_approval=asks,
                text_hash=post.hash if post else publication.post_hash or "",
            )
        )

    def _block(self, reason: str) -> None:
        _block(self.steps, self.publication, reason)

    def _later(self) -> bool:
        """Whether its waiting time is not over; planning looks again when it is."""
        until = self.publication.not_before
        if until is None or until <= self.now:
            return False
        self.steps.wakes.append(until)
        return True


def _orphan(steps: Steps, publication: Publication) -> None:
    """Its channel is not in the settings any more."""
    if publication.state in (State.live, State.sending, State.unknown, State.held):
        _block(
            steps,
            publication,
            f"the channel {publication.channel} is not in rolecast.toml any more; put it back "
            "to have this post edited or withdrawn",
        )


def _block(steps: Steps, publication: Publication, reason: str) -> None:
    steps.blocked.append(
        Blocked(
            job_id=publication.job_id,
            channel=publication.channel,
            moment=publication.moment,
            reason=reason,
        )
    )
