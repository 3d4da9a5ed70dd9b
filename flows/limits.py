"""One account, one sender: workers take turns at a network through Prefect's global limits.

A network counts what an account does, not who does it. So all workers share one slot for each
channel; within it, the connector's pace and the network's own wishes are kept. A worker that dies
gives its slot back when its lease ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.client.orchestration import get_client
from prefect.concurrency.sync import concurrency

from rolecast.channels import Channel

LEASE = 60.0  # seconds


def prepare(channels: list[Channel]) -> None:
    """Make the limits that are not there yet. A person may raise them in Prefect's UI."""
    with get_client(sync_client=True) as client:
        known = {limit.name for limit in client.read_global_concurrency_limits(limit=200)}
        for channel in channels:
            if (name := _name(channel)) and name not in known:
                client.upsert_global_concurrency_limit_by_name(name, 1)


@contextmanager
def turn(channel: Channel) -> Iterator[None]:
    """Our turn at the channel's account; waits while another worker has it."""
    name = _name(channel)
    if name is None:
        yield
        return
    with concurrency(name, lease_duration=LEASE):
        yield


def _name(channel: Channel) -> str | None:
    """The limit's name; None for channels that have no network to spare."""
    connector = channel.connector
    return None if connector.local or connector.manual else f"rolecast-{channel.name}"
