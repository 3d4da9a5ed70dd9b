"""What each job wants on each channel and when, and the steps that come of it.

Only what is due is rendered: what is live and was rendered from the same spec and settings is
settled, and what has to wait for its turn is a line in a timetable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from rolecast import known, pace
from rolecast.jobspec import Moment, Status
from rolecast.known import Job
from rolecast.ledger import approvals, attempts, publications
from rolecast.ledger.coming import Coming
from rolecast.ledger.events import Event
from rolecast.ledger.publications import Publication, Slot
from rolecast.ledger.states import State
from rolecast.moments import OUT, due, kind
from rolecast.pace import Candidate
from rolecast.plan import Action, Blocked, Scheduled
from rolecast.post import Post
from rolecast.render import RenderProblem
from rolecast.rules import Steps, Wanted, Where, plan_job

if TYPE_CHECKING:
    from rolecast.project import Project

CONFIG = 16  # letters of the settings' digest
HISTORY = timedelta(days=8)  # longer than the longest spacing
SOON = timedelta(days=2)  # of which the ledger keeps what goes out: longer than any day


class Agenda:
    """One planning of some jobs."""

    def __init__(self, project: Project, now: datetime):
        self.project, self.now, self.ledger = project, now, project.ledger
        self.zone = project.settings.company.timezone
        self.config = ":" + project.digest[:CONFIG]
        self.scheduled: list[Scheduled] = []
        self.notes: list[str] = []
        self.happened: list[Event] = []  # for the jobs' histories
        self.soon: dict[Slot, tuple[Job, datetime]] = {}  # what goes out next, from when on

    def steps(self, todo: list[Job]) -> dict[str, Steps]:
        """Job id → what has to change; `scheduled` and `notes` say what waits for its time."""
        known.load(self.ledger, todo, self.config, self.now)
        for job in todo:
            self._wants(job)
        self._take_turns(todo)
        self._too_late(todo)
        due_now = ((job, w) for job in todo for w in job.ready if w not in job.later)
        known.ensure(self.ledger, due_now, self.now)
        # What is settled and should not be there any more.
        known.in_full(
            self.ledger,
            {
                job.settled[where][0]: job
                for job in todo
                for where in job.settled.keys() - job.ready.keys()
            },
        )
        found = {job.id: self._plan(job) for job in todo}
        self._replies(todo, found)
        self._remember(todo, found)
        return found

    def wanted(self, job: Job) -> Iterator[tuple[Where, datetime]]:
        """Everything the job should have while it is open, from when on: the future too."""
        spec = job.spec
        if job.removed or spec.status is not Status.open:
            return
        closes = spec.closes_at(self.zone)
        if closes is not None and closes <= self.now:
            return
        out, opens = job.out(), spec.opens_at(self.zone) or self.now
        outside = spec.goes_out_at(job.since or self.now, self.zone) or opens
        channels = self.project.channels
        job.goes_to = {name: None for name, one in channels.items() if one.takes(spec)}
        for name in job.goes_to:
            there = out.get(name, {})
            first = opens if channels[name].connector.local else outside
            for moment, at in due(spec, channels[name], there, self.now, first, closes).items():
                yield (name, moment), at

    def _wants(self, job: Job) -> None:
        """What is due, and what is out: that stays, whatever the settings say by now."""
        wanted = dict(self.wanted(job))
        self._foresee(job, wanted)
        if not job.removed and job.spec.is_open(self.now, self.zone):
            ready = {where: at for where, at in wanted.items() if at <= self.now}
            everywhere = len(job.goes_to) == len(self.project.channels)
            stay = job.settled if everywhere else [w for w in job.settled if w[0] in job.goes_to]
            ready |= dict.fromkeys(stay, self.now)
            for where, one in job.known.items():
                stays = one.state in OUT or one.state is State.held
                if stays and where[0] in job.goes_to and kind(where[1]) is not Moment.change:
                    ready.setdefault(where, self.now)
            job.ready = ready
            if job.spec.first_look:
                self._wait_for_colleagues(job, wanted)

    def _foresee(self, job: Job, wanted: dict[Where, datetime]) -> None:
        """What falls due in the next days."""
        now, until = self.now, self.now + SOON
        for where, at in wanted.items():
            if now < at <= until and self._is_new(job, where):
                self.soon[job.id, *where] = job, at

    def _wait_for_colleagues(self, job: Job, wanted: dict[Where, datetime]) -> None:
        """While only colleagues see the job, what is for others is wanted, and later."""
        closes = job.spec.closes_at(self.zone)
        waits = {
            where: at
            for where, at in wanted.items()
            if where not in job.ready and where[1] == Moment.announce
        }
        if closes and any(at >= closes for at in waits.values()):
            self.notes.append(f"{job.id}: it closes before its first look ends: it stays inside")
            return
        job.ready |= waits
        job.later |= waits.keys()
        for (name, moment), at in waits.items():
            if self._is_free(name):  # else it gets its turn after that, and is told with it
                self.scheduled.append(self._entry(job, name, moment, at))

    def _is_free(self, name: str) -> bool:
        """Whether posts do not wait for each other there, or cannot go out at all."""
        channel = self.project.channels[name]
        return channel.pace.free or channel.cannot_send() is not None

    def _candidate(self, job: Job, where: Where, ready: datetime) -> Candidate:
        """The post as one that waits for its turn."""
        before = job.posts[where[0]] - (where in job.known)
        until = job.spec.closes_at(self.zone)
        return Candidate(
            (job.id, *where), ready, job.since or self.now, until, job.spec.priority, before
        )

    def _is_new(self, job: Job, where: Where) -> bool:
        if where in job.settled:
            return False
        one = job.known.get(where)
        if one is not None and one.unwanted:
            return False
        return one is None or (
            one.state in (State.planned, State.withdrawn)
            or (one.state is State.dropped and not one.reason)
            or (one.state is State.waiting and (not one.not_before or one.not_before <= self.now))
        )

    def timetables(self, candidates: Iterable[Candidate]) -> dict[str, pace.Timetable]:
        """Channel → when its candidates go out."""
        channels = self.project.channels
        paced = [name for name, one in channels.items() if not one.pace.free]
        with self.ledger.read() as conn:
            sent = attempts.sent(conn, paced, self.now - HISTORY) if paced else {}
        return {
            name: pace.timetable(
                found,
                sent.get(name, []),
                channels[name].pace,
                pace.zone_of(channels[name].pace, self.zone),
                self.now,
            )
            for name, found in pace.by_channel(candidates).items()
        }

    def _take_turns(self, todo: list[Job]) -> None:
        """Where posts wait for each other: which are for now, and when the others are."""
        by_id = {job.id: job for job in todo}
        channels = self.project.channels
        paced = {name for name in channels if not self._is_free(name)}
        waiting = [
            (job, where, at)
            for job in todo
            for where, at in job.ready.items()
            if where[0] in paced and self._is_new(job, where)
        ]
        asked = [
            (job, where)
            for job, where, _ in waiting
            if channels[where[0]].policy.approval.publish != "never"
        ]
        known.ensure(self.ledger, asked, self.now)
        for_a_person = {(j.id, where) for j, where in asked if self._asks(j, where)}
        candidates = [
            self._candidate(job, where, at)
            for job, where, at in waiting
            if (job.id, where) not in for_a_person
        ]
        for name, table in self.timetables(candidates).items():
            for slot in [*(slot for slot, at in table.at.items() if at > self.now), *table.missed]:
                by_id[slot[0]].later.add(slot[1:])
            self.scheduled += [one for one in self._entries(by_id, table) if one.at > self.now]
            until = self.now + SOON
            for slot in (slot for slot, at in table.at.items() if at <= until):
                self.soon[slot] = by_id[slot[0]], by_id[slot[0]].ready[slot[1:]]
            if table.missed:
                self.notes.append(
                    f"{name}: {len(table.missed)} posts have no time left before their jobs "
                    f"close ({table.missed[0][0]} …): let more of them go out a day"
                )
        self.scheduled.sort(key=lambda one: (one.at, one.channel))

    def _too_late(self, todo: list[Job]) -> None:
        """Posts whose turn had not come when their job closed: dropped, with a note."""
        paced = [(name, one) for name, one in self.project.channels.items() if not one.pace.free]
        for job in todo if paced else ():
            if not self._over(job) or job.since == self.now:
                continue
            for name, channel in paced:
                where = (name, Moment.announce.value)
                never = where not in job.known and where not in job.settled
                if never and channel.takes(job.spec) and Moment.announce in job.spec.moments:
                    detail = f"{name}: its turn had not come when the job closed"
                    self.happened.append(Event(job.id, self.now, "plan", "never sent", detail))
        if self.happened:
            first = self.happened[0]
            self.notes.append(
                f"{len(self.happened)} posts were never sent: their turn had not come when their "
                f"jobs closed ({first.job_id} on {first.detail.partition(':')[0]} …)"
            )

    def _entries(self, by_id: dict[str, Job], table: pace.Timetable) -> Iterator[Scheduled]:
        for (job_id, channel, moment), at in table.at.items():
            yield self._entry(by_id[job_id], channel, moment, at)

    def _entry(self, job: Job, channel: str, moment: str, at: datetime) -> Scheduled:
        out = job.spec.goes_out_at(job.since or self.now, self.zone)
        looks = out is not None and out > self.now and moment == Moment.announce
        return Scheduled(
            job_id=job.id,
            channel=channel,
            moment=moment,
            at=at,
            priority=job.spec.priority,
            first_look=looks and not self.project.channels[channel].connector.local,
        )

    def _asks(self, job: Job, where: Where) -> bool:
        """Whether its text waits for somebody: then it does not wait for its turn as well."""
        one, channel = job.known[where], self.project.channels[where[0]]
        try:
            text = self._render(job, one).hash
        except RenderProblem:
            return True
        return job.agreed.needs(channel, one.slot, "publish", text)

    def _plan(self, job: Job) -> Steps:
        says = self._over(job) and Moment.filled in job.spec.moments
        wanted = Wanted(
            render=partial(self._render, job),
            slots=job.ready.keys(),
            later=job.later,
            farewell=partial(self._farewell, job) if says else None,
            agreed=job.agreed,
            closes_at=job.spec.closes_at(self.zone),
            why_not=self._why_not(job),
        )
        # Replies are planned with what they answer, while it is there.
        there = [
            one
            for (_, moment), one in job.known.items()
            if not (job.ready and kind(moment) is Moment.change)
        ]
        steps = plan_job(wanted, there, self.project.channels, self.now)
        if job.fresh:
            steps.blocked += self._foreseen(job)
        return steps

    def _over(self, job: Job) -> bool:
        """Whether the job is taken or closed; not: not open yet, or a draft again."""
        closes = job.spec.closes_at(self.zone)
        return (
            job.removed
            or job.spec.status in (Status.closed, Status.filled)
            or (job.spec.status is Status.open and closes is not None and closes <= self.now)
        )

    def _foreseen(self, job: Job) -> Iterator[Blocked]:
        """Texts that cannot be made are told when the file changes, not when their time comes."""
        for channel, moment in sorted(job.later):
            try:
                link = self.project.link("x" * 8)
                self.project.renderer.render(job.spec, self.project.channels[channel], moment, link)
            except RenderProblem as problem:
                yield Blocked(job_id=job.id, channel=channel, moment=moment, reason=str(problem))

    def _render(self, job: Job, one: Publication, moment: str | None = None) -> Post:
        link = self.project.link(one.link)
        channel = self.project.channels[one.channel]
        return self.project.renderer.render(job.spec, channel, moment or one.moment, link)

    def _farewell(self, job: Job, one: Publication) -> Post:
        return self._render(job, one, Moment.filled.value)

    def _why_not(self, job: Job) -> str:
        spec = job.spec
        opens, closes = spec.opens_at(self.zone), spec.closes_at(self.zone)
        if job.removed:
            return "its file was removed"
        if spec.status is not Status.open:
            return f"the job is {spec.status}"
        if opens and self.now < opens:
            return f"the job opens on {spec.opens}"
        if closes and self.now >= closes:
            return f"the job closed on {spec.closes}"
        return "the job does not go to this channel any more"

    def _replies(self, todo: list[Job], found: dict[str, Steps]) -> None:
        """Where a post cannot be edited, another one answers it and says what has changed."""
        by_id = {job.id: job for job in todo}
        for id_, steps in found.items():
            job = by_id[id_]
            for first, post in steps.replies:
                where = (first.channel, f"{Moment.change}-{post.hash[:8]}")
                answers = first.received()
                if where in job.settled or answers is None:
                    continue
                known.ensure(self.ledger, [(job, where)], self.now)
                one = job.known[where]
                wanted = Wanted(
                    render=partial(self._reply, job, answers.id),
                    slots=frozenset([where]),
                    agreed=job.agreed,
                    closes_at=job.spec.closes_at(self.zone),
                )
                more = plan_job(wanted, [one], self.project.channels, self.now)
                label = self.project.channels[first.channel].connector.label
                why = f"the text changed, and {label} cannot edit: a reply says so"
                steps.changes += [
                    one.model_copy(update={"reason": why}) if one.action is Action.publish else one
                    for one in more.changes
                ]
                steps.blocked += more.blocked
                steps.wakes += more.wakes
                if one.state is State.live:
                    steps.fits.append(first)

    def _reply(self, job: Job, answers: str, one: Publication) -> Post:
        return self._render(job, one).model_copy(update={"reply_to": answers})

    def _remember(self, todo: list[Job], found: dict[str, Steps]) -> None:
        """Which live posts say what they should: they are settled until something changes."""
        fits = [
            (one.id, one.revision, job.hash + self.config)
            for job in todo
            if job.spec.image is None  # a picture may change without its spec
            for one in found[job.id].fits
            if one.pending is None
        ]
        if fits:
            with self.ledger.begin(alone="planning") as conn:
                publications.rendered(conn, fits)

    def calendar(self, todo: list[Job], until: datetime) -> list[Scheduled]:
        """Every new post up to then, as far as can be foreseen: what is due, and what will be."""
        known.load(self.ledger, todo, self.config, self.now)
        by_id = {job.id: job for job in todo}
        candidates = [
            self._candidate(job, where, max(at, self.now))
            for job in todo
            for where, at in self.wanted(job)
            if at <= until and self._is_new(job, where)
        ]
        with self.ledger.read() as conn:
            asked = {one.slot for one in approvals.waiting(conn)}
        found = []
        for table in self.timetables(candidates).values():
            for one in self._entries(by_id, table):
                if one.at <= until:
                    found.append(one.model_copy(update={"asks": one.slot in asked}))
        return sorted(found, key=lambda one: one.at)

    def coming(self) -> list[Coming]:
        """What goes out in the next days, or may: all that its turn depends on."""
        return [
            Coming(*slot, *self._candidate(job, slot[1:], ready)[1:],
                   self._entry(job, *slot[1:], ready).first_look)
            for slot, (job, ready) in self.soon.items()
        ]  # fmt: skip

    def wakes(self, job: Job, steps: Steps) -> datetime | None:
        """The next instant at which time itself changes something for the job, or something that
        will falls within the days that the ledger keeps."""
        spec = job.spec
        instants = [spec.opens_at(self.zone), spec.closes_at(self.zone), *steps.wakes]
        instants += [at - ahead for _, at in self.wanted(job) for ahead in (SOON, timedelta())]
        return min((at for at in instants if at and at > self.now), default=None)
