"""The real servers that the tests talk to, and a proxy that breaks connections.

Software comes from Debian and npm (``tests/servers/install``); everything
listens on loopback, on ports chosen at start.
"""

from .appview import BlueskyNetwork
from .base import Server, ServerUnavailable
from .dokuwiki import DokuWiki
from .ghost import Ghost
from .mailman import Mailman
from .mastodon import MastodonMock
from .matrix import Matrix
from .mediawiki import MediaWiki
from .misago import Misago
from .oidc import Oidc
from .pds import PDS, Account
from .postfix import Postfix
from .postgres import Postgres
from .prosody import Prosody
from .proxy import Answer, Fault, FaultProxy, Request
from .wordpress import WordPress

__all__ = [
    "PDS",
    "Account",
    "Answer",
    "BlueskyNetwork",
    "DokuWiki",
    "Fault",
    "FaultProxy",
    "Ghost",
    "Mailman",
    "MastodonMock",
    "Matrix",
    "MediaWiki",
    "Misago",
    "Oidc",
    "Postfix",
    "Postgres",
    "Prosody",
    "Request",
    "Server",
    "ServerUnavailable",
    "WordPress",
]
