"""The OpenAPI document as rows of a page: operations by tag, fields with their types in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_REFERENCE = "#/components/schemas/"
_BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "minLength": "characters at least",
    "maxLength": "characters at most",
    "pattern": "of the form",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body."""

    name: str
    kind: str
    refers_to: str | None
    required: bool
    says: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A possible answer of an operation: its status, its description, and the schema that it refers to."""

    status: str
    says: str
    refers_to: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """A method on a path."""

    id: str
    method: str
    path: str
    summary: str
    says: str
    parameters: list[Field]
    body: list[Field]
    body_type: str | None
    answers: list[Answer]


@dataclass(frozen=True, slots=True)
class Schema:
    """A named schema: its description, and its fields or values."""

    name: str
    says: str
    fields: list[Field]
    values: list[str]


def by_tag(document: Mapping[str, Any]) -> dict[str, list[Operation]]:
    """Every operation under its tag, in the order of the document."""
    found: dict[str, list[Operation]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for tag in operation.get("tags", ["other"]):
                found.setdefault(tag, []).append(_operation(document, method.upper(), path, operation))
    return found


def schemas(document: Mapping[str, Any]) -> list[Schema]:
    """Every schema that has a name, by name."""
    named = sorted(document["components"]["schemas"].items())
    return [
        Schema(name, schema.get("description", ""), list(_fields(schema)), [str(value) for value in schema.get("enum", ())])
        for name, schema in named
    ]


def _operation(document: Mapping[str, Any], method: str, path: str, operation: Mapping[str, Any]) -> Operation:
    parameters = [
        Field(
            parameter["name"],
            f"{_kind(parameter['schema'])}, in the {parameter['in']}",
            None,
            parameter.get("required", False),
            _says(parameter, parameter["schema"]),
        )
        for parameter in operation.get("parameters", ())
    ]
    media = operation.get("requestBody", {}).get("content", {})
    body_type, schema = next(((name, form.get("schema", {})) for name, form in media.items()), (None, {}))
    answers = [Answer(status, response["description"], _answered(response)) for status, response in operation["responses"].items()]
    resolved = _resolve(document, schema)
    return Operation(
        operation["operationId"],
        method,
        path,
        operation.get("summary", ""),
        operation.get("description", ""),
        parameters,
        list(_fields(resolved)),
        body_type,
        answers,
    )


def _answered(answer: Mapping[str, Any]) -> str | None:
    for media in answer.get("content", {}).values():
        return _named(media.get("schema", {}))
    return None


def _resolve(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    name = _named(schema)
    found: Mapping[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


def _fields(schema: Mapping[str, Any]) -> Iterator[Field]:
    required = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        yield Field(name, _kind(part), _named(part), name in required, _says(part, part))


def _says(described: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """The description, and the bounds that a type does not tell."""
    parts = [described.get("description", "")]
    for part in (schema, *schema.get("anyOf", ())):
        parts += [f"{words} {part[bound]}" for bound, words in _BOUNDS.items() if bound in part]
    if schema.get("default") is not None:
        parts.append(f"{schema['default']} where it is left out")
    return "; ".join(part for part in parts if part)


def _named(schema: Mapping[str, Any]) -> str | None:
    """The name of the schema that is meant: its own, or that of what a list or a choice holds."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REFERENCE)
    inner = [schema["items"]] if "items" in schema else [*schema.get("anyOf", ()), *schema.get("allOf", ())]
    return next((name for part in inner if (name := _named(part))), None)


def _kind(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REFERENCE)
    if "anyOf" in schema:
        return " or ".join(_kind(part) for part in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    kind = str(schema.get("type", "anything"))
    return f"{kind} ({schema['format']})" if "format" in schema else kind
