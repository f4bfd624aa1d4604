"""Logs and tracebacks of the whole process: what any library logs is masked before a handler sees it."""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType
from typing import Any

from caseforge_assets.redaction.masks import redact


class RedactingFilter(logging.Filter):
    """Masks secrets in every record that passes a handler."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the record's message and traceback; never drops it."""
        _mask_record(record)
        return True


def guard_process() -> None:
    """Masks every log record of this process when it is made, whoever logs it to whatever handler, and the traceback that ends it."""
    if not isinstance(make := logging.getLogRecordFactory(), _MaskingFactory):
        logging.setLogRecordFactory(_MaskingFactory(make))
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = _print_masked


class _MaskingFactory:
    def __init__(self, make: Any) -> None:
        self._make = make

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record: logging.LogRecord = self._make(*args, **kwargs)
        _mask_record(record)
        return record


def _mask_record(record: logging.LogRecord) -> None:
    try:
        said = record.getMessage()
    except (TypeError, ValueError):  # arguments that don't fit: logging itself reports it
        return
    if (clean := redact(said)) != said:
        record.msg, record.args = clean, None
    if record.exc_info and record.exc_info[0] is not None:
        record.exc_text = redact(record.exc_text or logging.Formatter().formatException(record.exc_info))
    if record.stack_info:
        record.stack_info = redact(record.stack_info)


def _print_masked(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(redact("".join(traceback.format_exception(kind, error, trace))))
