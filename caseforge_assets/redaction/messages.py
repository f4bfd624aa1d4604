"""Messages and what a provider says about itself: masked by value and by shape."""

from __future__ import annotations

from typing import Any

from caseforge_assets.redaction.known import mask_message, mask_values
from caseforge_assets.redaction.shapes import mask_shapes


def redact(text: str) -> str:
    """The text without the secrets of this process, and without what looks like one."""
    return mask_shapes(mask_message(text))


def redact_file(text: str) -> str:
    """The same of a file that must go on working, such as a template: known values, and what is a secret wherever it stands."""
    return mask_shapes(mask_values(text), message=False)


def redact_object(value: Any) -> Any:
    """A JSON value with its texts redacted, the names of its fields as well; in ids, which are needed as they are, only known values are masked."""
    if isinstance(value, dict):
        return {redact(str(name)): _redact_field(str(name), item) for name, item in value.items()}
    if isinstance(value, list):
        return [redact_object(item) for item in value]
    return redact(value) if isinstance(value, str) else value


def _redact_field(name: str, value: Any) -> Any:
    return mask_values(value) if isinstance(value, str) and (name == "id" or name.endswith("_id")) else redact_object(value)
