"""Dagster tells of a prompt, a document or partitions that were changed by a person, without anything being executed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dagster import AssetKey

from caseforge_assets.commands.editing.edit_content import ContentOf, edit_content
from caseforge_assets.commands.providing.open_project import with_store
from caseforge_assets.defs.mirroring.mirror import mirror_outside_runs
from caseforge_assets.defs.names import partitions_name
from caseforge_assets.settings import load_settings
from caseforge_assets_tests.commands.result_files import document
from caseforge_assets_tests.defs.check_events import evaluation, newest
from caseforge_assets_tests.defs.project import ASSETS, CANDIDATES, DOCUMENTS, INPUTS, OUTPUTS, PARTITIONS, OpenProject, Project
from caseforge_assets_tests.workbench import KEY, PROCESS

OWN = "prompts"


def mirrored(opened: Project) -> None:
    """As a command of the command line ends."""
    bench = opened.bench
    mirror_outside_runs(opened.instance, with_store(load_settings(opened.path).project, bench.store, bench.folder))


def stale_report(opened: Project) -> dict[str, Any]:
    event = opened.instance.get_latest_materialization_event(AssetKey([KEY, "stale_report"]))
    assert event is not None
    assert event.asset_materialization is not None
    return {name: entry.value for name, entry in event.asset_materialization.metadata.items() if hasattr(entry, "value")} | {
        name: entry.records for name, entry in event.asset_materialization.metadata.items() if hasattr(entry, "records")
    }


def write_prompt(opened: Project, more: str) -> None:
    """Puts a system prompt of one's own beside the project: the one that comes with CaseForge, and more lines."""
    folder = opened.path / OWN / PROCESS.key
    folder.mkdir(parents=True, exist_ok=True)
    assert PROCESS.templates is not None
    (folder / "system.jinja").write_text(PROCESS.templates.text("system") + more, encoding="utf-8")


def run_what_the_sensor_asks_for(opened: Project) -> str:
    (request,) = opened.tick("flush_sensor").run_requests
    assert opened.run_job("flush").success
    return str(request.run_key)


@pytest.mark.slow
def test_another_prompt_is_found_by_the_sensor_and_named_with_its_lines_and_time(project: OpenProject, tmp_path: Path) -> None:
    (tmp_path / OWN).mkdir()
    opened = project(templates=OWN)
    write_prompt(opened, "")
    opened.load()
    opened.run(ASSETS)
    assert opened.tick("flush_sensor").skip_message == "Dagster is up to date"
    write_prompt(opened, "Be brief.\nBe kind.\nBe exact.")
    assert run_what_the_sensor_asks_for(opened).startswith("definitions-")
    shown = stale_report(opened)
    assert {shown[f"stale_{asset}"] for asset in (INPUTS, OUTPUTS, DOCUMENTS)} == {6}
    row = shown["list"][0].data
    assert row["why"] == f"the prompt of process documents changed on {row['since']}: 3 lines of system.jinja"
    assert row["since"]
    found = evaluation(newest(opened)[DOCUMENTS, "nothing_stale"])
    assert (found.passed, found.metadata["not_in_order"].value) == (False, 6)
    assert opened.tick("flush_sensor").skip_message == "Dagster is up to date"
    write_prompt(opened, "")
    run_what_the_sensor_asks_for(opened)
    assert stale_report(opened)["stale"] == 0


@pytest.mark.slow
def test_an_edited_document_is_noted_beside_its_candidates_until_they_are_made_anew(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.run(ASSETS)
    with opened.bench.store.begin() as connection:
        (node_id,) = opened.bench.ids("1.1.1")
        edit_content(connection, opened.bench.project, ContentOf(KEY, node_id, PROCESS), document("Ada"), by="Ada")
    mirrored(opened)
    note = opened.notes(CANDIDATES)["1.1.1_c"]
    assert note.startswith("outdated: process_documents changed on 2")
    assert "(edited by Ada). Materialize it, or use the job regenerate with selection stale" in note
    assert set(opened.notes(CANDIDATES)) == {"1.1.1_c"}
    (record,) = opened.instance.fetch_observations(AssetKey([KEY, CANDIDATES]), limit=9).records
    assert record.asset_observation is not None
    label, first = next(iter(record.asset_observation.metadata.items()))  # what the partition's panel begins with
    assert (label, str(first.value).partition(" on 2")[0]) == ("outdated", "process_documents changed")
    assert evaluation(newest(opened)[CANDIDATES, "nothing_stale"]).metadata["not_in_order"].value == 1
    assert stale_report(opened)["outdated"] == 1
    rows = opened.bench.column("select count(*) from caseforge.outbox where kind = 'outdated'")
    mirrored(opened)
    assert opened.bench.column("select count(*) from caseforge.outbox where kind = 'outdated'") == rows == [1]  # once
    job = opened.definitions.resolve_job_def("regenerate")
    assert job.execute_in_process(instance=opened.instance, run_config={"selection": "stale"}).success
    assert evaluation(newest(opened)[CANDIDATES, "nothing_stale"]).passed
    assert stale_report(opened)["outdated"] == 0


@pytest.mark.slow
def test_a_note_is_taken_back_when_what_was_changed_is_as_before(project: OpenProject) -> None:
    opened = project()
    opened.load()
    opened.run(ASSETS)
    before = opened.count(CANDIDATES)
    (body,) = opened.bench.column(
        "select c.body from caseforge.content c join caseforge.node n on n.id = c.node_id "
        "where c.stage = 'process_details' and c.is_current and n.identity = 'c'"
    )
    (node_id,) = opened.bench.ids("1.1.1")
    for text in (document("Ada"), body):
        with opened.bench.store.begin() as connection:
            edit_content(connection, opened.bench.project, ContentOf(KEY, node_id, PROCESS), text, by="Ada")
        mirrored(opened)
    assert stale_report(opened)["outdated"] == 0
    assert opened.count(CANDIDATES) == before + 1  # confirmed, so that the note is an old one
    assert evaluation(newest(opened)[CANDIDATES, "nothing_stale"]).passed


@pytest.mark.parametrize("by", ["sensor", "command", "run"])
def test_a_partition_that_was_added_by_hand_is_taken_out_with_a_note(project: OpenProject, by: str) -> None:
    opened = project()
    opened.load()
    mirrored(opened)
    opened.instance.add_dynamic_partitions(partitions_name(KEY), ["9.9.9_foo"])
    if by == "sensor":
        assert run_what_the_sensor_asks_for(opened).startswith("partitions-")
    elif by == "command":
        mirrored(opened)
    else:
        assert opened.run_partition(ASSETS[:2], "9.9.9_foo").success
    assert opened.instance.get_dynamic_partitions(partitions_name(KEY)) == list(PARTITIONS)
    (said,) = opened.instance.fetch_observations(AssetKey([KEY, "framework"]), limit=9).records
    assert said.asset_observation is not None
    assert "Taken out of the partitions of shop: 9.9.9_foo. It is no node" in str(said.asset_observation.description)
