"""An OpenID Connect provider, asked who somebody is (OpenID Connect Core 1.0, code flow).

With PKCE (RFC 7636), a state and a nonce; the ID token's signature, issuer, audience and time are
checked. What Authlib and PyJWT do well is theirs to do. What went wrong is told in a sentence;
the details, which name machines, go to the log.
"""

from __future__ import annotations

import json
import logging
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import jwt
import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session

from rolecast.ledger import Ledger
from rolecast.settings import Oidc
from rolecast.signin import Begun, by_provider
from rolecast.told import N_, Told

log = logging.getLogger("rolecast.signin")
SECRET = "ROLECAST_OIDC_SECRET"
SCOPE = "openid email profile"
TIMEOUT = 10.0  # seconds
FRESH = 3600.0  # seconds for which the provider's description is believed
SKEW = 60  # seconds by which clocks may differ
# None of those that need no key, and none whose key would be our own secret.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")


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
        self._described: dict[str, Any] = {}
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

    def who(self, back: str, code: str, kept: str, issuer: str = "") -> Said:
        """Trade the code that came back for who it is. issuer: who sends it back, where that is
        said (RFC 9207). Raises Problem."""
        found, ours = self._description(), json.loads(kept)
        with _understood(N_("The provider's answer cannot be used. Sign in anew.")):
            if issuer and issuer != found["issuer"]:
                raise ValueError(f"the answer comes from {issuer!r}")
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
            subject, address = str(claims["sub"]), str(claims.get("email") or "")
            name = " ".join(str(claims.get("name") or "").split())[:200]
        if str(claims.get("email_verified", True)).lower() == "false":
            raise Problem(N_("Your mail address is not verified there."))
        if not address:
            raise Problem(N_("The provider does not tell your mail address."))
        return Said(f"{found['issuer']}|{subject}", address, name)

    def _session(self, back: str) -> OAuth2Session:
        # RFC 6749, 2.3.1: Basic is what every provider has to take, unless it says what it takes.
        known = self._described.get("token_endpoint_auth_methods_supported")
        by_post = known and "client_secret_basic" not in known
        method = "client_secret_post" if by_post else "client_secret_basic"
        return OAuth2Session(
            self.settings.client_id,
            self._secret or None,
            scope=SCOPE,
            redirect_uri=back,
            code_challenge_method="S256",
            token_endpoint_auth_method=method if self._secret else "none",
        )

    def _description(self) -> dict[str, Any]:
        """OpenID Connect Discovery 1.0, 4."""
        if self._described and time.monotonic() - self._at < FRESH:
            return self._described
        issuer = self.settings.issuer.rstrip("/")
        with _understood(N_("The provider cannot be asked who you are. Try again in a while.")):
            answer = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=TIMEOUT)
            answer.raise_for_status()
            found = answer.json()
            if not all(isinstance(found[name], str) for name in NEEDED):
                raise ValueError("it does not describe itself as such")
            if found["issuer"].rstrip("/") != issuer:
                raise ValueError(f"it calls itself {found['issuer']!r}")
        self._described, self._at = found, time.monotonic()
        self._keys = jwt.PyJWKClient(found["jwks_uri"], timeout=int(TIMEOUT))
        return found

    def _checked(self, found: dict[str, Any], token: str, nonce: str) -> dict[str, Any]:
        """The claims of an ID token (Core, 3.1.3.7)."""
        assert self._keys is not None
        ours = self.settings.client_id
        claims = jwt.decode(
            token,
            self._keys.get_signing_key_from_jwt(token),
            algorithms=ALGORITHMS,
            audience=ours,
            issuer=found["issuer"],
            leeway=SKEW,
            options={"require": ["exp", "iat", "sub"]},
        )
        several = isinstance(claims["aud"], list) and claims["aud"][1:]
        if claims.get("azp", None if several else ours) != ours:
            raise ValueError("the token was made for another client")
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise ValueError("the token belongs to another sign-in")
        return claims

    def _asked(
        self, found: dict[str, Any], session: OAuth2Session, claims: dict[str, Any]
    ) -> dict[str, Any]:
        """With what the userinfo endpoint adds (Core, 5.3)."""
        if "userinfo_endpoint" not in found:
            return claims
        answer = session.get(found["userinfo_endpoint"], timeout=TIMEOUT)
        answer.raise_for_status()
        more = answer.json()
        if more["sub"] != claims["sub"]:
            raise ValueError("userinfo is about somebody else")
        return {**more, **claims}  # what is signed comes first


@contextmanager
def _understood(otherwise: str) -> Iterator[None]:
    """Whatever a provider answers becomes a sentence: it may be anything."""
    try:
        yield
    except (AuthlibBaseError, jwt.PyJWTError, OSError, ValueError) as error:  # OSError: requests'
        log.warning("OpenID Connect: %s: %s", type(error).__name__, error)
        raise Problem(otherwise) from error
    except (AttributeError, KeyError, TypeError, RecursionError) as error:  # JSON of another shape
        log.warning("OpenID Connect: an answer is not what it should be: %r", error)
        raise Problem(otherwise) from error
