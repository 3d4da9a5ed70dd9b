"""Test posts: a real text, really sent, where nobody but a small audience sees it.

The pages have no credentials, so the desk asks through the ledger, and whoever has them (the
watcher, a run, the command line) carries it out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from rolecast.channels import Channel
from rolecast.connector import ConnectorError, Http
from rolecast.jobspec import JobSpec, Moment
from rolecast.ledger import Ledger, jobs, rehearsals
from rolecast.links import LENGTH
from rolecast.people import new_secret
from rolecast.post import Post
from rolecast.project import Project
from rolecast.publish import now_utc
from rolecast.render import RenderProblem

log = logging.getLogger(__name__)
OpenHttp = Callable[[Channel], Http]


class NoRehearsal(Exception):
    """There can be no test post; the message says why, and what would help."""


@dataclass(frozen=True)
class Done:
    """A test post. address: where it is, when it is still somewhere. audience: who sees it."""

    address: str | None
    audience: str


def audience(channel: Channel) -> str:
    """Who sees a channel's test posts. Raises NoRehearsal."""
    connector = channel.connector
    seen_by = connector.audience()
    if seen_by:
        return seen_by
    if not connector.can("rehearse"):
        raise NoRehearsal(f"{connector.label} has no private audience for a test post")
    setting = next(name for name in type(connector).model_fields if name.startswith("test_"))
    raise NoRehearsal(f"set {setting} of [channels.{channel.name}] in rolecast.toml first")


def rehearse(project: Project, channel: Channel, http: OpenHttp, job: str = "") -> Done:
    """Send a job's announcement as a test; without `job`, of the newest that goes there. Raises
    NoRehearsal and ConnectorError."""
    seen_by = audience(channel)
    if problem := channel.cannot_send():
        raise NoRehearsal(problem)
    post = _post(project, channel, _spec(project.ledger, channel, job))
    receipt = channel.connector.rehearse(project.way(channel, http(channel)), post)
    return Done(receipt.address if receipt else None, seen_by)


def carry_out(project: Project, http: OpenHttp) -> int:
    """Carry out the test posts that were asked for; answers how many."""
    number = 0
    while True:
        with project.ledger.begin(alone="rehearsals") as conn:
            asked = rehearsals.take(conn, now_utc())
        if asked is None:
            return number
        done, address, detail = _one(project, asked.channel, asked.job_id, http)
        with project.ledger.begin() as conn:
            rehearsals.finish(conn, asked.id, done, address, detail, now_utc())
        number += 1


def _one(project: Project, name: str, job: str, http: OpenHttp) -> tuple[bool, str | None, str]:
    channel = project.channels.get(name)
    try:
        if channel is None:
            raise NoRehearsal(f"there is no channel {name} any more")
        done = rehearse(project, channel, http, job)
    except (NoRehearsal, ConnectorError, RenderProblem) as error:
        return False, None, str(error)
    except Exception as error:
        log.exception("%s: test post", name)
        return False, None, f"{type(error).__name__}; the log has more"
    return True, done.address, done.audience


def _spec(ledger: Ledger, channel: Channel, job: str) -> JobSpec:
    with ledger.read() as conn:
        rows = list(jobs.some_jobs(conn, [job]).values()) if job else jobs.all_jobs(conn)
    for row in rows:
        spec = JobSpec.model_validate_json(row.spec)
        if job or channel.takes(spec):
            return spec
    what = f"there is no job {job}" if job else "there is no job yet that goes there"
    raise NoRehearsal(f"{what}, and so no text to try")


def _post(project: Project, channel: Channel, spec: JobSpec) -> Post:
    """The text as it would be, with a key and a link that no publication has."""
    link = project.link("x" * LENGTH)
    key = f"test-{new_secret()}"[:40]
    post = project.renderer.render(spec, channel, Moment.announce.value, link, key)
    return post.model_copy(update={"title": f"Test: {post.title}"[:200], "made_at": now_utc()})
