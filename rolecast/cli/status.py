"""rolecast status"""

from __future__ import annotations

import json
from pathlib import Path

import click

from rolecast.cli import common

COLOURS = {
    "live": "green",
    "held": "magenta",
    "refused": "red",
    "gone": "red",
    "unknown": "yellow",
    "waiting": "yellow",
    "sending": "cyan",
}


@click.command()
@click.argument("jobs", nargs=-1)
@click.option("--state", "states", multiple=True, help="Only this state; may be repeated.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def status(root: Path, jobs: tuple[str, ...], states: tuple[str, ...], form: str) -> None:
    """Show what is where, with addresses, and what waits for what."""
    from rolecast.ledger import publications

    with common.project(root) as project, project.ledger.read() as conn:
        found = [
            one for one in publications.everything(conn, states) if not jobs or one.job_id in jobs
        ]
    if form == "json":
        click.echo(json.dumps([_as_dict(one) for one in found], indent=2))
        return
    if not found:
        click.echo("Nothing yet. Drop a job spec into the folder and run `rolecast publish`.")
        return
    last = None
    for one in found:
        if one.job_id != last:
            click.secho(one.job_id, bold=True)
            last = one.job_id
        _line(one)
    counts: dict[str, int] = {}
    for one in found:
        counts[one.state] = counts.get(one.state, 0) + 1
    click.echo("\n" + ", ".join(f"{number} {state}" for state, number in sorted(counts.items())))


def _line(one) -> None:
    receipt = one.received()
    where = (receipt.address or receipt.id) if receipt and one.state == "live" else ""
    until = f" (from {one.not_before:%Y-%m-%d %H:%M:%S} UTC on)" if one.not_before else ""
    why = f"  {one.reason}{until}" if one.reason else ""
    click.secho(
        f"  {one.channel:16} {one.moment:9} {one.state:10} {where}{why}", fg=COLOURS.get(one.state)
    )


def _as_dict(one) -> dict:
    receipt = one.received()
    return {
        "job": one.job_id,
        "channel": one.channel,
        "moment": one.moment,
        "state": one.state,
        "address": receipt.address if receipt else None,
        "reason": one.reason,
        "pending": one.pending,
        "link": one.link,
        "updated": one.updated.isoformat(),
        "not_before": one.not_before.isoformat() if one.not_before else None,
    }
