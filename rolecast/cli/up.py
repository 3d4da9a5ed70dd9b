"""rolecast up: the whole process tree with embedded defaults."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rolecast.cli import common

if TYPE_CHECKING:
    from rolecast.planning import Planned
    from rolecast.project import Project

PATIENCE = 60.0  # seconds for the first run


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on.")
@click.option("--port", default=8080, show_default=True, help="Board, desk and links.")
@click.option("--prefect-port", default=4200, show_default=True, help="Prefect's server and UI.")
@click.pass_obj
def up(root: Path, host: str, port: int, prefect_port: int) -> None:
    """Run everything: Prefect's server, the watcher, board, desk and links.

    Publishes what the folder asks for, prints where to look, and keeps going
    until Ctrl-C. State is kept in .rolecast/ beside rolecast.toml.
    """
    from rolecast.supervise import Tree, Trouble

    with common.project(root) as project:
        tree = Tree(
            root.resolve(),
            host,
            port,
            prefect_port,
            click.echo,
            lambda stopping: _first_run(project, stopping),
        )
        try:
            raise SystemExit(tree.run())
        except Trouble as error:
            raise click.ClickException(str(error)) from error


def _first_run(project: Project, stopping: Callable[[], bool]) -> None:
    """Wait until the watcher has published what the folder asks for, and say what became of it."""
    click.echo("  publishing what the folder asks for …")
    deadline = time.monotonic() + PATIENCE
    planned = project.plan()
    while not stopping() and time.monotonic() < deadline and _at_work(project, planned):
        time.sleep(0.3)
        planned = project.plan()
    _tell(project, planned)


def _at_work(project: Project, planned: Planned) -> bool:
    """Whether the watcher still has something to send, or is sending."""
    from rolecast.ledger import publications

    with project.ledger.read() as conn:
        sending = publications.sending(conn)
    return bool(sending) or any(not change.needs_approval for change in planned.plan.changes)


def _tell(project: Project, planned: Planned) -> None:
    from rolecast.ledger import publications
    from rolecast.ledger.states import State

    with project.ledger.read() as conn:
        found = publications.everything(conn, [State.live, State.held])
    counts: dict[tuple[str, str], int] = {}
    for one in found:
        counts[one.channel, one.state] = counts.get((one.channel, one.state), 0) + 1
    common.show_problems(planned.problems)
    click.echo(f"  {common.summary(planned.plan)}")
    for (channel, state), count in sorted(counts.items()):
        click.echo(f"    {channel:12} {count} {state}")
    common.show_blocked(planned.plan)
