"""rolecast clicks"""

from __future__ import annotations

from pathlib import Path

import click

from rolecast.cli import common


@click.group()
def clicks() -> None:
    """Bring clicks in, judge them anew, or count them anew."""


@clicks.command()
@click.pass_obj
def gather(root: Path) -> None:
    """Bring the clicks that wait on this machine's disk into the ledger now."""
    from rolecast.gather import gather as bring

    with common.project(root) as project:
        count = bring(project.ledger, root / ".rolecast" / "spool")
    click.echo(f"{count} clicks are brought in.")


@clicks.command()
@click.pass_obj
def rejudge(root: Path) -> None:
    """Judge all single clicks by today's rules and lists; the sums follow."""
    from rolecast.ledger import clicks as kept

    with common.project(root) as project, project.ledger.begin(alone="clicks") as conn:
        changed = kept.rejudge(conn)
    click.echo(f"{changed} clicks are judged otherwise now.")


@clicks.command()
@click.pass_obj
def recount(root: Path) -> None:
    """Make the sums again from the single clicks, as far back as those are kept."""
    from rolecast.ledger import clicks as kept

    with common.project(root) as project, project.ledger.begin(alone="clicks") as conn:
        kept.recount(conn)
        found = kept.state(conn)
    click.echo(", ".join(f"{found[kind]} {kind}" for kind in ("human", "suspect", "bot")))
