"""Embeddings: which texts of a node get a vector, how they are asked for, and which answers are taken."""

from __future__ import annotations

import base64
import json
import math
import struct
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from openai.types.embedding_create_params import EmbeddingCreateParams
from pydantic import TypeAdapter

from caseforge_assets.batches.packing import MAX_TEXTS, PackItem, PackLimits, pack
from caseforge_assets.batches.request_forms import body_to_send, endpoint_of
from caseforge_assets.batches.results.lines import ResultLine, read_lines
from caseforge_assets.batches.results.outcomes import decide
from caseforge_assets.batches.results.response_body import Usage, usage_of
from caseforge_assets.commands.providing.check_models import rule_faults
from caseforge_assets.costs.estimates import request_tokens
from caseforge_assets.costs.prices import cost_usd, price_at_once_usd
from caseforge_assets.settings import Configuration
from caseforge_assets.settings.configuration import StageOverrides
from caseforge_assets.settings.stage_settings import stage_settings
from caseforge_assets.stages.discovery import Asking, all_as_they_come, find_stages
from caseforge_assets.stages.embeddings.vectors import vectors_of
from caseforge_assets.stages.judgement import Item, Outcome, VectorsAsked
from caseforge_assets.stages.stage import Source, request_body, stage_version
from caseforge_assets.stages.usecases.record import TEXTS, render_candidates
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

STAGE = all_as_they_come()["embeddings"]
ITEMS = [
    Item(
        title,
        dict.fromkeys(TEXTS, "Something else.")
        | {"description": says, "category": "Automation", "complexity_score": 1, "estimated_roi": "High", "risk_level": "Low"},
    )
    for title, says in (
        ("Sort letters", "A model reads each letter.\n\n- sorts it\n- files it"),
        ("Forecast demand", "Sales of a year are read."),
    )
]
SOURCE = Source("Advertise", "Process: Advertise\nDescription: Places advertisements.", (), render_candidates(ITEMS))


def line(vectors: list[Any], **more: Any) -> ResultLine:
    """The result line of an answer with these vectors, the last one first."""
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    usage = {"prompt_tokens": 40, "total_tokens": 40}
    body = {"object": "list", "data": data[::-1], "model": "text-embedding-3-small", "usage": usage} | more
    raw = json.dumps({"custom_id": "a", "response": {"status_code": 200, "request_id": "r", "body": body}, "error": None}) + "\n"
    (read,) = read_lines([raw.encode()])
    assert isinstance(read, ResultLine)
    return read


