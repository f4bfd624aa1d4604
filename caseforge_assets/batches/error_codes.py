"""What a provider's error means: from HTTP status, code and message to an outcome.

Sources: OpenAI's error codes and those of compatible servers. Codes and messages drift, so they are matched loosely,
and the codes go before the status: a 429 may mean "too fast" or "no money left".
"""

import re

from caseforge_assets.stages.judgement import Outcome

QUOTA_CODES = frozenset(
    {
        "insufficient_quota",
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "billing_hard_limit_reached",
        "billing_not_active",
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
    "invalid_api_key": Outcome.auth,
    "account_deactivated": Outcome.auth,
    "authentication_error": Outcome.auth,
    "permission_denied": Outcome.auth,
    "permission_error": Outcome.auth,
    "model_not_found": Outcome.model_not_found,
    "deployment_not_found": Outcome.model_not_found,
    "context_length_exceeded": Outcome.context_length,
    "content_filter": Outcome.content_filtered,
    "content_policy_violation": Outcome.content_filtered,
    **dict.fromkeys(QUOTA_CODES, Outcome.quota),
}
_BY_STATUS = {
    401: Outcome.auth,
    403: Outcome.auth,
    404: Outcome.model_not_found,
    408: Outcome.server_error,
    409: Outcome.server_error,
    429: Outcome.rate_limited,
}
_TOO_LONG = re.compile(
    r"maximum context length|context[ _-](?:length|window).{0,40}exceed|exceed.{0,40}context[ _-](?:length|window)", re.I
)


def outcome_of_error(status_code: int | None, code: str | None, message: str | None) -> Outcome:
    """Decide which outcome an error is.

    Args:
        status_code: The HTTP status, if there was a response.
        code: The error's code, in any case.
        message: Its message.
    """
    plain = (code or "").strip().casefold().replace("-", "_").replace(" ", "_")
    if plain in _BY_CODE:
        return _BY_CODE[plain]
    if _TOO_LONG.search(message or ""):
        return Outcome.context_length
    if status_code in _BY_STATUS:
        return _BY_STATUS[status_code]
    if status_code is not None and 400 <= status_code < 500:
        return Outcome.invalid_request
    says_invalid = plain.startswith(("invalid_", "missing_required", "unsupported_", "unknown_parameter"))
    return Outcome.invalid_request if says_invalid and status_code is None else Outcome.server_error
