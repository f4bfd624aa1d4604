"""Values that obey a strict JSON schema, as OpenAI's structured outputs allow it: objects, arrays, enums, unions with null, references."""

from __future__ import annotations

import math
import re
from random import Random
from typing import Any

from caseforge_assets.batch_server.writer.strings import is_long_text, write_formatted, write_string
from caseforge_assets.batch_server.writer.subject import Subject

NOTE = "(Simulated by the local Batch API server.)"
DEEP, TOO_DEEP = 6, 60
MOST_EXTRA_ITEMS = 12
TRIES_FOR_A_NEW_TEXT = 12
SHARE_OF_NULLS = 0.2


class UnwritableSchemaError(Exception):
    """The schema asks for something that the writer can't make."""


def write_value(schema: dict[str, Any], subject: Subject, rng_seed: int) -> Any:
    """A value for a schema that says once, in its first long text (or else in its first text), that it is simulated.

    Raises:
        UnwritableSchemaError: If there is no such value, or none that this writer can make.
    """
    for note_anywhere in (False, True):
        writer = _SchemaWriter(schema, subject, Random(rng_seed), note_anywhere=note_anywhere)  # noqa: S311 - texts, not secrets
        try:
            value = writer.value(schema, "", 0)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError, re.error) as error:
            raise UnwritableSchemaError(f"The schema of the answer can't be understood: {error}") from error
        if writer.noted:
            break
    return value


class _SchemaWriter:
    def __init__(self, root: dict[str, Any], subject: Subject, rng: Random, *, note_anywhere: bool) -> None:
        self.root = root
        self.subject = subject
        self.rng = rng
        self.note_anywhere = note_anywhere
        self.noted = False
        self.used_texts: set[tuple[str, str]] = set()

    def value(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        if depth > TOO_DEEP:
            raise UnwritableSchemaError("The schema refers to itself without end.")
        if "$ref" in schema:
            return self.value(self._referred(schema["$ref"]), name, depth + 1)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self.rng.choice(schema["enum"])
        options = schema.get("anyOf") or schema.get("oneOf")
        if options:
            return self.value(self._option(options, depth), name, depth + 1)
        return self._typed(schema, name, depth)

    def _typed(self, schema: dict[str, Any], name: str, depth: int) -> Any:
        match self._type_of(schema):
            case "object":
                return {key: self.value(inner, key, depth + 1) for key, inner in schema.get("properties", {}).items()}
            case "array":
                return self._array(schema, name, depth)
            case "integer":
                return int(self._number(schema, whole=True))
            case "number":
                return self._number(schema, whole=False)
            case "boolean":
                return self.rng.random() < 0.5
            case "null":
                return None
            case "string":
                return self._string(schema, name)
            case other:
                raise UnwritableSchemaError(f"The schema has the unknown type '{other}'.")

    def _referred(self, reference: str) -> dict[str, Any]:
        found: Any = self.root
        for key in reference.removeprefix("#").strip("/").split("/"):
            try:
                found = found[key.replace("~1", "/").replace("~0", "~")] if key else found
            except (KeyError, TypeError):
                raise UnwritableSchemaError(f"The schema refers to '{reference}', which it doesn't define.") from None
        return dict(found)

    def _option(self, options: list[dict[str, Any]], depth: int) -> dict[str, Any]:
        """Mostly something; deep inside rather null or something simple, so that recursion ends."""
        nulls = [option for option in options if option.get("type") == "null"]
        others = [option for option in options if option.get("type") != "null"]
        if nulls and (not others or depth > DEEP or self.rng.random() < SHARE_OF_NULLS):
            return nulls[0]
        simple = [option for option in others if "$ref" not in option]
        return self.rng.choice(simple if simple and depth > DEEP else others)

    def _type_of(self, schema: dict[str, Any]) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            others = [type_name for type_name in kind if type_name != "null"]
            may_be_null = len(others) < len(kind)
            return "null" if not others or (may_be_null and self.rng.random() < SHARE_OF_NULLS) else str(self.rng.choice(others))
        return str(kind or ("object" if "properties" in schema else "array" if "items" in schema else "string"))

    def _array(self, schema: dict[str, Any], name: str, depth: int) -> list[Any]:
        least = schema.get("minItems", 0 if depth > DEEP else 1)
        most = 0 if depth > DEEP else 4
        most = min(schema.get("maxItems", max(least, most)), least + MOST_EXTRA_ITEMS)
        least = min(least, most)
        return [self.value(schema.get("items", {}), name, depth + 1) for _ in range(self.rng.randint(least, most))]

    def _number(self, schema: dict[str, Any], *, whole: bool) -> float:
        step = schema.get("multipleOf", 1 if whole else 0.1)
        low, high = _bounds(schema, step)
        first, last = math.ceil(round(low / step, 9)), math.floor(round(high / step, 9))
        if first > last:
            raise UnwritableSchemaError(f"No number lies between {low} and {high} in steps of {step}.")
        return round(float(self.rng.randint(first, last) * step), 9)

    def _string(self, schema: dict[str, Any], name: str) -> str:
        formatted = write_formatted(schema["format"], self.subject, self.rng) if "format" in schema else None
        text = formatted or self._fitting(self._new_text(name), schema, name)
        if "pattern" in schema and not re.search(schema["pattern"], text):
            raise UnwritableSchemaError(
                f"The local server's writer has no text that matches the pattern {schema['pattern']!r} of '{name}'."
            )
        return text

    def _new_text(self, name: str) -> str:
        """A text that this property had nowhere else in the answer."""
        for _ in range(TRIES_FOR_A_NEW_TEXT):
            text = write_string(name, self.subject, self.rng)
            if (name, text) not in self.used_texts:
                break
        else:
            text = f"{text[:70]} ({len(self.used_texts)})"
        self.used_texts.add((name, text))
        return text

    def _fitting(self, text: str, schema: dict[str, Any], name: str) -> str:
        most = schema.get("maxLength", math.inf)
        if not self.noted and (self.note_anywhere or is_long_text(name)) and len(text) + len(NOTE) < most and "pattern" not in schema:
            self.noted = True
            text = f"{text} {NOTE}"
        if len(text) > most:
            text = text[: schema["maxLength"]]
        return text.ljust(schema.get("minLength", 0), ".")


def _bounds(schema: dict[str, Any], step: float) -> tuple[float, float]:
    low = schema.get("minimum")
    high = schema.get("maximum")
    if "exclusiveMinimum" in schema:
        low = schema["exclusiveMinimum"] + step / 1000
    if "exclusiveMaximum" in schema:
        high = schema["exclusiveMaximum"] - step / 1000
    if low is None:
        low = min(1, high) if high is not None else 1
    if high is None:
        high = max(100, low + 99 * step)
    return low, high