def floats(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def test_a_node_and_each_of_its_use_cases_are_a_text() -> None:
    settings = stage_settings(Configuration(openai_temperature=0.5), STAGE)
    body = request_body(STAGE, settings, SOURCE)
    sent = body_to_send(body)
    assert sent["input"] == [
        SOURCE.context,
        "Sort letters\nA model reads each letter.\n\n- sorts it\n- files it",
        "Forecast demand\nSales of a year are read.",
    ]
    assert (endpoint_of(body), sent["model"], sent["dimensions"], sorted(sent)) == (
        "embeddings",
        "text-embedding-3-small",
        512,
        ["dimensions", "encoding_format", "input", "model"],
    )
    TypeAdapter(EmbeddingCreateParams).validate_python(sent)
    assert request_tokens(body) == 36
    with pytest.raises(ValueError, match="there are none"):
        STAGE.messages(replace(SOURCE, upstream=None))


def test_it_is_off_until_it_is_wanted_and_no_language_changes_it() -> None:
    assert "embeddings" not in [stage.key for stage in stages_as_they_come()]
    assert next(stage for stage in find_stages(None, Asking((), (("", "de"),))) if stage.key == "embeddings") == STAGE


def test_another_model_or_length_makes_another_version_whatever_is_kept_of_texts() -> None:
    usual = stage_settings(Configuration(), STAGE)
    large = stage_settings(Configuration(stages={"embeddings": StageOverrides(model="text-embedding-3-large")}), STAGE)
    longer = stage_settings(Configuration(stages={"embeddings": StageOverrides(dimensions=1024)}), STAGE)
    assert len({stage_version(STAGE, settings) for settings in (usual, large, longer)}) == 3
    assert not usual.keeps_content


@pytest.mark.parametrize(
    ("key", "own", "says"),
    [
        ("embeddings", {"model": "gpt-6-luna"}, "stages.embeddings.model: gpt-6-luna writes texts, and this stage needs vectors"),
        (
            "embeddings",
            {"dimensions": 2_000},
            "stages.embeddings.dimensions: text-embedding-3-small makes vectors of 1,536 numbers at most",
        ),
        ("embeddings", {"endpoint": "responses"}, "stages.embeddings.endpoint: means nothing where vectors are asked for"),
        (
            "usecases",
            {"model": "text-embedding-3-small"},
            "stages.usecases.model: text-embedding-3-small makes vectors, and this stage needs a text",
        ),
        ("usecases", {"dimensions": 512}, "stages.usecases.dimensions: the stage makes no vectors"),
    ],
)
def test_settings_that_make_no_sense_are_said(key: str, own: dict[str, Any], says: str) -> None:
    configuration = Configuration(stages={key: StageOverrides(**own)})
    assert says in " ".join(fault.text for fault in rule_faults(configuration, all_as_they_come()[key], {}))


def test_vectors_are_kept_in_the_order_of_their_texts_at_length_1() -> None:
    judgement = decide(line([floats(3, 4), [0.0, -2.0]]), STAGE, None, vectors=VectorsAsked(2, 2))
    assert judgement.content is not None
    assert STAGE.shown(judgement.content.body) == "2 vectors of 2 numbers: of the process, and of its 1 use cases."
    first, second = (struct.unpack("<2e", base64.b64decode(vector)) for vector in vectors_of(judgement.content.body))
    assert first == pytest.approx((0.6, 0.8), abs=1e-3)
    assert second == (0.0, -1.0)


@pytest.mark.parametrize(
    ("vectors", "outcome", "says"),
    [
        ([floats(1, 0)], Outcome.schema_violation, "2 texts were sent, and 1 vector came"),
        ([floats(1, 0), "no base64"], Outcome.schema_violation, "vector 2 of 2 is none"),
        ([floats(1, 0), floats(0, 0)], Outcome.schema_violation, "vector 2 of 2 is none"),
        ([floats(1, 0), floats(math.nan, 1)], Outcome.schema_violation, "vector 2 of 2 is none"),
        ([floats(1, 0), ["a", 1]], Outcome.schema_violation, "vector 2 of 2 is none"),
        ([floats(1, 0), floats(1, 0, 0)], Outcome.schema_violation, "the vectors have 2, 3 numbers"),
        ([floats(1), floats(1)], Outcome.schema_violation, "vectors of 2 numbers were asked for, and those that came have 1"),
        ([], Outcome.empty, "no vector"),
    ],
)
def test_what_is_not_a_vector_for_each_text_is_asked_again(vectors: list[Any], outcome: Outcome, says: str) -> None:
    judgement = decide(line(vectors), STAGE, None, vectors=VectorsAsked(2, 2))
    assert (judgement.outcome, judgement.content) == (outcome, None)
    assert says in judgement.detail


def test_only_what_is_read_costs_anything() -> None:
    usage = usage_of(line([floats(1)]).usage)
    assert usage == Usage(40, 0, 0, 0)
    million = Usage(1_000_000, 0, 0, 0)
    assert cost_usd(million, "text-embedding-3-small") == Decimal("0.01")
    assert price_at_once_usd(million, "text-embedding-3-small") == Decimal("0.02")
    assert (
        usage_of({"prompt_tokens": 40, "total_tokens": 90}) is None
    )  # what an answer of a text without its own count came to is not known


def test_a_batch_has_no_more_texts_than_are_taken() -> None:
    items = [PackItem(number, 100, 10, "m", "embeddings", 9) for number in range(MAX_TEXTS // 9 + 1)]
    assert [len(group) for group in pack(items, PackLimits())] == [MAX_TEXTS // 9, 1]
