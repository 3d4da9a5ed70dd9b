"""An OpenID Connect provider (oidc-provider, the real program) with pages of its own."""

from .base import Server, call, expect


class Oidc(Server):
    """``url`` is its issuer. Whoever logs in as NAME is NAME@ostrelund.example there."""

    script = "oidc"

    def new_client(self, back: str, **more) -> tuple[str, str]:
        """Register a client that returns to ``back``: its number and its secret."""
        wish = {"redirect_uris": [back], "grant_types": ["authorization_code"]} | more
        made = expect(call("POST", f"{self.url}/reg", wish), 201)
        return made["client_id"], made.get("client_secret", "")
