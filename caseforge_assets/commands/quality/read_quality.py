"""Reads a framework's quality from the store: scores, near-duplicates, repeated titles, levels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from caseforge_assets.commands.quality.measure_quality import measured_stages
from caseforge_assets.reports.branches import index_by_code, top_branch
from caseforge_assets.reports.checks import Check
from caseforge_assets.reports.quality import Levels, NearDuplicate, ScoreSummary, count_levels, near_duplicates, repeated_titles, summarize
from caseforge_assets.reports.quality_checks import check_balance, check_near_duplicates, check_scores, check_titles
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting import quality_scores
from caseforge_assets.store.collecting.quality_scores import Scored, Titled
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes


@dataclass(frozen=True)
class StageQuality:
    """One stage. Only contents that are not simulated are compared with one another; `compared` says how many these are.

    `levels` are those of all contents, `real_levels` of those that are not simulated: by branch, and of all under an empty name.
    """

    stage: Stage
    rows: tuple[Scored, ...]
    summary: ScoreSummary
    compared: int
    near_duplicates: tuple[NearDuplicate, ...]
    titles: int
    repeated_titles: tuple[tuple[Titled, ...], ...]
    levels: dict[str, Levels]
    real_levels: dict[str, Levels]


def read_quality(
    connection: Connection,
    project: Project,
    key: str,
    stages: Sequence[Stage] | None = None,
    node_ids: Sequence[int] | None = None,
    *,
    compare: bool = True,
) -> list[StageQuality]:
    """The quality of a framework's current contents, stage by stage; stages that are not measured are left out.

    Args:
        stages: these only.
        node_ids: contents of these only; they are compared with one another, not with all.
        compare: look for documents and titles that are alike; scores and levels alone take less time.
    """
    chosen = [stage for stage in measured_stages(project.stages) if stages is None or stage in stages]
    rows = quality_scores.scored(connection, key, [stage.key for stage in chosen], RULES, node_ids)
    by_code = index_by_code(nodes.all_nodes(connection, key))
    found = []
    for stage in chosen:
        of_stage = [row for row in rows if row.stage == stage.key]
        titles = quality_scores.titles(connection, key, stage.key, node_ids) if compare else []
        signed = [row for row in of_stage if not row.simulated and row.signature is not None] if compare else []
        found.append(_stage_quality(project, stage, of_stage, signed, titles, lambda code: top_branch(code, by_code)))
    return found


def _stage_quality(
    project: Project,
    stage: Stage,
    rows: Sequence[Scored],
    signed: Sequence[Scored],
    titles: Sequence[Titled],
    branch_of: Callable[[str], str],
) -> StageQuality:
    return StageQuality(
        stage=stage,
        rows=tuple(rows),
        summary=summarize(rows, project.configuration.quality_warn_below),
        compared=len(signed),
        near_duplicates=tuple(near_duplicates(signed, project.configuration.near_duplicate_likeness)),
        titles=len(titles),
        repeated_titles=tuple(map(tuple, repeated_titles(titles))),
        levels=count_levels(rows, branch_of),
        real_levels=count_levels([row for row in rows if not row.simulated], branch_of),
    )


def check_quality(connection: Connection, project: Project, key: str) -> list[Check]:
    """All verdicts on the quality of a framework's contents."""
    checks = []
    for of_stage in read_quality(connection, project, key):
        asset, share = of_stage.stage.content, project.configuration.quality_fail_share
        checks.append(check_scores(asset, of_stage.rows, project.configuration.quality_warn_below, share))
        if of_stage.stage.is_list:
            checks.append(check_titles(asset, of_stage.titles, of_stage.repeated_titles, share, of_stage.stage.items_name))
            checks.append(
                check_balance(
                    asset,
                    of_stage.real_levels,
                    of_stage.stage.level_shares,
                    project.configuration.complexity_tolerance,
                    of_stage.stage.items_name,
                )
            )
        else:
            checks.append(check_near_duplicates(asset, of_stage.compared, of_stage.near_duplicates, share))
    return checks
