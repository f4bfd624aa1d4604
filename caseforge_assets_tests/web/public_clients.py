"""A provider that takes clients without a secret alone: each shows, with its code, what its challenge was made from (RFC 7636)."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from authlib.oauth2.rfc7636 import CodeChallenge
from oidc_provider_mock import _app

CHALLENGES: dict[str, tuple[str, str]] = {}


class OfPublicClients(_app.AuthorizationCodeGrant):
    """Codes for clients that have no secret; who sends one is refused."""

    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = ["none"]

    def __init__(self, *of_request: Any) -> None:
        """Has the challenge looked at, as the provider's own grant does not."""
        super().__init__(*of_request)
        _Challenges(required=True)(self)

    def save_authorization_code(self, code: str, request: Any) -> None:
        """Keeps the challenge with the code."""
        super().save_authorization_code(code, request)
        CHALLENGES[code] = request.payload.data["code_challenge"], request.payload.data["code_challenge_method"]


class _Challenges(CodeChallenge):
    def get_authorization_code_challenge(self, authorization_code: Any) -> str:
        return CHALLENGES[authorization_code.code][0]

    def get_authorization_code_challenge_method(self, authorization_code: Any) -> str:
        return CHALLENGES[authorization_code.code][1]


def for_public_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the next provider that is started take public clients alone."""
    monkeypatch.setattr(_app, "AuthorizationCodeGrant", OfPublicClients)
