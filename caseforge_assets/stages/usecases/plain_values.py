"""Values of a candidate's fields that came in another type than asked for: a list or an object where a text is meant, one choice in a list. Only what has one reading is changed."""

from __future__ import annotations

from caseforge_assets.stages.usecases.record import CHOICES


def plain_value(field: str, value: object) -> object:
    """Give a field's value as a text, a list as a list in Markdown; anything that is none stays as it is.

    Args:
        field: The field's name.
        value: As it stands in JSON.
    """
    if isinstance(value, str):
        return value
    if field in CHOICES:
        parts = list(value.values()) if isinstance(value, dict) else value
        return parts[0] if isinstance(parts, list) and len(parts) == 1 else value
    if isinstance(value, dict):
        value = [f"{_words(name)}: {_line(part)}" for name, part in value.items()] if _are_lines(list(value.values())) else value
    if not isinstance(value, list) or not value or not _are_lines(value):
        return value
    lines = [_line(part) for part in value]
    return lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)


def _are_lines(parts: list[object]) -> bool:
    return bool(parts) and all(
        _is_line(part) or (isinstance(part, dict) and bool(part) and all(map(_is_line, part.values()))) for part in parts
    )


def _is_line(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and bool(str(value).strip())


def _line(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{_words(name)}: {_line(part)}" for name, part in value.items())
    return " ".join(str(value).split())


def _words(name: object) -> str:
    return str(name).replace("_", " ").strip()
