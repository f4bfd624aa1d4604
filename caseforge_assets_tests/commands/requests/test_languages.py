"""Frameworks of different languages in one store: each is asked in its own, and a change makes its contents stale, with the reason, and nobody else's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caseforge_assets.commands.editing.edit_content import ContentOf, Taken, edit_content
from caseforge_assets.commands.mirroring.read_statuses import read_statuses
from caseforge_assets.commands.mirroring.show_versions import repeat_under_new_versions, shown_versions
from caseforge_assets.commands.quality.measure_quality import languages_of
from caseforge_assets.commands.requests.remember_definitions import remember_definitions
from caseforge_assets.commands.surveying.explain_node import explain_node
from caseforge_assets.commands.surveying.select_nodes import Selection, select_nodes
from caseforge_assets.commands.surveying.survey import Scope
from caseforge_assets.reports.freshness import Condition
from caseforge_assets.stages.discovery import Asking, find_stages
from caseforge_assets.stages.judgement import Item
from caseforge_assets.stages.stage import Stage, stage_version
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.database.engine import Connection
from caseforge_assets_tests.commands.elsewhere import ELSEWHERE
from caseforge_assets_tests.commands.model_changes import to_send
from caseforge_assets_tests.stages.as_they_come import stages_as_they_come
from caseforge_assets_tests.workbench import KEY, PROCESS, USECASES, OpenBench, Workbench

CONTENTS = {PROCESS.content, USECASES.content}

SYSTEM_OF = """
select distinct framework_key, cast(body as jsonb) #>> '{messages,0,content}' ~ 'German \\(de\\)' from caseforge.request where is_current order by 1
"""


def speaking(bench: Workbench, language: str) -> Workbench:
    """The same with the first framework asked for in a language."""
    own = find_stages(asking=Asking(languages=(("", language),)))
    return replace(bench, stages=Stages(bench.stages.shared, {KEY: own}))


def why(bench: Workbench, key: str = KEY) -> set[str]:
    return {reason.text for status in read_statuses(bench.store, bench.project, key) for reason in status.stale}


@pytest.mark.slow
def test_each_framework_is_asked_for_in_its_own_language(bench: OpenBench) -> None:
    opened = speaking(bench(), "de")
    opened.generate()
    opened.load(ELSEWHERE, key="other")
    opened.generate(key="other")
    assert opened.query(SYSTEM_OF) == [("other", False), (KEY, True)]
    assert opened.query("select count(*) from caseforge.content where reused_from is not null") == [(0,)]
    assert (to_send(opened), to_send(opened, "other")) == ([0, 0], [0, 0])


@pytest.mark.slow
def test_a_change_of_language_makes_that_frameworks_contents_stale_and_says_so(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    opened.load(ELSEWHERE, key="other")
    opened.generate(key="other")
    remember_definitions(opened.store, opened.project)
    opened = speaking(opened, "de")
    assert (to_send(opened), to_send(opened, "other")) == ([6, 6], [0, 0])
    assert "the language of process documents changed: from that of the template to German (de)" in why(opened)
    assert why(opened, "other") == set()
    with opened.store.connect() as connection:
        (node_id,) = opened.ids("1.1.1")
        found = explain_node(connection, opened.project, KEY, node_id, True)
    assert all("the language: that of the template → German (de)" in standing.differences for standing in found)
    assert not any("instructions" in text for standing in found for text in standing.differences)


def test_dagster_is_told_apart_and_again_when_the_language_goes(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    opened.load(ELSEWHERE, key="other")
    repeat_under_new_versions(opened.store, opened.project)
    opened.change("update caseforge.outbox set flushed_at = now()")
    assert repeat_under_new_versions(opened.store, opened.project) == 0
    german = speaking(opened, "de")
    assert repeat_under_new_versions(opened.store, german.project) == 0
    for stage in opened.stages:
        assert shown_now(opened, KEY, stage) != shown_now(german, KEY, stage)
        assert shown_now(opened, "other", stage) == shown_now(german, "other", stage)
    assert repeat_under_new_versions(opened.store, opened.project) == 2 * 3 * 6
    assert repeat_under_new_versions(opened.store, opened.project) == 0


def test_a_language_that_goes_again_leaves_nothing_stale(bench: OpenBench) -> None:
    opened = bench()
    opened.given()
    assert any(status.condition is Condition.STALE for status in read_statuses(opened.store, speaking(opened, "fr").project, KEY))
    assert (to_send(opened), why(opened)) == ([0, 0], set())


def test_measures_know_in_which_language_a_framework_is_written(bench: OpenBench) -> None:
    opened = speaking(bench(), "de")
    with opened.store.connect() as connection:
        assert languages_of(connection, opened.stages, USECASES, {KEY}) == {KEY: "en"}
    opened.change(
        "update caseforge.node_version set description = 'Prüft die Eingangsrechnung und gibt sie für die Zahlung in der Frist frei.'"
    )
    with opened.store.connect() as connection:
        assert languages_of(connection, opened.stages, USECASES, {KEY}) == {KEY: "de"}
    with opened.store.connect() as connection:
        assert languages_of(connection, stages_as_they_come(), USECASES, {KEY}) == {KEY: ""}  # makes no difference, and is not looked for


def test_what_a_person_wrote_is_stale_nowhere_after_a_change_of_language(bench: OpenBench) -> None:
    opened = bench()
    opened.generate("1.1.1", "1.1.2")
    (node_id,) = opened.ids("1.1.1")
    for stage in (PROCESS, USECASES):
        with opened.store.begin() as connection:
            edit_as_it_is(connection, opened, node_id, stage)
    remember_definitions(opened.store, opened.project)
    repeat_under_new_versions(opened.store, opened.project)
    german = speaking(opened, "de")

    def stale() -> set[str]:
        return {
            status.node.code
            for status in read_statuses(german.store, german.project, KEY)
            if status.not_current and status.asset in CONTENTS
        }

    assert stale() == {"1.1.2"}
    with german.store.connect() as connection:
        scope = Scope(KEY, german.stages.shared[:2], True)
        assert select_nodes(connection, german.project, scope, Selection.stale) == german.ids("1.1.2")
    assert repeat_under_new_versions(german.store, german.project) > 0
    versions = "select distinct on (asset) code_version from caseforge.outbox where node_id = :node and asset = any(:assets) order by asset, id desc"
    shown = {stage.content: shown_now(german, KEY, stage) for stage in german.stages}
    assert german.column(versions, node=node_id, assets=sorted(CONTENTS)) == [shown[asset] for asset in sorted(CONTENTS)]
    assert stale() == {"1.1.2"}
    assert repeat_under_new_versions(german.store, german.project) == 0


def shown_now(bench: Workbench, key: str, stage: Stage) -> str:
    """The version that Dagster is shown of something made now."""
    made_with = stage_version(bench.stages.in_framework(stage, key), bench.project.stage_settings[stage.key])
    with bench.store.connect() as connection:
        return shown_versions(connection, bench.project, key, stage, [made_with])[made_with]


def edit_as_it_is(connection: Connection, bench: Workbench, node_id: int, stage: Stage) -> None:
    """Stores what is there as a text, or as items, of a person."""
    now = contents.current_contents(connection, stage.key, [node_id])[node_id]
    stored = contents.stored_contents(connection, [now.id])[now.id]
    items = tuple(Item(candidate.title, candidate.fields) for candidate in stored.candidates)
    edit_content(
        connection, bench.project, ContentOf(KEY, node_id, stage), Taken(f"{stored.body}\n\nAda knows it better.", items), by="Ada"
    )
