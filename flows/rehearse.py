"""A test post to a private audience, for whoever works in Prefect's UI."""

from __future__ import annotations

from prefect import flow
from prefect.states import Completed, State

from connectors.http import Http
from flows.project import project
from rolecast import rehearsing


@flow(name="rehearse", flow_run_name="Send a test post on {channel}", retries=0)
def rehearse(channel: str, job: str = "", root: str = ".") -> State:
    """Send a test post where nobody but a private audience sees it.

    channel: its name in rolecast.toml. job: whose text is tried; empty: the newest that goes there.
    root: the folder with rolecast.toml, on the machine that runs this.
    """
    with project(root) as opened:
        if channel not in opened.channels:
            raise rehearsing.NoRehearsal(f"there is no channel {channel}")
        done = rehearsing.rehearse(
            opened, opened.channels[channel], lambda one: Http(pace=one.connector.pace), job
        )
    return Completed(message=f"who sees it: {done.audience}. {done.address or ''}".strip())
