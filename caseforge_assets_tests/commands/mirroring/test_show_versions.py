"""Under which code version things are shown: one for all that counts as fresh, found the short way or the long one."""

from __future__ import annotations

from typing import Any

import pytest

from caseforge_assets.commands.mirroring import show_versions
from caseforge_assets.commands.mirroring.show_versions import shown_stage_version, shown_versions
from caseforge_assets.stages.stage import stage_version
from caseforge_assets.store.requests.styles import fresh_versions
from caseforge_assets_tests.workbench import KEY, PROCESS, USECASES, OpenBench, Workbench

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
        versions = {stage_version(stage, settings), shown_stage_version(stage, settings), *asked, "older"}
        with opened.store.connect() as connection:
            fresh = fresh_versions(connection, stage, settings)
            shown = shown_versions(connection, now.project, KEY, stage, versions)
        assert shown == {version: shown_stage_version(stage, settings) if version in fresh else version for version in versions}


def test_who_was_asked_before_is_looked_up_only_for_other_versions(bench: OpenBench, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, looked_up = bench(), list[str]()

    def look_up(*_: Any) -> frozenset[str]:
        looked_up.append("all")
        return frozenset()

    monkeypatch.setattr(show_versions, "fresh_versions", look_up)
    settings = opened.project.stage_settings[PROCESS.key]
    current = stage_version(PROCESS, settings)
    assert shown(opened, current) == {current: shown_stage_version(PROCESS, settings)}
    assert not looked_up
    assert shown(opened, "older") == {"older": "older"}
    assert looked_up


def shown(bench: Workbench, *versions: str) -> dict[str, str]:
    with bench.store.connect() as connection:
        return shown_versions(connection, bench.project, KEY, PROCESS, versions)
