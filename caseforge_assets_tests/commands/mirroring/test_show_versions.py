"""Under which code version things are shown: one for all that counts as fresh, what is made now among it."""

from __future__ import annotations

from typing import Any

import pytest

from caseforge_assets.commands.mirroring.show_versions import shown_versions
from caseforge_assets.stages.stage import shown_stage_version, stage_version
from caseforge_assets.store.requests.styles import fresh_versions
from caseforge_assets_tests.workbench import KEY, PROCESS, USECASES, OpenBench

WAYS: list[dict[str, Any]] = [
    {"when_model_changes": "keep"},
    {"when_model_changes": "regenerate"},
    {"when_model_changes": "keep", "openai_model": "gpt-6.1-terra"},
    {"when_model_changes": "regenerate", "openai_model": "gpt-6.1-terra"},
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way.values()))
def test_what_counts_as_fresh_is_shown_under_one_version_and_all_else_under_its_own(bench: OpenBench, way: dict[str, Any]) -> None:
    opened = bench()
    opened.generate("1.1.1")
    opened.change("update caseforge.request set stage_version = 'elsewhere' where node_id <> (select min(node_id) from caseforge.request)")
    now = opened.configured(**way)
    for stage in (PROCESS, USECASES):
        settings = now.project.stage_settings[stage.key]
        asked = opened.column("select distinct stage_version from caseforge.request where stage = :stage", stage=stage.key)
        current = stage_version(stage, settings)
        versions = {current, shown_stage_version(stage, settings), *asked, "older"}
        with opened.store.connect() as connection:
            fresh = fresh_versions(connection, stage, settings)
            shown = shown_versions(connection, now.project, KEY, stage, versions)
        assert current in fresh
        assert shown == {version: shown_stage_version(stage, settings) if version in fresh else version for version in versions}
