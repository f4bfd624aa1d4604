"""The strict JSON schema of an answer, made from a record.

OpenAI's rules for strict schemas: the root is an object, every field is required, `additionalProperties` is false.
Pydantic gives all of this for models without optional fields that forbid extras. What it adds (titles, the classes'
docstrings) is left out, because every token of it is read and paid for, and references are resolved, because not
every server that follows schemas follows references.
"""

from typing import Any

from pydantic import BaseModel


def strict_format(name: str, record: type[BaseModel]) -> dict[str, Any]:
    """Give the `response_format` of a request.

    Args:
        name: Of the schema, such as `use_cases`.
        record: The answer as a whole; it and all records in it forbid extras and have no optional fields.
    """
    schema = record.model_json_schema()
    definitions = schema.pop("$defs", {})
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": _plain(schema, definitions)}}


def _plain(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """Resolve references and drop what only documents the classes; descriptions of fields stay."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[-1]]
    documents_class = "properties" in schema or "enum" in schema
    kept = {name: value for name, value in schema.items() if name != "title" and not (name == "description" and documents_class)}
    if "properties" in kept:
        kept["properties"] = {name: _plain(field, definitions) for name, field in kept["properties"].items()}
    if "items" in kept:
        kept["items"] = _plain(kept["items"], definitions)
    return kept
