"""A small judge of strict JSON schemas, written independently of the writer that it judges."""

from __future__ import annotations

import re
from typing import Any

TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def violations(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$") -> list[str]:
    if "$ref" in schema:
        target: Any = root
        for key in schema["$ref"].lstrip("#/").split("/"):
            target = target[key] if key else target
        return violations(value, target, root, at)
    if "anyOf" in schema:
        return [] if any(not violations(value, option, root, at) for option in schema["anyOf"]) else [f"{at}: fits no option"]
    found = []
    if "const" in schema and value != schema["const"]:
        found.append(f"{at}: not the constant")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{at}: {value!r} not in {schema['enum']}")
    if "type" in schema and not is_one_of(value, schema["type"]):
        return [*found, f"{at}: {value!r} is no {schema['type']}"]
    return found + inside(value, schema, root, at)


def is_one_of(value: Any, kinds: str | list[str]) -> bool:
    names = [kinds] if isinstance(kinds, str) else kinds
    if isinstance(value, bool):
        return "boolean" in names
    return any(isinstance(value, TYPES[name]) for name in names)


def inside(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str) -> list[str]:
    if isinstance(value, dict):
        wanted = schema.get("properties", {})
        found = [f"{at}: keys {sorted(value)}"] if sorted(value) != sorted(wanted) else []
        return found + [text for key in wanted if key in value for text in violations(value[key], wanted[key], root, f"{at}.{key}")]
    if isinstance(value, list):
        fits = schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
        found = [] if fits else [f"{at}: {len(value)} items"]
        return found + [text for member in value for text in violations(member, schema["items"], root, f"{at}[]")]
    if isinstance(value, str):
        fits = schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
        return [] if fits and re.search(schema.get("pattern", ""), value) else [f"{at}: {value!r}"]
    return number_violations(value, schema, at) if isinstance(value, (int, float)) and not isinstance(value, bool) else []


def number_violations(value: float, schema: dict[str, Any], at: str) -> list[str]:
    step = schema.get("multipleOf")
    rules = [
        schema.get("minimum", value) <= value <= schema.get("maximum", value),
        schema.get("exclusiveMinimum", value - 1) < value < schema.get("exclusiveMaximum", value + 1),
        step is None or abs(value / step - round(value / step)) < 1e-6,
    ]
    return [] if all(rules) else [f"{at}: {value} against {schema}"]
