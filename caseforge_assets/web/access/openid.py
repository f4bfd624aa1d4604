"""OpenID Connect: a provider vouches for people. Discovery, PKCE, state and nonce; what the provider says of a person is believed when its signature holds."""

from __future__ import annotations

import json
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from fastapi import Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from caseforge_assets.access.roles import Caller
from caseforge_assets.settings import Settings
from caseforge_assets.settings.service import ServiceSettings
from caseforge_assets.store.access import accounts
from caseforge_assets.store.database import clock
from caseforge_assets.web.access.addresses import is_secure
from caseforge_assets.web.access.cookies import csrf_token, is_csrf_token
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.problems import Refused

CALLBACK = "/sign-in/openid/callback"
ATTEMPT_S = 600
_PATIENCE_S, _KNOWN_FOR_S, _LEEWAY_S = 10, 3_600, 60
_SIGNED_BY = [
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
]  # never `none`, never a shared secret


@dataclass(frozen=True)
class Attempt:
    """A sign-in that was begun, which the provider's answer has to fit; the browser keeps it, signed, for ten minutes."""

    state: str
    nonce: str
    verifier: str
    go_on: str
    begun_at: int


@dataclass(frozen=True)
class Person:
    """A person who has signed in: subject, name and groups, as the provider states them."""

    subject: str
    name: str
    groups: list[str]


def begin_attempt(request: Request, service: Service, go_on: str) -> tuple[str, str]:
    """The provider's address to go to, and what the browser keeps meanwhile.

    Raises:
        Refused: there is no provider, or it cannot be reached.
    """
    attempt = Attempt(
        secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48), go_on, int(clock.now_in(service.store).timestamp())
    )
    found = _discover(service.settings)
    address, _ = _client(request, service).create_authorization_url(
        found["authorization_endpoint"], state=attempt.state, nonce=attempt.nonce, code_verifier=attempt.verifier
    )
    plain = urlsafe_b64encode(json.dumps(asdict(attempt)).encode()).decode()
    return address, f"{plain}.{csrf_token(service, f'openid {plain}')}"


def read_attempt(service: Service, kept: str | None, state: str) -> Attempt:
    """Gives what the browser has begun.

    Raises:
        Refused: it has begun nothing, something else, or too long ago.
    """
    plain, _, signature = (kept or "").partition(".")
    if plain and is_csrf_token(service, f"openid {plain}", signature):
        attempt = Attempt(**json.loads(urlsafe_b64decode(plain)))
        if (
            secrets.compare_digest(attempt.state.encode(), state.encode())
            and clock.now_in(service.store).timestamp() - attempt.begun_at <= ATTEMPT_S
        ):
            return attempt
    raise Refused(403, "sign-in", "This sign-in was not begun in this browser, or too long ago. Begin again.")


def finish_attempt(request: Request, service: Service, attempt: Attempt, code: str) -> Person:
    """The person for whom the provider vouches.

    Raises:
        Refused: the provider takes the code not, or what it says does not hold: signature, issuer, audience, nonce, time.
    """
    found = _discover(service.settings)
    try:
        answer = _client(request, service).fetch_token(
            found["token_endpoint"], code=code, code_verifier=attempt.verifier, timeout=_PATIENCE_S
        )
        keys = _keys(found["jwks_uri"], int(time.time()) // _KNOWN_FOR_S)
        return read_id_token(service.settings.configuration.service, keys, str(answer.get("id_token")), attempt.nonce)
    except (OAuthError, requests.RequestException, JoseError, ValueError) as error:
        says = f"What the OpenID provider answered cannot be believed ({type(error).__name__}: {error}). Begin again."
        raise Refused(403, "sign-in", says) from error


def read_id_token(settings: ServiceSettings, keys: KeySet, text: str, nonce: str) -> Person:
    """The person of an ID token that the provider has signed, for this service, for this attempt, and that is not over.

    Raises:
        JoseError, ValueError: it is none.
    """
    token = jwt.decode(text, keys, algorithms=_SIGNED_BY)
    _claims(settings.oidc_issuer, settings.oidc_client_id, nonce).validate(token.claims)
    groups = token.claims.get(settings.oidc_groups_claim) or []
    name = token.claims.get(settings.oidc_name_claim) or token.claims["sub"]
    return Person(str(token.claims["sub"]), str(name), [str(group) for group in (groups if isinstance(groups, list) else [groups])])


def ending_address(request: Request, service: Service, caller: Caller) -> str | None:
    """Says where a person signs out at the provider; None: they did not sign in there, or it has no such page."""
    settings = service.settings.configuration.service
    if not settings.oidc_issuer or caller.account_id is None:
        return None
    with service.store.connect() as connection:
        row = accounts.find(connection, caller.name)
    if row is None or row.issuer != settings.oidc_issuer:
        return None
    try:
        page = _discover(service.settings).get("end_session_endpoint")
    except Refused:  # out of reach: that is no reason not to sign out here
        return None
    asked = {"client_id": settings.oidc_client_id, "post_logout_redirect_uri": f"{_own_address(request, service)}/sign-in"}
    return f"{page}?{urlencode(asked)}" if page else None


def _claims(issuer: str, client_id: str, nonce: str) -> jwt.JWTClaimsRegistry:
    return jwt.JWTClaimsRegistry(
        leeway=_LEEWAY_S,
        iss={"essential": True, "value": issuer},
        aud={"essential": True, "value": client_id},
        nonce={"essential": True, "value": nonce},
        sub={"essential": True},
        exp={"essential": True},
    )


def _client(request: Request, service: Service) -> OAuth2Session:
    settings, secret = service.settings.configuration.service, service.settings.oidc_client_secret
    return OAuth2Session(
        settings.oidc_client_id,
        None if secret is None else secret.get_secret_value(),
        scope=settings.oidc_scope,
        redirect_uri=_own_address(request, service) + CALLBACK,
        code_challenge_method="S256",
        token_endpoint_auth_method="none" if secret is None else "client_secret_basic",
    )


def _own_address(request: Request, service: Service) -> str:
    scheme = "https" if is_secure(request, service.settings.configuration.service) else "http"
    return f"{scheme}://{request.headers['host']}"


def _discover(settings: Settings) -> dict[str, Any]:
    issuer = settings.configuration.service.oidc_issuer
    if not issuer:
        raise Refused(404, "not-found", "No OpenID provider is set up.")
    try:
        found = _document(f"{issuer.rstrip('/')}/.well-known/openid-configuration", int(time.time()) // _KNOWN_FOR_S)
    except (requests.RequestException, ValueError) as error:
        raise Refused(
            502, "openid-provider", f"The OpenID provider cannot be reached ({type(error).__name__}). Try again later."
        ) from error
    if found.get("issuer") != issuer:
        raise Refused(502, "openid-provider", f"The OpenID provider calls itself {found.get('issuer')!r}; oidc_issuer has to say the same.")
    return found


@lru_cache(maxsize=4)
def _document(address: str, hour: int) -> dict[str, Any]:
    """A document of the provider, which is asked for once an hour."""
    del hour
    answer = requests.get(address, timeout=_PATIENCE_S, allow_redirects=False)
    answer.raise_for_status()
    found = answer.json()
    if not isinstance(found, dict):
        raise ValueError("it is no document")  # noqa: TRY004 - of what came over the network
    return found


def _keys(address: str, hour: int) -> KeySet:
    return KeySet.import_key_set(_document(address, hour))  # type: ignore[arg-type]
