"""Tells colleagues what became of what they did, by mail and chat; does what is due for them."""

from __future__ import annotations

from dataclasses import dataclass

from prefect import flow
from prefect.states import Completed, State

from connectors.http import Http
from flows.project import project
from rolecast import rounds, telling
from rolecast.channels import Channel
from rolecast.project import Project
from rolecast.publish import now_utc


@dataclass(frozen=True)
class Teller:
    """Tells somebody something through one channel's connector. See rolecast.telling.Messenger."""

    channel: Channel
    http: Http

    def tell(self, address: str, text: str) -> None:
        """Raises ConnectorError."""
        self.channel.connector.tell(self.http, address, text)


def tellers(opened: Project) -> dict[str, Teller]:
    """How a person may be told (slack, teams) → the first channel that can."""
    found: dict[str, Teller] = {}
    for one in opened.channels.values():
        way = one.connector.tells
        if way and one.enabled and not one.cannot_send():
            found.setdefault(way, Teller(one, opened.way(one, Http(pace=one.connector.pace))))
    return found


@flow(name="digest", flow_run_name="digest")
def digest(root: str = ".") -> State:
    """Tell, remind and forget what is due.

    root: the folder with rolecast.toml, on the machine that runs this. Mails go into the ledger;
    `rolecast web` sends them.
    """
    with project(root) as opened:
        try:
            done = rounds.run(opened.ledger, opened.settings, now_utc())
        finally:
            told = telling.deliver(opened.ledger, tellers(opened), now_utc())
    parts = [f"{count} {what}" for what, count in {**done, "told by chat": told}.items() if count]
    return Completed(message=", ".join(parts) or "nothing was due")
