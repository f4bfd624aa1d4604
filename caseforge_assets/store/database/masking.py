"""The last look for secrets: what is bound to any statement of this process is masked before PostgreSQL gets it, whoever's tables it is for.

Dagster's own engines are meant, too: what a run or a tick raised or logged is stored by them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, event

from caseforge_assets.redaction import mask_values

_NO_TEXTS = frozenset({int, float, bool, Decimal, type(None)})


def mask_parameters() -> None:
    """From now on secrets are masked in the parameters of every engine of this process."""
    if not event.contains(Engine, "before_cursor_execute", _masked):
        event.listen(Engine, "before_cursor_execute", _masked, retval=True)


def _masked(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _executemany: bool) -> tuple[str, Any]:
    return statement, masked(parameters)


def masked(value: Any) -> Any:
    """Texts within the parameters of one or of many executions with secrets masked; the very same object where nothing is masked."""
    if isinstance(value, str):
        return mask_values(value)
    if isinstance(value, dict):
        hidden = {name: masked(part) for name, part in value.items()}
        return hidden if any(hidden[name] is not item for name, item in value.items()) else value
    if isinstance(value, (list, tuple)):
        if _NO_TEXTS.issuperset(map(type, value)):  # some hundred ids, such as of what a search has found
            return value
        parts = [masked(part) for part in value]
        return type(value)(parts) if any(new is not old for new, old in zip(parts, value, strict=True)) else value
    return value
