"""/v1/embeddings: vectors at once and in batches, as the SDK reads them; near each other where texts share words; faults of texts leave them alone."""

from __future__ import annotations

import math
from typing import Any

import openai
import pytest
from openai import OpenAI
from openai.types import CreateEmbeddingResponse

from caseforge_assets_tests.batch_server.conftest import Serve
from caseforge_assets_tests.batch_server.requests_and_results import errors, jsonl, output, wait_for

MODEL = "text-embedding-3-small"
TEXTS = [
    "Invoices are read by a document model.",
    "A document model reads invoices of suppliers.",
    "Churn of subscribers is forecast weekly.",
]


def line_of(custom_id: str, **body: Any) -> dict[str, Any]:
    return {"custom_id": custom_id, "method": "POST", "url": "/v1/embeddings", "body": {"model": MODEL, "input": TEXTS, **body}}


def run_embeddings(client: OpenAI, lines: list[dict[str, Any]], *states: str) -> Any:
    file = client.files.create(file=("requests.jsonl", jsonl(lines)), purpose="batch")
    batch = client.batches.create(input_file_id=file.id, endpoint="/v1/embeddings", completion_window="24h")
    return wait_for(client, batch.id, *(states or ("completed",)))


def cosine(one: list[float], other: list[float]) -> float:
    return sum(left * right for left, right in zip(one, other, strict=True))


def test_texts_become_vectors_of_length_one_that_are_near_where_words_are_shared(client: OpenAI) -> None:
    answer = client.embeddings.create(model=MODEL, input=TEXTS)
    first, second, third = (vector.embedding for vector in answer.data)
    assert [vector.index for vector in answer.data] == [0, 1, 2]
    assert {len(first), len(second), len(third)} == {1_536}
    assert all(math.isclose(cosine(embedding, embedding), 1, abs_tol=1e-5) for embedding in (first, second, third))
    assert cosine(first, second) > 0.4 > abs(cosine(first, third))
    assert (answer.model, answer.usage.prompt_tokens) == (MODEL, answer.usage.total_tokens)
    assert answer.usage.total_tokens > len(TEXTS)
    plain = client.embeddings.create(model=MODEL, input=TEXTS[0], encoding_format="float", dimensions=64)
    assert len(plain.data[0].embedding) == 64
    assert client.embeddings.create(model=MODEL, input=TEXTS[0]).data[0].embedding == first
    assert len(client.embeddings.create(model="text-embedding-3-large", input="x").data[0].embedding) == 3_072
    raw = client.embeddings.with_raw_response.create(model=MODEL, input="x", encoding_format="float")
    assert raw.http_response.json()["simulated"] is True


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"input": ["a", ""]}, "input"),
        ({"input": [[1, 2]]}, "input"),
        ({"input": ["a"] * 2_049}, "input"),
        ({"input": "word " * 9_000}, "input"),
        ({"input": ["word " * 6_000] * 41}, "input"),
        ({"input": "a", "dimensions": 2_000}, "dimensions"),
        ({"input": "a", "dimensions": 8, "model": "text-embedding-ada-002"}, "dimensions"),
        ({"input": "a", "encoding_format": "hex"}, "encoding_format"),
        ({"input": []}, "input"),
    ],
)
def test_what_cannot_be_embedded_is_refused(client: OpenAI, asked: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.embeddings.create(**{"model": MODEL, **asked})
    assert refused.value.param == param


def test_a_batch_of_embeddings_counts_its_tokens_and_says_that_it_is_simulated(client: OpenAI) -> None:
    batch = run_embeddings(
        client, [line_of("a"), line_of("b", input="One text alone", encoding_format="base64"), line_of("c", dimensions=0)]
    )
    found = {line["custom_id"]: line["response"]["body"] for line in output(client, batch)}
    assert sorted(found) == ["a", "b"]
    assert all(body["simulated"] for body in found.values())
    answer = CreateEmbeddingResponse.model_validate(found["a"])
    live = client.embeddings.create(model=MODEL, input=TEXTS)
    assert [vector.embedding for vector in answer.data] == [pytest.approx(vector.embedding, abs=1e-6) for vector in live.data]
    assert isinstance(found["b"]["data"][0]["embedding"], str)
    assert [line["response"]["status_code"] for line in errors(client, batch)] == [400]
    assert batch.usage.input_tokens == sum(body["usage"]["prompt_tokens"] for body in found.values())
    assert batch.usage.output_tokens == 0


def test_a_line_without_input_refuses_its_batch(client: OpenAI) -> None:
    batch = run_embeddings(client, [{**line_of("a"), "body": {"model": MODEL}}], "failed")
    assert [(error.code, error.param) for error in batch.errors.data] == [("missing_required_parameter", "body.input")]


def test_faults_that_change_texts_leave_vectors_alone(serve: Serve) -> None:
    client = serve(faults=["refusal", "truncate", "no_text"])
    body = output(client, run_embeddings(client, [line_of("a")]))[0]["response"]["body"]
    assert len(CreateEmbeddingResponse.model_validate(body).data) == len(TEXTS)
