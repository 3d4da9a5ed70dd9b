"""Looks at the world: is what is live there, does it say what we wrote, does one apply there?

A task for each channel. What was found stands in the ledger, on the desk, and in an artifact.
"""

from __future__ import annotations

from collections.abc import Callable

from prefect import flow, get_run_logger, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.states import Completed, State

from connectors.http import Http
from flows import limits
from flows.approve import ask
from flows.artifacts import MOST_ROWS, funnel, safe
from flows.project import project
from rolecast import health, rehearsing, reports
from rolecast.applying import check
from rolecast.channels import Channel
from rolecast.counting import Counted
from rolecast.counting import count as count_posts
from rolecast.ledger import beats
from rolecast.project import Project
from rolecast.publish import now_utc
from rolecast.verify import Finding, Kind, verify


@task(task_run_name="Look at every post on {channel}", retries=0)
def look(root: str, channel: str) -> list[Finding]:
    """Look at every live post of one channel."""
    log = get_run_logger()
    with project(root) as opened, limits.turn(opened.channels[channel]):
        _ask_who(opened, channel)
        found = verify(
            opened.ledger,
            opened.channels,
            _way(opened),
            names=[channel],
        )
    for one in found:
        if one.kind is not Kind.fine:
            log.warning("%s %s: %s", channel, one.publication.job_id, one.kind)
    return found


@task(task_run_name="Count what every post on {channel} brought", retries=0)
def count(root: str, channel: str) -> list[Counted]:
    """Keep the network's own figures of every live post of one channel."""
    log = get_run_logger()
    with project(root) as opened, limits.turn(opened.channels[channel]):
        found = count_posts(
            opened.ledger,
            opened.channels,
            lambda one: opened.way(one, Http(pace=one.connector.pace)),
            names=[channel],
        )
    for one in found:
        if one.trouble:
            log.warning("%s: counted %s of %s posts: %s", channel, one.told, one.of, one.trouble)
    return found


@task(task_run_name="Look at the places where one applies", retries=0)
def apply_pages(root: str) -> list[tuple[str, str]]:
    """(job, what is wrong) for the open jobs to which one cannot apply."""
    with project(root) as opened:
        return check(opened.ledger, Http((5, 15)))


@flow(name="collect", flow_run_name="See what became of what is live")
def collect(root: str = ".") -> State:
    """See what became of what is live.

    root: the folder with rolecast.toml, on the machine that runs this.
    """
    with project(root) as opened:
        ready = [n for n, one in opened.channels.items() if one.enabled and not one.cannot_send()]
        counting = [name for name in ready if opened.channels[name].connector.can("count")]
        limits.prepare([opened.channels[name] for name in ready])
        for name, one in opened.channels.items():
            if one.enabled and name not in ready:
                _ask_who(opened, name)
        rehearsing.carry_out(opened, lambda one: Http(pace=one.connector.pace))
        with opened.ledger.begin() as conn:
            beats.beat(conn, "collect", now_utc())
        ask(opened)  # ends approval runs that were answered elsewhere
    looks = [look.submit(root, name) for name in ready]
    counted = [count.submit(root, name) for name in counting]
    broken = apply_pages.submit(root)
    found = [one for future in looks for one in future.result()]
    odd = [one for one in found if one.kind is not Kind.fine]
    rows = [_row(one) for one in odd] + [
        {"job": job, "where": "apply", "found": "does not work", "detail": safe(problem)}
        for job, problem in broken.result()
    ]
    for future in counted:
        future.result()
    if rows:
        create_table_artifact(
            rows[:MOST_ROWS], key="collect-findings", description="What is not as it should be"
        )
    _show_funnel(root)
    message = f"{len(found) - len(odd)} of {len(found)} posts as we wrote them; {len(rows)} to see"
    return Completed(message=message, name="Needs attention" if rows else "Completed")


def _show_funnel(root: str) -> None:
    with project(root) as opened, opened.ledger.read() as conn:
        rows = reports.by(conn, "channel")
    if rows:
        create_markdown_artifact(
            funnel(rows), key="collect-funnel", description="What led to what, by channel"
        )


def _way(opened: Project) -> Callable[[Channel], Http]:
    """Each channel's way to its network, with the tokens that it renews."""
    return lambda one: opened.way(one, Http(pace=one.connector.pace))


def _ask_who(opened: Project, name: str) -> None:
    """Ask a network who we are, for the desk, which has no credentials."""
    channel = opened.channels[name]
    health.check(opened.ledger, channel, _way(opened), now_utc(), bool(opened.key))


def _row(one: Finding) -> dict[str, str]:
    publication = one.publication
    return {
        "job": publication.job_id,
        "where": f"{publication.channel} {publication.moment}",
        "found": str(one.kind),
        "detail": safe(one.detail or "")[:300],
    }
