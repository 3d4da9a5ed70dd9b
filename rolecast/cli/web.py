"""rolecast web"""

from __future__ import annotations

import os
from pathlib import Path

import click

from rolecast.cli import common


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve on.")
@click.option("--port", default=8080, show_default=True)
@click.option("--prefect-ui", help="Address of Prefect's UI, for the desk's link.")
@click.option("--go-only", is_flag=True, help="Only links and public job pages, for the outside.")
@click.pass_obj
def web(root: Path, host: str, port: int, prefect_ui: str | None, go_only: bool) -> None:
    """Serve board, desk and links; `rolecast up` does this too."""
    import uvicorn

    from rolecast.web import app

    # The pages need no secrets, so this process is not given any.
    with common.project(
        root, env={k: v for k, v in os.environ.items() if k == "ROLECAST_LEDGER"}
    ) as it:
        if go_only:
            made = app.go_alone(it.ledger, it.settings, it.channels, (host,))
        else:
            made = app.create(it.ledger, it.settings, it.channels, prefect_ui, (host,), it.calendar)
        uvicorn.run(
            made,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,  # an address in a log would be an address kept
            server_header=False,
            timeout_graceful_shutdown=5,
        )
