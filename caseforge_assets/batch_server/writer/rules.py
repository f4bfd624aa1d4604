"""Refuses in a request what OpenAI refuses with HTTP 400, as far as it is known: settings of reasoning models and schemas that are not strict."""

from __future__ import annotations

from typing import Any

from caseforge_assets.batch_server.writer.models import reasons


class RefusedRequestError(Exception):
    """The request is refused with HTTP 400."""

    def __init__(self, message: str, *, param: str | None, code: str | None) -> None:
        super().__init__(message)
        self.param = param
        self.code = code


def check_request(body: dict[str, Any]) -> None:
    """Refuse what the real API refuses.

    Raises:
        RefusedRequestError: With OpenAI's code and the parameter.
    """
    _check_types(body)
    if reasons(body["model"]):
        _check_reasoning_settings(body)
    wanted = asked_schema(body)
    if wanted is None or not wanted.get("strict"):
        return
    try:
        _check_strict(wanted["schema"], ())
    except (AttributeError, TypeError, RecursionError):
        raise _invalid_schema((), "it is not a JSON schema.") from None


def _check_types(body: dict[str, Any]) -> None:
    for name in ("max_completion_tokens", "max_tokens"):
        budget = body.get(name)
        if budget is not None and (not isinstance(budget, int) or budget < 1):
            raise RefusedRequestError(f"Invalid '{name}': expected a whole number above 0.", param=name, code="invalid_type")
    if not isinstance(body.get("response_format") or {}, dict):
        raise RefusedRequestError("Invalid type for 'response_format': expected an object.", param="response_format", code="invalid_type")


def asked_schema(body: dict[str, Any]) -> dict[str, Any] | None:
    """The ``json_schema`` part of a request with structured outputs, None without.

    Raises:
        RefusedRequestError: If it has no name or no schema.
    """
    response_format = body.get("response_format")
    if not isinstance(response_format, dict) or response_format.get("type") != "json_schema":
        return None
    wanted = response_format.get("json_schema")
    for key, kind in (("name", str), ("schema", dict)):
        if not isinstance(wanted, dict) or not isinstance(wanted.get(key), kind):
            param = f"response_format.json_schema.{key}"
            raise RefusedRequestError(f"Missing required parameter: '{param}'.", param=param, code="missing_required_parameter")
    return wanted


def _check_reasoning_settings(body: dict[str, Any]) -> None:
    if body.get("temperature") not in (None, 1):
        raise RefusedRequestError(
            f"Unsupported value: 'temperature' does not support {body['temperature']} with this model. Only the default (1) value is supported.",
            param="temperature",
            code="unsupported_value",
        )
    if body.get("max_tokens") is not None:
        raise RefusedRequestError(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
            param="max_tokens",
            code="unsupported_parameter",
        )


def _check_strict(schema: object, context: tuple[str, ...]) -> None:
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "object" or "properties" in schema:
        _check_object(schema, context)
    for keyword in ("allOf", "not", "if"):
        if keyword in schema:
            raise _invalid_schema(context, f"'{keyword}' is not permitted.")
    for group in ("properties", "$defs", "definitions"):
        for name, inner in schema.get(group, {}).items():
            _check_strict(inner, (*context, group, name))
    _check_strict(schema.get("items"), (*context, "items"))
    for position, inner in enumerate(schema.get("anyOf", [])):
        _check_strict(inner, (*context, "anyOf", str(position)))


def _check_object(schema: dict[str, Any], context: tuple[str, ...]) -> None:
    if schema.get("additionalProperties") is not False:
        raise _invalid_schema(context, "'additionalProperties' is required to be supplied and to be false.")
    if sorted(schema.get("required", [])) != sorted(schema.get("properties", {})):
        raise _invalid_schema(context, "'required' is required to be supplied and to be an array including every key in properties.")


def _invalid_schema(context: tuple[str, ...], what: str) -> RefusedRequestError:
    return RefusedRequestError(
        f"Invalid schema for response_format: In context={context}, {what}", param="response_format", code="invalid_json_schema"
    )
