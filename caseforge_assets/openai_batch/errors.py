"""What a failed call to the provider means for the caller. The SDK's classes stay in this folder.

Sources: HTTP status and `error.code` of OpenAI's API; codes are matched loosely because they drift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caseforge_assets.redaction import redact

if TYPE_CHECKING:
    import openai

STOP_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
    }
)


class ProviderError(Exception):
    """A call to the provider failed; the text is for people and holds no secret."""


class ProviderStopped(ProviderError):
    """Nothing will work until a person acts: key, permission or money."""


class ProviderRefused(ProviderError):
    """The provider said no to this very call, and did nothing."""


class ProviderUnclear(ProviderError):
    """No answer, a server error, or too many calls: whether the call took effect is not known; it may be tried again later."""


class ProviderNotFound(ProviderError):
    """The provider does not know this batch or file."""


def translate(error: openai.OpenAIError, doing: str) -> ProviderError:
    """The error of an SDK call as one of this module's.

    Args:
        error: what the SDK raised.
        doing: the call in words, e.g. "creating the batch".
    """
    import openai  # not at the top, here and below: Dagster's code location and most commands load without the SDK

    if isinstance(error, openai.APITimeoutError):
        return ProviderUnclear(f"{doing}: no answer within the time-out")
    if isinstance(error, openai.APIConnectionError):
        return ProviderUnclear(f"{doing}: no connection to the provider ({_cause(error)})")
    if not isinstance(error, openai.APIStatusError):
        return ProviderUnclear(f"{doing}: {redact(str(error))}")
    text = f"{doing}: HTTP {error.status_code}: {redact(_message(error))}"
    if error.status_code == 401:
        return ProviderStopped(f"{text}. Check OPENAI_API_KEY")
    if error.status_code == 403 or error.code in STOP_CODES:
        return ProviderStopped(text)
    if error.status_code == 404:
        return ProviderNotFound(text)
    if error.status_code >= 500 or error.status_code in (408, 429):  # 429: too many calls just now
        return ProviderUnclear(text)
    return ProviderRefused(text)


def _message(error: openai.APIStatusError) -> str:
    body = error.body
    return str(body["message"]) if isinstance(body, dict) and body.get("message") else error.message


def _cause(error: BaseException) -> str:
    return redact(str(error.__cause__ or error)) or type(error.__cause__ or error).__name__
