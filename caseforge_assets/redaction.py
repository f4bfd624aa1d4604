"""Keeps secrets out of texts: error messages, logs, stored reasons, Dagster metadata."""

from __future__ import annotations

import logging
import re

MASK = "[secret]"
_RULES = (
    re.compile(r"(?i)(?P<keep>\bauthorization[\"']?\s*[:=]\s*[\"']?(?:(?:basic|bearer|digest|token)\s+)?)[^\s\"',}]+"),
    re.compile(r"(?i)(?P<keep>\bbearer\s+)[^\s\"',}]+"),
    re.compile(r"(?i)(?P<keep>\bapi[-_]?key[\"']?\s*[:=]\s*[\"']?)[^\s\"',}]+"),
    re.compile(r"(?P<keep>)\bsk-[A-Za-z0-9_\-*.]{4,}"),
    re.compile(r"(?P<keep>://[^/\s:@]*:)\S+(?=@)"),  # to the last @: a password may hold / and @, whatever the standard says
)


def redact(text: str) -> str:
    """The text with API keys, bearer tokens and passwords in URLs masked."""
    for rule in _RULES:
        text = rule.sub(lambda match: match["keep"] + MASK, text)
    return text


class RedactingFilter(logging.Filter):
    """Masks secrets in every record that passes a handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the record's message and traceback; never drops it."""
        record.msg, record.args = redact(record.getMessage()), None
        if record.exc_info:
            record.exc_text = redact(record.exc_text or logging.Formatter().formatException(record.exc_info))
        return True
