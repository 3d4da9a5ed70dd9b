"""rolecast web and rolecast go"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rolecast.cli import common

if TYPE_CHECKING:
    from rolecast.settings import Settings

STATE = ".rolecast"


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on.")
@click.option("--port", default=8080, show_default=True)
@click.option("--prefect-ui", help="Address of Prefect's UI, for the desk's link.")
@click.pass_obj
def web(root: Path, host: str, port: int, prefect_ui: str | None) -> None:
    """Serve board, desk and links; `rolecast up` does this too."""
    from rolecast import credit, logs
    from rolecast.web import api, app
    from rolecast.web.face import Face
    from rolecast.web.serve import serve

    with _project(root) as it:
        logs.setup(it.settings.log)
        face = Face(it.ledger, it.settings, root.resolve() / STATE)
        made = app.create(
            it.ledger,
            it.settings,
            it.channels,
            prefect_ui,
            (host,),
            it.calendar,
            face=face,
            systems=api.systems_of(it.settings),
            rules=credit.load(it.settings.credit, root / "credit"),
            provider=_provider(it.settings),
            sender=_sender(it.settings),
            folder=it.folder if it.folder.is_dir() else None,
            draft=it.draft,
            previews=it.previews,
        )
        serve(made, face, host, port)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on.")
@click.option("--port", default=8081, show_default=True)
@click.option("--workers", default=1, show_default=True, help="Processes on that port.")
@click.option(
    "--gather/--no-gather",
    default=True,
    help="Whether it brings its clicks into the ledger itself; `rolecast web` does so too.",
)
@click.option("--worker", is_flag=True, hidden=True, help="Be one of the processes.")
@click.option("--scribe", hidden=True, help="Its scribe's socket.")
@click.pass_obj
def go(
    root: Path, host: str, port: int, workers: int, gather: bool, worker: bool, scribe: str | None
) -> None:
    """Serve links and public job pages only, for the outside.

    Needs the ledger to read links from and brings clicks into it; redirects go on while the
    ledger is busy or away, and clicks wait on the disk meanwhile. /metrics has the figures.

    With --no-gather and a ledger on PostgreSQL it needs no more than to read the tables
    alembic_version, links, jobs and publications, and to add to clicks_intake: give it a role
    of its own.
    """
    from rolecast.web.workers import run

    if worker:
        _worker(root, host, port, scribe)
        return
    from rolecast import logs

    with _project(root) as it:
        logs.setup(it.settings.log)
        words = ["--root", str(root.resolve()), "go", "--host", host, "--port", str(port)]
        run(it.ledger, it.settings, root.resolve() / STATE, words, workers, gather, click.echo)


def _worker(root: Path, host: str, port: int, scribe: str | None) -> None:
    from rolecast import logs
    from rolecast.web import app
    from rolecast.web.face import Face
    from rolecast.web.serve import serve

    with _project(root) as it:
        logs.setup(it.settings.log)
        folder = root.resolve() / STATE
        face = Face(it.ledger, it.settings, folder, "/jobs", scribe, gathers=False)
        made = app.go_alone(it.ledger, it.settings, it.channels, (host,), face=face)
        serve(made, face, host, port, shared=True)


def _provider(settings: Settings):
    from rolecast import oidc

    ours = settings.people.oidc
    return oidc.Provider(ours, os.environ.get(oidc.SECRET, "")) if ours else None


def _sender(settings: Settings):
    from rolecast import outbox

    ours = settings.mail
    return outbox.smtp(ours) if ours else None


def _project(root: Path):
    # The pages need no channel's secrets, so no channel is given any.
    return common.project(root, env={k: v for k, v in os.environ.items() if k == "ROLECAST_LEDGER"})
