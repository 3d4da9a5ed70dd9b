"""The table of connectors: name → class. A new one is a module and a line here."""

from __future__ import annotations

from connectors.bluesky import Bluesky
from connectors.board import Board
from connectors.byhand import ByHand
from connectors.wordpress import WordPress
from rolecast.connector import Connector

TABLE: dict[str, type[Connector]] = {
    connector.name: connector for connector in (Board, Bluesky, ByHand, WordPress)
}
