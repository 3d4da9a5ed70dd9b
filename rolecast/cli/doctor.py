"""rolecast doctor"""

from __future__ import annotations

from datetime import date
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
    from rolecast.channels import KEY, variable
    from rolecast.connector import ConnectorError

    connector = channel.connector
    click.secho(f"\n{channel.name}  ({connector.label})", bold=True)
    for warning in connector.warnings(date.today()):
        click.secho(f"  soon     {warning}", fg="yellow")
    if getattr(connector, "refresh_token", None) and not project.key:
        click.secho(f"  soon     set {KEY}: without it the token is not renewed", fg="yellow")
    missing = connector.missing()
    if missing:
        for field in missing:
            click.secho(f"  missing  {variable(channel.name, field)}", fg="yellow")
            click.echo(f"           {connector.secrets()[field]}")
        return False
    if not connector.can("whoami"):
        click.secho("  ready    needs no account", fg="green")
        return True
    try:
        click.secho(
            f"  ready    posts as {connector.whoami(common.way_with_vault(project, channel))}",
            fg="green",
        )
    except ConnectorError as error:
        click.secho(f"  not ready  {error}", fg="red")
        return False
    return True
