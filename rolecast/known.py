"""What the ledger knows of the jobs that are to be planned.

Most live posts are settled: rendered from what is still the same. Of them only the number and the
date are read; the rest is known in full.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from rolecast.approving import Agreed
from rolecast.jobspec import JobSpec
from rolecast.ledger import Ledger, approvals, jobs, publications
from rolecast.ledger.publications import Publication
from rolecast.ledger.states import State
from rolecast.moments import Out
from rolecast.rules import Where

_LIVE = State.live
_OUT = Out(_LIVE, None)


@dataclass
class Job:
    """One job that has to be looked at. fresh: its spec is newer than the ledger's."""

    id: str
    spec: JobSpec
    hash: str
    removed: bool = False
    fresh: bool = False
    linted: bool = False  # `rolecast check` warns about it
    since: datetime | None = None
    agreed: Agreed = field(default_factory=Agreed)
    known: dict[Where, Publication] = field(default_factory=dict)
    settled: dict[Where, tuple[int, datetime | None]] = field(default_factory=dict)
    ready: dict[Where, datetime] = field(default_factory=dict)  # wanted, from when on
    later: set[Where] = field(default_factory=set)
    posts: Counter[str] = field(default_factory=Counter)  # channel → how many there are
    goes_to: dict[str, None] = field(default_factory=dict)  # channels, in their order

    def out(self) -> dict[str, dict[str, Out]]:
        """Channel → moment → what there is."""
        found: defaultdict[str, dict[str, Out]] = defaultdict(dict)
        for (channel, moment), (_, at) in self.settled.items():
            found[channel][moment] = Out(_LIVE, at) if at else _OUT
        for (channel, moment), one in self.known.items():
            held = one.state is State.held and one.pending in ("edit", "withdraw")
            out = Out(State.live if held else one.state, one.made_at)
            found[channel][moment] = out
        self.posts = Counter({channel: len(moments) for channel, moments in found.items()})
        return found


def load(ledger: Ledger, todo: list[Job], config: str, now: datetime) -> None:
    """Fill in what there is of each job. config: names the settings and templates."""
    by_id = {job.id: job for job in todo}
    ids, loose = list(by_id), {}
    same_as = {job.id: job.hash + config for job in todo}
    with ledger.read() as conn:
        ages = jobs.ages(conn)
        for id_, job_id, channel, moment, at, of in publications.at_rest(conn, ids):
            if job_id in by_id:
                by_id[job_id].settled[channel, moment] = (id_, at)
                if of != same_as[job_id]:
                    loose[id_] = by_id[job_id]
        for one in publications.restless(conn, ids):
            if one.job_id in by_id:
                by_id[one.job_id].known[one.channel, one.moment] = one
        drafts = jobs.drafts(conn, [job.id for job in todo if job.fresh and job.id in ages])
        said = sorted(approvals.of_jobs(conn, ids), key=lambda one: one.job_id)
    decisions = {id_: list(found) for id_, found in groupby(said, key=lambda one: one.job_id)}
    for job in todo:
        since, linted = ages.get(job.id, (now, False))
        job.since = now if job.id in drafts else since
        job.linted = job.linted if job.fresh else linted
        job.agreed = Agreed(decisions.get(job.id, ()), job.linted)
    in_full(ledger, loose)  # what was settled for an older spec or other settings is open again


def in_full(ledger: Ledger, which: dict[int, Job]) -> None:
    """Settled publications (number → job) of which everything has to be known after all."""
    if not which:
        return
    with ledger.read() as conn:
        for id_, one in publications.of_ids(conn, list(which)).items():
            where = (one.channel, one.moment)
            which[id_].settled.pop(where, None)
            which[id_].known[where] = one


def ensure(ledger: Ledger, slots: Iterable[tuple[Job, Where]], now: datetime) -> None:
    """A publication, and so a link, for each that has none."""
    missing = {
        (job.id, *where): job
        for job, where in slots
        if where not in job.known and where not in job.settled
    }
    if not missing:
        return
    ids = list({slot[0] for slot in missing})
    with ledger.begin(alone="planning") as conn:
        have = {one.slot for one in publications.of_jobs(conn, ids)}
        publications.ensure(conn, [s for s in missing if s not in have], now)
        for one in publications.of_jobs(conn, ids):
            if one.slot in missing:
                missing[one.slot].known[one.channel, one.moment] = one
