"""A stage that is made from chosen items in Dagster: there once it is switched on, asked for where something is chosen, noted when the choice changes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from dagster import AssetKey, AssetRecordsFilter

from caseforge_assets.commands.mirroring.note_outdated import choices_to_note
from caseforge_assets.defs.mirroring.decide_flush import decide_flush
from caseforge_assets.defs.mirroring.mirror import mirror_outside_runs
from caseforge_assets.settings import load_settings
from caseforge_assets_tests.choices import ALL, decide
from caseforge_assets_tests.defs.project import FAILED, MATERIALIZED, MISSING, OpenProject, Project
from caseforge_assets_tests.workbench import KEY

SPECS = ("spec_batch_inputs", "spec_batch_outputs", "usecase_specifications")
CHOSEN, OTHER = "1.1.1_c", "1.1.2_d"


def switched_on(opened: Project) -> Project:
    """The same project with the third stage."""
    file = opened.path / "caseforge.toml"
    file.write_text(file.read_text() + "\n[stages.usecase_specs]\nenabled = true\n")
    stages = load_settings(opened.path).stages
    return replace(opened, bench=replace(opened.bench, stages=stages))


def notes(opened: Project) -> list[str]:
    """The notes beside the chosen node's specification."""
    key = AssetKey([KEY, SPECS[2]])
    records = opened.instance.fetch_observations(AssetRecordsFilter(key, asset_partitions=[CHOSEN]), limit=5).records
    return [str(value.value) for record in records for value in record.asset_observation.metadata.values()]  # type: ignore[union-attr]


@pytest.mark.slow
def test_it_is_asked_for_where_something_is_chosen_and_nowhere_else(project: OpenProject) -> None:
    opened = project()
    assert not any(key.path[-1] in SPECS for key in opened.definitions.resolve_asset_graph().get_all_asset_keys())
    opened = switched_on(opened)
    opened.load()
    opened.generate("1.1.1", "1.1.2", stages=ALL[:2])
    decide(opened.bench, "shortlisted", "1.1.1-UC01")
    result = opened.run(SPECS)
    assert result.success
    for asset in SPECS:
        assert opened.states(asset) == dict.fromkeys(opened.states(asset), MISSING) | {CHOSEN: MATERIALIZED}
        assert opened.states(asset)[OTHER] not in (FAILED, MATERIALIZED)

    show(opened)
    decide(opened.bench, "shortlisted", "1.1.1-UC02")
    assert decide_flush(opened.instance, opened.bench.store, opened.bench.project, at_work=False).key.startswith("choices-")
    show(opened)
    assert "the choice of use-case candidates changed: added" in notes(opened)[0]
    decide(opened.bench, "idea", "1.1.1-UC02")
    show(opened)
    assert opened.latest(SPECS[2], CHOSEN).timestamp > 0
    assert not choices_to_note_now(opened)


def show(opened: Project) -> None:
    """As the command line does it after a command."""
    bench = opened.bench
    mirror_outside_runs(opened.instance, bench.project)


def choices_to_note_now(opened: Project) -> bool:
    """Tells whether Dagster would have to be shown another choice."""
    with opened.bench.store.connect() as connection:
        return choices_to_note(connection, opened.bench.project, KEY)
