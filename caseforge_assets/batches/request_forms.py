"""A request as the endpoint that it goes to wants it: the one place that knows all forms.

Everywhere else a request has one form, as `stages.stage.request_body` makes it: that of a chat completion, with `endpoint` in it where it goes
elsewhere. So it is counted, shortened, given another budget and compared alike, and what was stored before there were several stays as it is.
Of a request for vectors, each message is a text.

Sources of the other forms: openai SDK 3.54, types/responses/response_create_params.py and types/embedding_create_params.py.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from caseforge_assets.stages.canonical import canonical_json
from caseforge_assets.stages.model_rules import CHAT_COMPLETIONS, EMBEDDINGS


def endpoint_of(request: Mapping[str, Any]) -> str:
    """Gives the endpoint of a request: `chat/completions`, `responses` or `embeddings`.

    Args:
        request: As it is stored.
    """
    return str(request.get("endpoint", CHAT_COMPLETIONS))


def written_body(request: str, endpoint: str) -> str:
    """Give the body that is sent, as canonical JSON.

    Args:
        request: As it is stored, as canonical JSON.
        endpoint: Where it goes.
    """
    return request if endpoint == CHAT_COMPLETIONS else canonical_json(body_to_send(json.loads(request)))


def body_to_send(request: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a request that was read.

    Args:
        request: As it is stored.
    """
    endpoint = endpoint_of(request)
    if endpoint == CHAT_COMPLETIONS:
        return dict(request)
    if endpoint == EMBEDDINGS:
        return embedding_body(request["model"], [message["content"] for message in request["messages"]], request.get("dimensions"))
    return _response_body(request)


def embedding_body(model: str, texts: Sequence[str], dimensions: int | None) -> dict[str, Any]:
    """Give the body of a request for vectors: as base64, which is a quarter as long as digits are.

    Args:
        model: The model.
        texts: Each gets a vector.
        dimensions: How many numbers each is to have; None leaves it to the model.
    """
    body: dict[str, Any] = {"model": model, "input": list(texts), "encoding_format": "base64"}
    return body if dimensions is None else body | {"dimensions": dimensions}


def written_size(request: Mapping[str, Any], text: str) -> int:
    """Count the bytes of the body that is sent.

    Args:
        request: As it is stored.
        text: The same as canonical JSON, which is ASCII.
    """
    return len(written_body(text, endpoint_of(request)))


def _response_body(request: Mapping[str, Any]) -> dict[str, Any]:
    """The body of a request to /v1/responses. Nothing of it is to be kept by the provider: without `store`, answers would be for 30 days."""
    instructions, messages = _instructions(request["messages"])
    body: dict[str, Any] = {
        "model": request["model"],
        "input": [{"role": message["role"], "content": message["content"]} for message in messages],
        "max_output_tokens": request["max_completion_tokens"],
        "store": False,
    }
    effort, text = request.get("reasoning_effort"), _text(request)
    optional = {
        "instructions": instructions,
        "temperature": request.get("temperature"),
        "reasoning": {"effort": effort} if effort is not None else None,
        "text": text or None,
    }
    return body | {name: value for name, value in optional.items() if value is not None}


def _instructions(messages: Sequence[Mapping[str, str]]) -> tuple[str | None, Sequence[Mapping[str, str]]]:
    """The system message that a request begins with, and the others; an input has to be left."""
    if len(messages) < 2 or messages[0]["role"] != "system":
        return None, messages
    return messages[0]["content"], messages[1:]


def _text(request: Mapping[str, Any]) -> dict[str, Any]:
    """Gives the value of `text`: the form of the answer, whose schema lies one level higher here, and how long it is to be."""
    response_format, verbosity = request.get("response_format"), request.get("verbosity")
    form = None
    if response_format is not None:
        form = {name: value for name, value in response_format.items() if name != "json_schema"} | dict(
            response_format.get("json_schema", {})
        )
    return {name: value for name, value in {"format": form, "verbosity": verbosity}.items() if value is not None}
