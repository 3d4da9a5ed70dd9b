"""The real servers that the tests talk to, and a proxy that breaks connections.

Software comes from Debian and npm (``tests/servers/install``); everything
listens on loopback, on ports chosen at start.
"""

from .base import Server, ServerUnavailable
from .pds import PDS, Account
from .postgres import Postgres
from .proxy import Answer, Fault, FaultProxy, Request
from .wordpress import WordPress

__all__ = [
    "PDS",
    "Account",
    "Answer",
    "Fault",
    "FaultProxy",
    "Postgres",
    "Request",
    "Server",
    "ServerUnavailable",
    "WordPress",
]
