"""Errors of calls to the provider, by what they mean for the caller. The SDK's classes stay in this folder.

What an error's code means is decided in `batches.error_codes`, for calls as for batches and lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caseforge_assets.batches.error_codes import outcome_of_words, says_stop, says_too_much_enqueued, stated_token_limit
from caseforge_assets.batches.results.response_body import read_error
from caseforge_assets.redaction import redact
from caseforge_assets.safe_text import replace_unstorable
from caseforge_assets.stages.judgement import Outcome

if TYPE_CHECKING:
    import openai

MAX_MESSAGE_CHARACTERS = 1_000  # a proxy's message may be a whole page of HTML
REDIRECTED_TO = "x-caseforge-redirected-to"  # where a redirect that was not followed points to
_MAY_PASS = frozenset({408, 425, 429})
_STOPS = frozenset({401, 402, 403})


class ProviderError(Exception):
    """A call to the provider failed; the text is for people and holds no secret."""

    @property
    def status_code(self) -> int | None:
        """The HTTP status of the answer; None where there was none."""
        return getattr(self.__cause__, "status_code", None)


class ProviderStopped(ProviderError):
    """Nothing will work until a person acts: key, permission or money."""


class ProviderRefused(ProviderError):
    """The provider said no to this very call."""


class ProviderFull(ProviderRefused):
    """The account has as many tokens waiting as it may: fewer have to be sent at a time. Azure OpenAI says so when a batch is created."""

    @property
    def stated_limit(self) -> int | None:
        """Says how many may wait, where the provider says so."""
        return stated_token_limit(read_error(getattr(self.__cause__, "body", None))[1])


class ProviderUnclear(ProviderError):
    """No answer, a server error, too many calls, or not what was asked for: whether the call took effect is not known; it may be tried again later."""


class ProviderNotFound(ProviderError):
    """The provider does not know this batch or file."""


class ProviderNotListing(ProviderError):
    """The provider gives no list of its batches or files, or none that ends; each can be asked for by its id."""


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
        return ProviderUnclear(f"{doing}: {_for_people(str(error))}")
    return _of_status(error, doing)


def _of_status(error: openai.APIStatusError, doing: str) -> ProviderError:
    code, message = read_error(error.body)
    text = f"{doing}: HTTP {error.status_code}: {_for_people(message or error.message)}"
    named = outcome_of_words(code, message)
    if 300 <= error.status_code < 400:
        return ProviderRefused(f"{doing}: HTTP {error.status_code}: {_redirect(error)}")
    if says_stop(code, message) or (error.status_code in _STOPS and named is not Outcome.rate_limited):
        return ProviderStopped(f"{text}. Check OPENAI_API_KEY" if error.status_code == 401 else text)
    if says_too_much_enqueued(code, message):
        return ProviderFull(text)
    if error.status_code == 404:
        return ProviderNotFound(text)
    if error.status_code >= 500 or error.status_code in _MAY_PASS or named is Outcome.rate_limited:  # too many calls just now
        return ProviderUnclear(text)
    return ProviderRefused(text)


def _redirect(error: openai.APIStatusError) -> str:
    where = error.response.headers.get(REDIRECTED_TO)
    to = f" to {_for_people(where)}" if where else ""
    return f"it is redirected{to}, which is not followed; if that is right, set OPENAI_BASE_URL to the address that answers itself"


def _for_people(text: str) -> str:
    """In one line, storable, without secrets, and not longer than anybody reads."""
    looked_at = text[: MAX_MESSAGE_CHARACTERS * 10]  # a body may be megabytes of anything, and masking takes its time
    plain = redact(" ".join(replace_unstorable(looked_at).split()))
    return plain if len(plain) <= MAX_MESSAGE_CHARACTERS else plain[:MAX_MESSAGE_CHARACTERS] + "…"


def _cause(error: BaseException) -> str:
    return _for_people(str(error.__cause__ or error)) or type(error.__cause__ or error).__name__
