"""rolecast history"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from rolecast.cli import common


@click.command()
@click.argument("job")
@click.option("--brief", is_flag=True, help="Leave the texts out.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
@click.pass_obj
def history(root: Path, job: str, brief: bool, form: str) -> None:
    """Show everything that happened to a job, in order, with texts as sent."""
    from rolecast.history import of_job

    with common.project(root) as project:
        found = of_job(project.ledger, job)
    if not found:
        raise click.ClickException(f"nothing is known of a job {job!r}; see `rolecast status`")
    if form == "json":
        click.echo(json.dumps([asdict(one) for one in found], indent=2, default=str))
        return
    for one in found:
        click.secho(f"{one.at.astimezone():%Y-%m-%d %H:%M:%S}  ", nl=False, dim=True)
        click.secho(one.what, bold=True, nl=False)
        parts = (one.where, one.outcome and f"→ {one.outcome}", one.address, f"({one.who})")
        click.echo("  " + "  ".join(part for part in parts if part))
        if one.detail:
            click.echo(f"                     {one.detail}")
        if one.text and not brief:
            click.echo(common.indent(one.text))
