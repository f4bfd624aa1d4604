"""Changes of a stage are said in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from caseforge_assets.stages.definition_parts import definition_parts, say_change
from caseforge_assets.stages.stage import StageSettings
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come

AT = datetime(2026, 11, 29, 6, 30, tzinfo=UTC)
TEXT = "one\ntwo\nthree\nfour"


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ({"system.jinja": TEXT}, {"system.jinja": "one\n2\n3\n4"}, "the prompt of process documents changed: 3 lines of system.jinja"),
        ({"system.jinja": TEXT}, {"system.jinja": TEXT + "\nfive"}, "the prompt of process documents changed: 1 line of system.jinja"),
        ({"system.jinja": TEXT}, {"system.jinja": TEXT + "\n"}, "the prompt of process documents changed: 1 line of system.jinja"),
        ({"a.jinja": "x", "b.toml": "y"}, {"a.jinja": "x"}, "the prompt of process documents changed: b.toml was taken out"),
        ({"model": "gpt-5"}, {"model": "gpt-6"}, "the settings of process documents changed: model gpt-5 → gpt-6"),
        ({}, {"temperature": "0.5"}, "the settings of process documents changed: temperature unset → 0.5"),
        (
            {"system.jinja": "x", "schema": "{}"},
            {"system.jinja": "y", "schema": "[]"},
            "the prompt and schema of process documents changed: 1 line of system.jinja, the schema of its answers",
        ),
        ({"system.jinja": "x"}, {"system.jinja": "x"}, "the rules of process documents changed"),
        (None, {"system.jinja": "x"}, "the prompt, schema, model or settings of process documents changed"),
    ],
)
def test_what_changed_is_named_with_its_size(before: Mapping[str, str] | None, now: Mapping[str, str], said: str) -> None:
    assert say_change("Process documents", before, now, None, keeps_content=False) == said
    dated = say_change("Process documents", before, now, AT, keeps_content=False)
    assert dated == said.replace(" changed", " changed on 2026-11-29 06:30 UTC", 1)


def test_a_style_that_changes_nothing_is_not_named() -> None:
    before, now = {"user.jinja": "x", "model": "gpt-5"}, {"user.jinja": "y", "model": "gpt-6"}
    assert say_change("Documents", before, now, None, keeps_content=True) == "the prompt of documents changed: 1 line of user.jinja"


def test_the_parts_of_a_stage_are_its_files_schema_and_settings() -> None:
    process, usecases = (definition_parts(stage, StageSettings(model="gpt-5", temperature=1.0)) for stage in stages_as_they_come().shared)
    assert set(process) == {"system.jinja", "user.jinja", "sections.toml", "model", "temperature"}
    assert set(usecases) == {"system.jinja", "user.jinja", "schema", "model", "temperature"}
