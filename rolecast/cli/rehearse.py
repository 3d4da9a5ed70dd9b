"""rolecast rehearse"""

from __future__ import annotations

from pathlib import Path

import click

from rolecast.cli import common


@click.command()
@click.argument("channel")
@click.option("--job", default="", help="The job whose text is tried; else the newest there.")
@click.pass_obj
def rehearse(root: Path, channel: str, job: str) -> None:
    """Send a test post where nobody but a private audience sees it.

    A draft that is deleted at once, a mail to the sender, a channel for tests: what the network
    has. Nothing of it stands in the ledger, and it has no link of a publication.
    """
    from rolecast.connector import ConnectorError
    from rolecast.rehearsing import NoRehearsal
    from rolecast.rehearsing import rehearse as carry_out
    from rolecast.render import RenderProblem

    with common.project(root, with_blocks=True) as project:
        if channel not in project.channels:
            raise click.UsageError(f"there is no channel {channel}")
        try:
            done = carry_out(project, project.channels[channel], common.open_http, job)
        except (NoRehearsal, ConnectorError, RenderProblem) as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"It worked. Who sees it: {done.audience}.")
    if done.address:
        click.echo(done.address)
