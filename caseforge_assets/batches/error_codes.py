"""Gives a provider's error its meaning: from HTTP status, code and message to an outcome.

The one place for it, wherever the error stands: in the answer to a call, in a failed batch's errors, or in a result line.

Sources: OpenAI's error codes (platform.openai.com/docs/guides/error-codes, the openai SDK's issues) and those of compatible servers
(DeepSeek and OpenRouter say 402 where there is no money left). Codes and messages drift, so they are matched loosely,
and the codes go before the status: a 429 may mean "too fast" or "no money left", and some proxies make a 500 of it.
"""

import re
from decimal import Decimal

from caseforge_assets.stages.judgement import Next, Outcome

QUOTA_CODES = frozenset(
    {
        "insufficient_quota",
        "insufficient_balance",
        "insufficient_credits",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "billing_hard_limit_reached",
        "billing_not_active",
        "quotaexceeded",  # Azure, of files among others: a person has to delete some
    }
)
AUTH_CODES = frozenset(
    {
        "invalid_api_key",
        "invalid_organization",
        "account_deactivated",
        "access_terminated",
        "authentication_error",
        "permission_denied",
        "permission_error",
    }
)

_BY_CODE = {
    "batch_expired": Outcome.expired,
    "batch_cancelled": Outcome.cancelled,
    "batch_canceled": Outcome.cancelled,
    "request_timeout": Outcome.server_error,
    "rate_limit_exceeded": Outcome.rate_limited,
    "slow_down": Outcome.rate_limited,
    "too_many_requests": Outcome.rate_limited,
    "server_is_overloaded": Outcome.rate_limited,
    "server_error": Outcome.server_error,
    "internal_error": Outcome.server_error,
    "internal_server_error": Outcome.server_error,
    "model_not_found": Outcome.model_not_found,
    "deployment_not_found": Outcome.model_not_found,
    "context_length_exceeded": Outcome.context_length,
    "content_filter": Outcome.content_filtered,
    "content_policy_violation": Outcome.content_filtered,
    "bio_policy": Outcome.content_filtered,  # this and the next two: openai SDK, types/responses/response_error.py
    "misalignment_policy_violation": Outcome.content_filtered,
    "data_residency_mismatch": Outcome.invalid_request,
    **dict.fromkeys(AUTH_CODES, Outcome.auth),
    **dict.fromkeys(QUOTA_CODES, Outcome.quota),
}
_BY_STATUS = {
    401: Outcome.auth,
    402: Outcome.quota,
    403: Outcome.auth,
    404: Outcome.model_not_found,
    408: Outcome.server_error,
    409: Outcome.server_error,
    429: Outcome.rate_limited,
}
_TOO_LONG = re.compile(
    r"maximum context length|context[ _-](?:length|window).{0,40}exceed|exceed.{0,40}context[ _-](?:length|window)", re.I
)
_NUMBER = r"(\d[\d,._ ]*\d|\d)\s*(thousand|million|billion|[kmb])?\b"
# OpenAI: "Limit: 2,000,000 enqueued tokens". Azure: "The number of enqueued tokens has surpassed the configured limit of 50K".
_STATED_LIMIT = re.compile(rf"limit\s*(?:of|is|:|=)?\s*{_NUMBER}", re.I)
_TOO_MUCH_ENQUEUED = re.compile(
    r"enqueued[\s_-]+tokens?\b|\btokens?\s+(?:are\s+|already\s+|currently\s+)*enqueued|\btoken_limit_exceeded\b", re.I
)
_POWERS = {"k": 10**3, "m": 10**6, "b": 10**9}
_NO_MONEY = re.compile(r"billing hard limit|exceeded your current quota|credit balance is too low|account is not active", re.I)


def outcome_of_error(status_code: int | None, code: str | None, message: str | None) -> Outcome:
    """Decide which outcome an error is.

    Args:
        status_code: The HTTP status, if there was a response.
        code: The error's code, in any case.
        message: Its message.
    """
    if (named := outcome_of_words(code, message)) is not None:
        return named
    if status_code in _BY_STATUS:
        return _BY_STATUS[status_code]
    if status_code is not None and 400 <= status_code < 500:
        return Outcome.invalid_request
    says_invalid = _plain(code).startswith(("invalid_", "missing_required", "unsupported_", "unknown_parameter"))
    answered = status_code is None or status_code < 400  # a response that failed has status 200, and its error in the body
    return Outcome.invalid_request if says_invalid and answered else Outcome.server_error


def outcome_of_words(code: str | None, message: str | None) -> Outcome | None:
    """Gives the outcome that code and message name by themselves; None where they say nothing that is known.

    Args:
        code: The error's code, in any case.
        message: Its message.
    """
    if (plain := _plain(code)) in _BY_CODE:
        return _BY_CODE[plain]
    if _NO_MONEY.search(message or ""):
        return Outcome.quota
    return Outcome.context_length if _TOO_LONG.search(message or "") else None


def says_stop(code: str | None, message: str | None) -> bool:
    """Tells whether nothing must be sent any more until a person acts: key, account, money or model.

    Args:
        code: The error's code, in any case.
        message: Its message.
    """
    named = outcome_of_words(code, message)
    return named is not None and named.follow_up is Next.stop


def says_too_much_enqueued(code: str | None, message: str | None) -> bool:
    """Tells whether the account has as many tokens waiting as it may, so that fewer have to be sent at a time.

    Args:
        code: The error's code, in any case.
        message: Its message.
    """
    return "token_limit" in _plain(code) or bool(_TOO_MUCH_ENQUEUED.search(message or ""))


def stated_token_limit(message: str | None) -> int | None:
    """Reads how many tokens may wait, where a message that says `says_too_much_enqueued` states it: 2,000,000, or 50K.

    Args:
        message: The message.
    """
    found = _STATED_LIMIT.search(message or "")
    if found is None:
        return None
    digits, unit = found[1], (found[2] or "")[:1].casefold()
    if not unit:
        return int(re.sub(r"\D", "", digits)) or None
    whole, _, part = re.sub(r"[ _]", "", digits).replace(",", ".").rpartition(".")
    if len(part) == 3 or not whole:  # groups of thousands
        return int(re.sub(r"\D", "", digits)) * _POWERS[unit] or None
    return int(Decimal(f"{whole.replace('.', '')}.{part}") * _POWERS[unit]) or None


def _plain(code: str | None) -> str:
    return (code or "").strip().casefold().replace("-", "_").replace(" ", "_")
