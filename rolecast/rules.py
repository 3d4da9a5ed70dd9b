"""What has to change for one job: the difference between the folder and the ledger.

Pure: no file, no network, no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rolecast.channels import Channel
from rolecast.connector import Guarantee
from rolecast.ledger.publications import Publication
from rolecast.ledger.states import State
from rolecast.plan import Action, Blocked, Change
from rolecast.post import Post


@dataclass(frozen=True)
class Wanted:
    """What the folder asks of one job: the posts that should be live.

    posts: (channel, moment) → the rendered post. impossible: those that could not be rendered,
    with the reason; what is live of them stays as it is. why_not: why nothing is wanted.
    """

    posts: Mapping[tuple[str, str], Post] = field(default_factory=dict)
    closes_at: datetime | None = None
    impossible: Mapping[tuple[str, str], str] = field(default_factory=dict)
    why_not: str = "the job is not open"


@dataclass
class Steps:
    """What planning one job gave."""

    changes: list[Change] = field(default_factory=list)
    blocked: list[Blocked] = field(default_factory=list)
    wakes: list[datetime] = field(default_factory=list)  # instants at which waiting ends


def plan_job(
    wanted: Wanted,
    known: Iterable[Publication],
    channels: Mapping[str, Channel],
    now: datetime,
) -> Steps:
    """Compare what one job should have with what the ledger knows of it."""
    steps = Steps()
    for publication in known:
        where = (publication.channel, publication.moment)
        channel = channels.get(publication.channel)
        if where in wanted.impossible:
            _block(steps, publication, wanted.impossible[where])
        elif channel is None:
            _orphan(steps, publication)
        elif post := wanted.posts.get(where):
            _want(steps, publication, channel, post, now)
        else:
            _unwant(steps, publication, channel, wanted.why_not, now)
    steps.changes = [_until(change, wanted.closes_at) for change in steps.changes]
    return steps


def _until(change: Change, closes_at: datetime | None) -> Change:
    if closes_at is None or change.action not in (Action.publish, Action.adopt):
        return change
    return change.model_copy(update={"not_after": closes_at})


def _want(
    steps: Steps, publication: Publication, channel: Channel, post: Post, now: datetime
) -> None:
    """The post should be live and say this."""
    post = post.model_copy(update={"key": publication.key, "made_at": publication.made_at})
    state = publication.state
    if state is State.sending:
        return  # another run is at it
    if state is State.live:
        if publication.post_hash != post.hash:
            _edit(steps, publication, channel, post, now)
    elif state is State.unknown:
        _resolve(steps, publication, channel, post, now)
    elif state is State.dropped and publication.reason:
        pass  # a person left it out
    elif state in (State.planned, State.dropped, State.withdrawn):
        reason = {
            State.planned: "new" if not publication.tries else "certainly not sent yet",
            State.withdrawn: "the job is open again",
            State.dropped: "the job is open again",
        }[state]
        _publish(steps, publication, channel, post, reason)
    elif state is State.waiting:
        if _later(steps, publication, now):
            _block(steps, publication, publication.reason or "waiting")
        else:
            _publish(steps, publication, channel, post, "trying again")
    elif state is State.refused:
        before = publication.sent()
        if before and before.hash == post.hash:
            _block(steps, publication, publication.reason or "refused")
        else:
            _publish(steps, publication, channel, post, "refused before; the text has changed")
    elif state is State.held:
        _held(steps, publication, channel, post)
    else:
        _block(steps, publication, publication.reason or f"it is {state}")


def _unwant(
    steps: Steps, publication: Publication, channel: Channel, why: str, now: datetime
) -> None:
    """Nothing should be live here."""
    state = publication.state
    if state is State.live:
        if channel.policy.on_close == "leave":
            return
        if publication.pending == "withdraw" and _later(steps, publication, now):
            _block(steps, publication, publication.reason or "waiting")
        elif channel.connector.manual or not channel.connector.can("withdraw"):
            _hold(steps, publication, channel, None, "withdraw", f"take it down by hand: {why}")
        else:
            _send(steps, Action.withdraw, publication, channel, None, why)
    elif state is State.unknown:
        _resolve(steps, publication, channel, None, now)
    elif state in (State.planned, State.waiting, State.refused) or (
        state is State.held and publication.pending == "publish" and channel.connector.manual
    ):
        _add(steps, Action.drop, publication, channel, None, why)
    elif state is State.held and publication.pending == "edit":  # so it is there
        if channel.connector.manual or not channel.connector.can("withdraw"):
            _hold(steps, publication, channel, None, "withdraw", f"take it down by hand: {why}")
        else:
            _send(steps, Action.withdraw, publication, channel, None, why)
    elif state is State.held:
        _block(steps, publication, publication.reason or "a person has to decide")


def _orphan(steps: Steps, publication: Publication) -> None:
    """Its channel is not in the settings any more."""
    if publication.state in (State.live, State.sending, State.unknown, State.held):
        _block(
            steps,
            publication,
            f"the channel {publication.channel} is not in rolecast.toml any more; put it back "
            "to have this post edited or withdrawn",
        )


def _publish(
    steps: Steps, publication: Publication, channel: Channel, post: Post, reason: str
) -> None:
    if channel.connector.manual:
        _hold(steps, publication, channel, post, "publish", "to be posted by hand")
    else:
        _send(steps, Action.publish, publication, channel, post, reason)


def _edit(
    steps: Steps, publication: Publication, channel: Channel, post: Post, now: datetime
) -> None:
    if channel.policy.on_change == "leave":
        return
    if publication.pending in ("edit", "withdraw") and _later(steps, publication, now):
        _block(steps, publication, publication.reason or "waiting")
    elif channel.connector.manual or not channel.connector.can("edit"):
        _hold(steps, publication, channel, post, "edit", "the text changed; edit it by hand")
    else:
        reason = "the text changed" if publication.post_hash else "to be made certain"
        _send(steps, Action.edit, publication, channel, post, reason)


def _held(steps: Steps, publication: Publication, channel: Channel, post: Post) -> None:
    before = publication.sent()
    if (
        channel.connector.manual
        and publication.pending
        and (not before or before.hash != post.hash)
    ):
        reason = publication.reason or "to be posted by hand"
        _hold(steps, publication, channel, post, publication.pending, reason)
    elif publication.pending == "edit" and before and before.hash != post.hash:
        _send(
            steps, Action.edit, publication, channel, post, "refused before; the text has changed"
        )
    else:
        _block(steps, publication, publication.reason or "a person has to decide")


def _resolve(
    steps: Steps, publication: Publication, channel: Channel, post: Post | None, now: datetime
) -> None:
    """An answer was lost."""
    connector = channel.connector
    if connector.guarantee is Guarantee.BLIND:
        reason = (
            f"{connector.label} may or may not have it, and only a person can see: "
            "say on the desk whether it is there"
        )
        _hold(steps, publication, channel, post, "publish", reason)
    elif _later(steps, publication, now):
        _block(steps, publication, publication.reason or "waiting for the network to settle")
    else:
        _send(steps, Action.adopt, publication, channel, post, "its answer was lost: look first")


def _send(
    steps: Steps,
    action: Action,
    publication: Publication,
    channel: Channel,
    post: Post | None,
    reason: str,
) -> None:
    """A step that needs the network, and so the channel's credentials."""
    problem = channel.cannot_send()
    if problem:
        _block(steps, publication, problem)
    else:
        _add(steps, action, publication, channel, post, reason)


def _hold(
    steps: Steps,
    publication: Publication,
    channel: Channel,
    post: Post | None,
    pending: str,
    reason: str,
) -> None:
    _add(steps, Action.hold, publication, channel, post, reason, pending)


def _add(
    steps: Steps,
    action: Action,
    publication: Publication,
    channel: Channel,
    post: Post | None,
    reason: str,
    pending: str | None = None,
) -> None:
    reviewed = action in (Action.publish, Action.edit)
    steps.changes.append(
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
            cost=channel.connector.cost(post) if post and action is Action.publish else None,
            needs_approval=reviewed and channel.policy.approval == "always",
        )
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


def _later(steps: Steps, publication: Publication, now: datetime) -> bool:
    """Whether its waiting time is not over; planning looks again when it is."""
    if publication.not_before is None or publication.not_before <= now:
        return False
    steps.wakes.append(publication.not_before)
    return True
