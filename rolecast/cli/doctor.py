"""rolecast doctor"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from rolecast.cli import common


@click.command()
@click.pass_obj
def doctor(root: Path) -> None:
    """Say for each channel who we would post as, or what is missing and how to get it.

    Exit status: 0 every channel is ready, 1 some are not.
    """
    with common.project(root, with_blocks=True) as project:
        click.echo(
            f"ledger   {project.ledger.url.render_as_string()} (tables {project.ledger.version()})"
        )
        click.echo(f"folder   {project.folder}")
        bad = [c.name for c in project.channels.values() if c.enabled and not _ask(project, c)]
    raise SystemExit(1 if bad else 0)


def _ask(project, channel) -> bool:
    """Ask one channel's network; the desk shows the answer, too."""
    from rolecast import health
    from rolecast.channels import variable
    from rolecast.publish import now_utc

    connector = channel.connector
    click.secho(f"\n{channel.name}  ({connector.label})", bold=True)
    way = partial(common.way_with_vault, project)
    answer = health.check(project.ledger, channel, way, now_utc(), bool(project.key))
    for warning in answer.warnings:
        click.secho(f"  soon     {warning}", fg="yellow")
    missing = connector.missing()
    if missing:
        for field in missing:
            click.secho(f"  missing  {variable(channel.name, field)}", fg="yellow")
            click.echo(f"           {connector.secrets()[field]}")
        return False
    if answer.trouble:
        click.secho(f"  not ready  {answer.trouble}", fg="red")
        return False
    who = f"posts as {answer.named}" if answer.named else "needs no account"
    click.secho(f"  ready    {who}", fg="green")
    return True
