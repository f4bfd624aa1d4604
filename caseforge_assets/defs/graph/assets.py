"""The assets of one framework: the framework itself, its eight assets as one step, and the report.

The assets are one multi-asset, so that any selection of them is one run and one step, in process: a run is fast to
start, and nothing is skipped because an asset above had nothing to write.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg

from caseforge_assets.commands.configuring.open_source import opened_source
from caseforge_assets.commands.editions.doubt_edition import doubt_edition
from caseforge_assets.commands.editions.keep_workbook import keep_workbook
from caseforge_assets.commands.editions.load_framework import Loaded, NewEdition, load_framework
from caseforge_assets.commands.materializing.await_answers import Waiting
from caseforge_assets.commands.materializing.materialize_assets import Materialized, materialize_assets
from caseforge_assets.commands.mirroring.read_statuses import read_statuses
from caseforge_assets.defs.figures.alerts import alert_check, alert_result
from caseforge_assets.defs.figures.checks import check_results, check_specs
from caseforge_assets.defs.figures.reports import STALE_REPORT, run_figures, stale_figures
from caseforge_assets.defs.graph.automation import automation_of
from caseforge_assets.defs.graph.backfills import backfill_of
from caseforge_assets.defs.graph.descriptions import (
    RUN_REPORT_TEXT,
    STALE_REPORT_TEXT,
    asset_kinds,
    asset_metadata,
    asset_text,
    framework_kinds,
    framework_metadata,
    framework_text,
    links,
    portal_link,
)
from caseforge_assets.defs.graph.editions import edition_asset
from caseforge_assets.defs.graph.partitions import node_partitions
from caseforge_assets.defs.mirroring.mirror import fail_unsent, mirror, say_unchosen, say_unfinished
from caseforge_assets.defs.mirroring.run_tags import tag_batches
from caseforge_assets.defs.names import CONTENTS_MANAGER, EDITION, PROVIDER_POOL, RUN_REPORT, tags_of
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets.frameworks import read_framework
from caseforge_assets.settings import FrameworkSettings
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stage import Stage, shown_stage_version
from caseforge_assets.stages.stages import FRAMEWORK, Asset, Stages, all_assets

Figures = Callable[[Caseforge, str], Mapping[str, Any]]


WRITTEN_DAILY = dg.FreshnessPolicy.time_window(warn_window=timedelta(hours=30), fail_window=timedelta(hours=72))  # by `flush_sensor`


class AssetConfig(dg.Config):
    """The time that a run waits for answers, in seconds per stage; by default 120 with a simulated provider, 0 with one that bills."""

    wait_s: float | None = None


def framework_assets(key: str, entry: FrameworkSettings, project: Project) -> list[dg.AssetsDefinition]:
    """All assets of a framework, in a group and under a key prefix of its name."""
    reports = [
        _report(key, entry, project, RUN_REPORT, RUN_REPORT_TEXT, _run_figures, with_alerts=True),
        _report(
            key,
            entry,
            project,
            STALE_REPORT,
            STALE_REPORT_TEXT,
            lambda caseforge, key: stale_figures(caseforge.settings.stages, key, read_statuses(caseforge.store, caseforge.project, key)),
        ),
    ]
    above = [edition_asset(key, entry)] if entry.table else []
    return [*above, _framework(key, entry, project), _assets(key, entry, project), *reports]


def framework_job(key: str, entry: FrameworkSettings) -> Any:
    """All assets of a framework as a job: its page is another way to materialize a node, and says what drives them."""
    whole = dg.AssetSelection.groups(key)
    return dg.define_asset_job(
        f"{key}_assets",
        selection=whole - dg.AssetSelection.assets([key, EDITION]) if entry.table else whole,
        executor_def=dg.in_process_executor,
        tags=tags_of("materialize", framework=key),
        description=f"The whole of {entry.title}, for one node. Scattered nodes or a branch: job `regenerate`. Everything: *Materialize all* on the "
        f"page of the asset group {key}.",
    )


def _framework(key: str, entry: FrameworkSettings, project: Project) -> dg.AssetsDefinition:
    @dg.asset(
        key=[key, FRAMEWORK],
        deps=[[key, EDITION]] if entry.table else None,
        group_name=key,
        io_manager_key=CONTENTS_MANAGER,
        metadata=framework_metadata(project.stages) | portal_link(_public(project), f"/frameworks/{key}"),
        description=f"{entry.title}\n{framework_text(project.stages, key)}",
        kinds=framework_kinds(entry.source),
        owners=_owners(entry),
    )
    def framework(context: dg.AssetExecutionContext, caseforge: Caseforge) -> Any:
        with opened_source(caseforge.settings, entry.source) as source:
            loaded = _load(caseforge, key, entry, source)
        mirror(context, caseforge)
        return dg.MaterializeResult(metadata=_load_metadata(loaded), data_version=dg.DataVersion(loaded.source_sha256))

    return framework


def _load(caseforge: Caseforge, key: str, entry: FrameworkSettings, source: Path) -> Loaded:
    result = read_framework(source, form=entry.form)
    if result.edition is None:
        raise dg.Failure("\n".join(problem.message for problem in result.problems), allow_retries=False)
    with caseforge.store.connect() as connection:
        doubt = doubt_edition(connection, key, result.edition, source.name)
    if doubt:
        raise dg.Failure(f"{doubt}. If it is an edition of this framework: caseforge load --framework {key} --yes", allow_retries=False)
    keep_workbook(caseforge.folder, source, result.edition.source_sha256)
    return load_framework(caseforge.store, caseforge.project, NewEdition(key, entry, result.edition, source.name), by="dagster")


def _load_metadata(loaded: Loaded) -> dict[str, Any]:
    counts = {str(change): len(nodes) for change, nodes in loaded.difference.changes.items()}
    return {"edition": loaded.label, "changed": loaded.changed, "nodes": loaded.nodes, "targets": loaded.targets, **counts}


def _assets(key: str, entry: FrameworkSettings, project: Project) -> dg.AssetsDefinition:
    @dg.multi_asset(
        name=f"{key}_flow",
        specs=[_spec(key, entry, asset, project) for asset in all_assets(project.stages)],
        check_specs=check_specs(key, project.stages),
        partitions_def=node_partitions(key),
        pool=PROVIDER_POOL,
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def assets(context: dg.AssetExecutionContext, config: AssetConfig, caseforge: Caseforge) -> Iterator[dg.AssetCheckResult]:
        done = _materialize(context, config, caseforge, key) if context.selected_asset_keys else Materialized(0, {})
        yield from check_results(caseforge, key, context.selected_asset_check_keys)
        say_unchosen(context.log, done.unchosen)
        say_unfinished(context.log, done.unfinished)  # last, because a run's page shows the end of its log
        fail_unsent(done.unsent)

    return assets


def _materialize(context: dg.AssetExecutionContext, config: AssetConfig, caseforge: Caseforge, key: str) -> Materialized:
    context.instance.add_run_tags(context.run.run_id, tags_of("materialize", framework=key, nodes=f"{len(context.partition_keys):,}"))
    is_answered = _needs_provider(context, caseforge.settings.stages)
    waiting = caseforge.waiting(config.wait_s, lambda: mirror(context, caseforge)) if is_answered else Waiting(None, why_none="")
    assets = [selected.path[-1] for selected in context.selected_asset_keys]
    done = materialize_assets(caseforge.stored_project, key, assets, context.partition_keys, waiting, backfill_of(context))
    tag_batches(context, caseforge.store, done.batch_ids)
    mirror(context, caseforge)
    return done


def _needs_provider(context: dg.AssetExecutionContext, stages: Stages) -> bool:
    answered = {name for stage in stages for name in (stage.outputs, stage.content)}
    return any(selected.path[-1] in answered for selected in context.selected_asset_keys)


def _report(
    key: str, entry: FrameworkSettings, project: Project, name: str, text: str, figures: Figures, *, with_alerts: bool = False
) -> dg.AssetsDefinition:
    @dg.asset(
        key=[key, name],
        group_name=key,
        deps=[dg.AssetDep([key, asset.name], partition_mapping=dg.AllPartitionMapping()) for asset in _last_assets(project.stages)],
        description=text,
        metadata=links([], "watching.md") | portal_link(_public(project), f"/report?framework={key}"),
        kinds={"table"},
        freshness_policy=WRITTEN_DAILY,
        owners=_owners(entry),
        check_specs=[alert_check(key)] if with_alerts else None,
    )
    def report(caseforge: Caseforge) -> dg.MaterializeResult:  # type: ignore[type-arg]
        checks = [alert_result(caseforge.store, key)] if with_alerts else []
        metadata = figures(caseforge, key)
        return dg.MaterializeResult(metadata=metadata, check_results=checks)

    return report


def _run_figures(caseforge: Caseforge, key: str) -> Mapping[str, Any]:
    return run_figures(caseforge.stored_project, key, simulated=caseforge.accepts_simulated)


def _spec(key: str, entry: FrameworkSettings, asset: Asset, project: Project) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=[key, asset.name],
        deps=[[key, upstream] for upstream in asset.reads],
        group_name=key,
        description=asset_text(asset, key),
        code_version=_code_version(key, asset.stage, project) if asset.stage else None,
        kinds=asset_kinds(asset),
        metadata=asset_metadata(asset, project.stages) | portal_link(_public(project), f"/frameworks/{key}"),
        owners=_owners(entry),
        automation_condition=automation_of(entry, asset),
        skippable=True,
    ).with_io_manager_key(CONTENTS_MANAGER)


def _code_version(key: str, stage: Stage, project: Project) -> str:
    return shown_stage_version(project.stages.in_framework(stage, key), project.stage_settings[stage.key])


def _last_assets(stages: Stages) -> Sequence[Asset]:
    return [asset for asset in all_assets(stages) if asset.stage and asset.name == asset.stage.content]


def _public(project: Project) -> str:
    return project.configuration.service.public_url


def _owners(entry: FrameworkSettings) -> list[str]:
    return [entry.owner] if "@" in entry.owner or entry.owner.startswith("team:") else []
