"""mastodon_mock: Mastodon's API, written by others."""

from .base import Server


class MastodonMock(Server):
    """``token`` belongs to an account at ``url``."""

    script = "mastodon"

    token = property(lambda self: self.facts["TOKEN"])
