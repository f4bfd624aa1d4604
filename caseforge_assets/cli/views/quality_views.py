"""Shows quality: as tables for people, as JSON for scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from caseforge_assets.cli.shared.console import console
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.reports.quality import say_why, unbalanced
from caseforge_assets.wording import counted, of_them

if TYPE_CHECKING:
    from caseforge_assets.commands.quality.read_quality import StageQuality
    from caseforge_assets.settings import Configuration
    from caseforge_assets.stages.stage import Stage
    from caseforge_assets.store.collecting.quality_scores import Scored

BAR_CHARACTERS = 40
FULL = 100  # points of a part
LEAST_DRAWN = 5  # contents; fewer are read in the table
GROUPS_SHOWN = 10
TITLES = {"roi": "Return"}


def print_quality(found: Sequence[StageQuality], configuration: Configuration, worst: int, *, with_parts: bool) -> None:
    """Prints every stage: its scores, the lowest of them, what repeats, how levels are spread.

    Args:
        configuration: says which scores are low and what is out of balance.
        worst: how many of the lowest scores are listed.
        with_parts: list every content, with all its parts.
    """
    if not any(of_stage.rows for of_stage in found):
        console.print("Nothing was made yet.")
        return
    for of_stage in (of_stage for of_stage in found if of_stage.rows):
        console.rule(of_stage.stage.title)
        _print_summary(of_stage, configuration.quality_warn_below)
        rows = of_stage.rows if with_parts else _lowest(of_stage.rows)[:worst]
        if rows:
            _print_rows(rows, with_parts=with_parts)
        _print_repeats(of_stage)
        _print_levels(of_stage, configuration.complexity_tolerance)


def quality_json(of_stage: StageQuality, worst: int | None) -> dict[str, Any]:
    """A stage for scripts; numbers that are not known are null.

    Args:
        worst: only so many of the lowest scores; None: all contents, in the framework's order.
    """
    rows = of_stage.rows if worst is None else _lowest(of_stage.rows)[:worst]
    contents = [
        {
            "code": row.code,
            "name": row.name,
            "partition": row.partition_key,
            "score": row.score,
            "why": say_why(row),
            "simulated": row.simulated,
            "edited": row.edited,
            **(row.details or {}),
        }
        for row in rows
    ]
    return {
        "stage": of_stage.stage.key,
        "summary": asdict(of_stage.summary),
        "contents": contents,
        "compared": of_stage.compared,
        "titles": of_stage.titles,
        "near_duplicates": [asdict(pair) for pair in of_stage.near_duplicates],
        "repeated_titles": [[{"id": item.candidate_uid, "title": item.title} for item in group] for group in of_stage.repeated_titles],
        "levels": {branch or "all": levels for branch, levels in of_stage.levels.items() if levels},
    }


def _lowest(rows: Sequence[Scored]) -> list[Scored]:
    return sorted((row for row in rows if row.score is not None), key=lambda row: row.score or 0)


def _print_summary(of_stage: StageQuality, below: int) -> None:
    summary = of_stage.summary
    if summary.mean is None or summary.median is None:
        console.print(f"{counted(summary.contents, 'content')}, none of them measured.")
        return
    simulated = sum(row.simulated for row in of_stage.rows)
    told = f", {of_them(simulated, summary.contents)}simulated" if simulated else ""
    unmeasured = f", {summary.contents - summary.measured:,} not measured" if summary.contents > summary.measured else ""
    console.print(
        f"{counted(summary.contents, 'content')}{told}{unmeasured}: mean score {summary.mean:.0f}, median {summary.median:.0f}, lowest {summary.lowest}; "
        f"{counted(summary.low, 'scores', 'score')} less than {below}."
    )
    if summary.measured >= LEAST_DRAWN:
        _print_bars(summary.tens)
    console.print("Means of the parts: " + ", ".join(f"{part} {points:.0f}" for part, points in summary.parts.items()))
    left_out = Counter((why, part) for row in of_stage.rows for part, why in row.figures.get("not_measured", {}).items())
    for (why, part), count in left_out.items():
        console.print(f"Not measured: {part} of {counted(count, 'content')}, because {why}.")


def _print_bars(tens: Mapping[int, int]) -> None:
    most = max(tens.values())
    for start in range(min(tens), 91, 10):
        count = tens.get(start, 0)
        bar = "█" * max(round(BAR_CHARACTERS * count / most), 1) + " " if count else ""
        console.print(f"  {start:>3}–{start + (10 if start == 90 else 9):<3} {bar}{count:,}")


def _print_rows(rows: Sequence[Scored], *, with_parts: bool) -> None:
    names = list(dict.fromkeys(part for row in rows for part in row.parts)) if with_parts else []
    lowest = {name: min((row.parts[name] or 0 for row in rows if row.parts.get(name) is not None), default=101) for name in names}
    best_first = sorted(names, key=lambda name: -lowest[name])
    full = [name for name in best_first if lowest[name] >= FULL]
    title = None if with_parts else "Lowest scores"
    drop = (*full, "Name", *best_first[len(full) :])
    table = FittingTable("Node", "Name", "Score", *names, "What holds it down", title=title, drop=drop)
    for row in rows:
        parts = ["–" if row.parts.get(name) is None else str(row.parts[name]) for name in names]
        why = "; ".join(row.limits) if with_parts else say_why(row)
        table.add_row(row.code, row.name, "unknown" if row.score is None else str(row.score), *parts, why)
    console.print(table)


def _print_repeats(of_stage: StageQuality) -> None:
    real = any(not row.simulated for row in of_stage.rows)
    if not of_stage.stage.is_list:
        if of_stage.near_duplicates:
            table = FittingTable("Node", "Like", "Phrases in common", title="Documents that are nearly the same")
            for pair in of_stage.near_duplicates[: 2 * GROUPS_SHOWN]:
                table.add_row(pair.partition_key, pair.like, f"{pair.likeness:.0%}")
            console.print(table)
        said = f"{len(of_stage.near_duplicates):,} of {counted(of_stage.compared, 'document is', 'documents are')} nearly the same as another node's."
        not_compared = (
            "Documents that are not measured are not compared." if real else "Simulated documents are not compared with one another."
        )
        console.print(said if of_stage.compared else not_compared)
        return
    repeated = sum(map(len, of_stage.repeated_titles))
    said = f"{repeated:,} of {of_stage.titles:,} {of_stage.stage.items_name} have a title that another node has, too."
    console.print(
        said if of_stage.titles or real else f"Titles of simulated {of_stage.stage.items_name} are not compared with one another."
    )
    for group in of_stage.repeated_titles[:GROUPS_SHOWN]:
        ids = ", ".join(item.candidate_uid for item in group[:5]) + (f" and {len(group) - 5:,} more" if len(group) > 5 else "")
        console.print(f"  {len(group)} × {group[0].title} ({ids})")


def _print_levels(of_stage: StageQuality, tolerance: float) -> None:
    if not of_stage.levels.get(""):
        return
    levels, scale = of_stage.levels[""], _scale(of_stage.stage)
    names = [TITLES.get(field, field.capitalize()) for field in levels]
    on_scale = f", levels as {'/'.join(scale).lower()}" if any(set(counts) <= set(scale) for counts in levels.values()) else ""
    table = FittingTable("Branch", *names, title=f"How the {of_stage.stage.items_name} are spread, in percent{on_scale}")
    for branch, of_branch in of_stage.levels.items():
        table.add_row(branch or "All", *(_spread(of_branch.get(field, {}), scale) for field in levels))
    console.print(table)
    aims = ". ".join(f"{field.capitalize()} aims at {'/'.join(of)} {_shares(of)}" for field, of in of_stage.stage.level_shares.items())
    notes = unbalanced(of_stage.real_levels[""], of_stage.stage.level_shares, tolerance) if of_stage.real_levels.get("") else []
    said = [*([f"{aims}."] if aims else []), *([f"Out of balance: {'; '.join(notes)}."] if notes else [])]
    if said:
        console.print(" ".join(said))


def _scale(stage: Stage) -> Sequence[str]:
    """The levels of a stage, lowest first."""
    return list(next(iter(stage.level_shares.values()), {}))


def _shares(of: Mapping[str, float]) -> str:
    return "/".join(f"{share:.0%}".rstrip("%") for share in of.values())


def _spread(counts: Mapping[str, int], scale: Sequence[str]) -> str:
    total = sum(counts.values())
    if total and set(counts) <= set(scale):
        return "/".join(f"{100 * counts.get(value, 0) / total:.0f}" for value in scale)
    return ", ".join(f"{value} {100 * count / total:.0f}" for value, count in sorted(counts.items(), key=lambda item: -item[1]))
