"""rolecast up: the whole process tree with embedded defaults."""

from __future__ import annotations

from pathlib import Path

import click


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
    from rolecast.settings import SettingsError, load
    from rolecast.supervise import Tree, Trouble

    try:
        load(root)
        raise SystemExit(Tree(root.resolve(), host, port, prefect_port, click.echo).run())
    except (SettingsError, Trouble) as error:
        raise click.ClickException(str(error)) from error
