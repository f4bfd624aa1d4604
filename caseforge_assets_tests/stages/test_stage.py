"""Requests, versions, and the discovery of stages."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from caseforge_assets.costs.estimates import request_tokens
from caseforge_assets.stages.canonical import canonical_json, fingerprint
from caseforge_assets.stages.discovery import find_stages
from caseforge_assets.stages.stage import Source, Stage, StageSettings, StageUnknown, definition_version, request_body, stage_version
from caseforge_assets_tests.stages.answers import SECTIONS
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

CONTEXT = "Part of:\n- Ship: Sending goods.\nProcess: Pack goods\nDescription: Goods are packed. {{ 7 * 7 }}"
SOURCE = Source("Pack goods", CONTEXT, ("Orders packed per hour", "Packing cost per order"), "## Overview\n\nHow goods are packed.")
OTHER = Source("Load trucks", "Process: Load trucks", (), "## Overview\n\nHow trucks are loaded.")

THIRD_STAGE = """
from caseforge_assets.stages.judgement import Content, Judgement, Outcome
from caseforge_assets.stages.stage import Stage
from .wording import WORDS

STAGE = Stage(
    key="summaries", title="Summaries", inputs="summary_batch_inputs", outputs="summary_batch_outputs", content="summaries", validity="summaries_valid",
    reads="usecases", max_tokens_setting="batch_max_completion_tokens_summary", default_max_completion_tokens=1000,
    max_max_completion_tokens=2000, typical_input_tokens=100, typical_output_tokens=200, template_version="1", definition=WORDS,
    content_title="Summary - {}".format, build_messages=lambda source: [{"role": "user", "content": WORDS + source.context}],
    response_format=None, judge_text=lambda answer: Judgement(Outcome.ok, content=Content(answer.text)),
)
"""


def test_stages_come_in_the_order_of_their_reading() -> None:
    assert [known.key for known in stages_as_they_come().shared] == ["process_details", "usecases"]
    assert stages_as_they_come()["usecases"].reads == "process_details"


def test_a_third_stage_is_a_folder_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "a_summaries"
    folder.mkdir()
    (folder / "__init__.py").write_text(THIRD_STAGE)
    (folder / "wording.py").write_text('WORDS = "Summarize. "\n')
    (tmp_path / "no_stage").mkdir()
    (tmp_path / "no_stage" / "__init__.py").write_text("")
    found = find_stages(tmp_path)
    assert [known.key for known in found] == ["process_details", "usecases", "embeddings", "summaries", "usecase_specs"]
    summaries = found[3]
    body = request_body(summaries, StageSettings(), SOURCE)
    assert body["messages"] == [{"role": "user", "content": f"Summarize. {CONTEXT}"}]
    assert summaries.item_uid("1.2", 3) == "1.2-03"


def test_an_unknown_stage_is_named_with_those_that_exist() -> None:
    with pytest.raises(StageUnknown, match="no stage poems; there are process_details, usecases"):
        stages_as_they_come()["poems"]


@pytest.mark.parametrize("known", stages_as_they_come().shared, ids=lambda known: known.key)
class TestRequests:
    def test_system_message_is_the_same_for_all_nodes(self, known: Stage) -> None:
        first, second = (request_body(known, StageSettings(), source)["messages"] for source in (SOURCE, OTHER))
        assert [message["role"] for message in first] == ["system", "user"]
        assert first[0] == second[0]
        assert first[1] != second[1]

    def test_shared_prefix_is_long_enough_to_be_cached(self, known: Stage) -> None:
        """OpenAI caches prompts from 1,024 tokens on; a schema is part of the prefix."""
        body = request_body(known, StageSettings(), SOURCE)
        assert request_tokens(body | {"messages": body["messages"][:1]}) > 1_024

    def test_user_message_holds_context_and_kpis_as_they_are(self, known: Stage) -> None:
        user = known.build_messages(SOURCE)[1]["content"]
        assert CONTEXT in user
        assert "\n- Orders packed per hour\n- Packing cost per order" in user
        assert "ndicators" not in known.build_messages(OTHER)[1]["content"]

    def test_body_has_what_is_set_and_no_more(self, known: Stage) -> None:
        body = request_body(known, StageSettings("gpt-5-mini", None, 123, "low", "high"), SOURCE)
        assert (body["model"], body["max_completion_tokens"]) == ("gpt-5-mini", 123)
        assert (body["reasoning_effort"], body["verbosity"]) == ("low", "high")
        assert "temperature" not in body
        assert not {"reasoning_effort", "verbosity"} & set(request_body(known, StageSettings(), SOURCE))

    def test_budget(self, known: Stage) -> None:
        assert request_body(known, StageSettings(), SOURCE)["max_completion_tokens"] == known.default_max_completion_tokens
        assert request_body(known, StageSettings(max_completion_tokens=9), SOURCE, 18)["max_completion_tokens"] == 18

    def test_fingerprint_is_of_the_question(self, known: Stage) -> None:
        body = request_body(known, StageSettings(temperature=1.0), SOURCE)
        assert fingerprint(body) == fingerprint(json.loads(canonical_json(body)))
        assert fingerprint(body) == fingerprint(request_body(known, StageSettings(temperature=1), SOURCE))
        assert fingerprint(body) != fingerprint(request_body(known, StageSettings(), SOURCE, 16_000))
        assert fingerprint(body) != fingerprint(request_body(known, StageSettings(), OTHER))

    def test_version_is_of_all_that_answers_depend_on(self, known: Stage) -> None:
        version = stage_version(known, StageSettings(temperature=1))
        assert version == stage_version(known, StageSettings(temperature=1.0, max_completion_tokens=20_000, keeps_content=False))
        others = [
            stage_version(known, StageSettings()),
            stage_version(known, StageSettings(model="gpt-5-mini")),
            stage_version(known, StageSettings(reasoning_effort="high")),
            stage_version(replace(known, template_version="9.9"), StageSettings()),
            stage_version(replace(known, definition=known.definition + " "), StageSettings()),
            stage_version(replace(known, response_format={"type": "text"}), StageSettings()),
        ]
        assert len({version, *others}) == 7

    def test_version_of_the_definition_is_that_of_the_first_releases_default(self, known: Stage) -> None:
        """All that projects of that time have told Dagster stays true."""
        assert definition_version(known) == stage_version(known, StageSettings("gpt-5", 1.0, reasoning_effort=None, verbosity=None))
        assert definition_version(known) != definition_version(replace(known, template_version="9.9"))

    def test_templates_have_versions(self, known: Stage) -> None:
        assert known.template_version.replace(".", "").isdigit()


def test_process_template_asks_for_the_ten_sections() -> None:
    system = stages_as_they_come()["process_details"].build_messages(SOURCE)[0]["content"]
    assert [line[3:] for line in system.splitlines() if line.startswith("## ")] == list(SECTIONS)


def test_usecase_request_contains_the_document_and_needs_it() -> None:
    usecases = stages_as_they_come()["usecases"]
    assert "## Overview\n\nHow goods are packed." in usecases.build_messages(SOURCE)[1]["content"]
    with pytest.raises(ValueError, match="Pack goods: use cases are made from the process document"):
        usecases.build_messages(replace(SOURCE, upstream=None))


def test_titles_and_uids() -> None:
    assert stages_as_they_come()["process_details"].content_title("Pack goods {x}") == "Process Details - Pack goods {x}"
    assert stages_as_they_come()["usecases"].item_uid("1.2.4", 1) == "1.2.4-UC01"
    assert stages_as_they_come()["usecases"].item_uid("1.2.4", 10) == "1.2.4-UC10"


def test_canonical_json_does_not_stumble_over_lone_surrogates() -> None:
    assert canonical_json({"b": "\ud800", "a": "ä"}) == '{"a":"\\u00e4","b":"\\ud800"}'
    assert len(fingerprint({"a": "\udfff"})) == 64
