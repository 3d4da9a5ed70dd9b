"""The table of connectors: name → class. A new one is a module and a line here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from rolecast.connector import Connector

_CLASSES = {
    "bluesky": "bluesky.Bluesky",
    "board": "board.Board",
    "byhand": "byhand.ByHand",
    "confluence": "confluence.Confluence",
    "discord": "discord.Discord",
    "discord-webhook": "discord.DiscordWebhook",
    "discourse": "discourse.Discourse",
    "dokuwiki": "dokuwiki.DokuWiki",
    "facebook": "facebook.Facebook",
    "ghost": "ghost.Ghost",
    "linkedin": "linkedin.LinkedIn",
    "mail": "mail.Mail",
    "mastodon": "mastodon.Mastodon",
    "matrix": "matrix.Matrix",
    "mediawiki": "mediawiki.MediaWiki",
    "misago": "misago.Misago",
    "nodebb": "nodebb.NodeBB",
    "slack": "slack.Slack",
    "teams": "teams.Teams",
    "teams-graph": "teams.TeamsGraph",
    "telegram": "telegram.Telegram",
    "threads": "threads.Threads",
    "vivaengage": "vivaengage.VivaEngage",
    "wordpress": "wordpress.WordPress",
    "x": "x.X",
    "xmpp": "xmpp.Xmpp",
}


class _Table(Mapping[str, type[Connector]]):
    """Loads a connector when its name is first asked for: a start pays only for what it uses."""

    def __getitem__(self, name: str) -> type[Connector]:
        module, _, class_ = _CLASSES[name].partition(".")
        return getattr(import_module(f"connectors.{module}"), class_)

    def __iter__(self) -> Iterator[str]:
        return iter(_CLASSES)

    def __len__(self) -> int:
        return len(_CLASSES)


TABLE: Mapping[str, type[Connector]] = _Table()
