"""An OpenID Connect provider, asked who somebody is (OpenID Connect Core 1.0, code flow).

With PKCE (RFC 7636), a state and a nonce; the ID token's signature, issuer, audience and time are
checked. What Authlib and PyJWT do well is theirs to do.
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from datetime import datetime

import jwt
import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session

from rolecast.ledger import Ledger
from rolecast.settings import Oidc
from rolecast.signin import Begun, by_provider
from rolecast.told import N_, Told

SECRET = "ROLECAST_OIDC_SECRET"
SCOPE = "openid email profile"
TIMEOUT = 10.0  # seconds
FRESH = 3600.0  # seconds for which the provider's description is believed
SKEW = 60  # seconds by which clocks may differ
# None of those that need no key, and none whose key would be our own secret.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]


class Problem(Told):
    """The provider did not say who it is; the message says why."""


@dataclass(frozen=True)
class Said:
    """Who it is. subject: the provider's number of the person, with the provider's address."""

    subject: str
    email: str
    name: str


class Provider:
    """One provider. secret: of our client there; "" for a public client."""

    def __init__(self, settings: Oidc, secret: str = ""):
        self.settings, self._secret = settings, secret
        self._described: dict[str, str] = {}
        self._keys: jwt.PyJWKClient | None = None
        self._at = 0.0

    def begin(self, ledger: Ledger, back: str, to: str, now: datetime) -> tuple[Begun, str]:
        """A sign-in, and where to send the browser. back: our address to return to; to: the page
        that was asked for. Raises Problem."""
        found = self._description()
        verifier, nonce = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
        kept = json.dumps({"verifier": verifier, "nonce": nonce})
        begun = by_provider(ledger, to, kept, now)
        with self._session(back) as session:
            url, _ = session.create_authorization_url(
                found["authorization_endpoint"],
                state=begun.secret,
                code_verifier=verifier,
                nonce=nonce,
            )
        return begun, url

    def who(self, back: str, code: str, kept: str) -> Said:
        """Trade the code that came back for who it is. Raises Problem."""
        found, ours = self._description(), json.loads(kept)
        try:
            with self._session(back) as session:
                token = session.fetch_token(
                    found["token_endpoint"],
                    code=code,
                    code_verifier=ours["verifier"],
                    timeout=TIMEOUT,
                )
                claims = self._checked(found, token.get("id_token", ""), ours["nonce"])
                if not claims.get("email"):
                    claims = self._asked(found, session, claims)
        except (AuthlibBaseError, requests.RequestException, ValueError) as error:
            raise Problem(
                N_("The provider's answer cannot be used: %(error)s"), error=error
            ) from error
        except jwt.PyJWTError as error:
            raise Problem(
                N_("The provider's token cannot be believed: %(error)s"), error=error
            ) from error
        if claims.get("email_verified") is False:
            raise Problem(N_("Your mail address is not verified there."))
        if not claims.get("email"):
            raise Problem(N_("The provider does not tell your mail address."))
        name = claims.get("name") or ""
        return Said(f"{found['issuer']}|{claims['sub']}", str(claims["email"]), str(name)[:200])

    def _session(self, back: str) -> OAuth2Session:
        return OAuth2Session(
            self.settings.client_id,
            self._secret or None,
            scope=SCOPE,
            redirect_uri=back,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if self._secret else "none",
        )

    def _description(self) -> dict[str, str]:
        """OpenID Connect Discovery 1.0, 4."""
        if self._described and time.monotonic() - self._at < FRESH:
            return self._described
        issuer = self.settings.issuer.rstrip("/")
        try:
            answer = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=TIMEOUT)
            answer.raise_for_status()
            found = answer.json()
            needed = {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"}
            if not needed <= set(found) or found["issuer"].rstrip("/") != issuer:
                raise ValueError("it does not describe itself as such")
        except (requests.RequestException, ValueError) as error:
            raise Problem(
                N_("%(issuer)s cannot be asked who you are: %(error)s"), issuer=issuer, error=error
            ) from error
        self._described, self._at = found, time.monotonic()
        self._keys = jwt.PyJWKClient(found["jwks_uri"], timeout=int(TIMEOUT))
        return found

    def _checked(self, found: dict[str, str], token: str, nonce: str) -> dict:
        """The claims of an ID token (Core, 3.1.3.7)."""
        assert self._keys is not None
        claims = jwt.decode(
            token,
            self._keys.get_signing_key_from_jwt(token),
            algorithms=ALGORITHMS,
            audience=self.settings.client_id,
            issuer=found["issuer"],
            leeway=SKEW,
            options={"require": ["exp", "iat", "sub"]},
        )
        if not secrets.compare_digest(str(claims.get("nonce", "")), nonce):
            raise Problem(N_("The provider's answer belongs to another sign-in."))
        return claims

    def _asked(self, found: dict[str, str], session: OAuth2Session, claims: dict) -> dict:
        """With what the userinfo endpoint adds (Core, 5.3)."""
        if "userinfo_endpoint" not in found:
            return claims
        more = session.get(found["userinfo_endpoint"], timeout=TIMEOUT).json()
        if more.get("sub") != claims["sub"]:
            raise Problem("the provider's answers are about different people")
        return claims | more
