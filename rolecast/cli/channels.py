"""rolecast channels"""

from __future__ import annotations

import json
from pathlib import Path

import click

from rolecast.cli import common

ABILITIES = ("edit", "withdraw", "find", "look", "count")
AFTER_LOSS = {
    "keyed": "never doubles: the network knows our key",
    "findable": "never doubles: we look before sending again",
    "blind": "waits for a person: nobody else can see whether it is there",
}


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def channels(root: Path, form: str) -> None:
    """List the channels, what each can do, and what a lost answer costs there."""
    with common.project(root) as project:
        rows = [_row(channel) for channel in project.channels.values()]
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.secho(f"{row['channel']}  ({row['label']})", bold=True)
        click.echo(f"  can       publish, {', '.join(row['can']) or 'nothing else'}")
        click.echo(f"  cannot    {', '.join(row['cannot']) or '–'}")
        click.echo(f"  lost answer  {row['guarantee']}: {AFTER_LOSS[row['guarantee']]}")
        click.echo(f"  limit     {row['limit'] or 'none'} {row['unit'] if row['limit'] else ''}")
        click.echo(f"  takes     {row['takes']}")
        click.echo(f"  state     {row['state']}\n")


def _row(channel) -> dict:
    connector, route = channel.connector, channel.route
    rules = [f"{name} {'/'.join(values)}" for name, values in route.model_dump().items() if values]
    return {
        "channel": channel.name,
        "connector": connector.name,
        "label": connector.label,
        "guarantee": str(connector.guarantee),
        "can": [a for a in ABILITIES if connector.can(a)],
        "cannot": [a for a in ABILITIES if not connector.can(a)],
        "limit": connector.limit,
        "unit": connector.unit,
        "takes": ", ".join(rules) or "every job",
        "state": channel.cannot_send() or ("on" if channel.enabled else "switched off"),
        "policy": channel.policy.model_dump(),
    }
