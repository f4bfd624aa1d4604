"""Prints the standing of a framework: its nodes by state, its items, what was spent. Nothing is decided here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caseforge_assets.cli.shared.console import console
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.costs.sums import Cost
from caseforge_assets.reports.coverage import say_states
from caseforge_assets.stages.stages import Stages
from caseforge_assets.wording import counted, of_them

if TYPE_CHECKING:
    from caseforge_assets.commands.reporting.read_standing import Standing


def print_standing(stages: Stages, report: Standing) -> None:
    """Print the standing of one framework.

    Args:
        stages: All stages of the project.
        report: Of the framework.
    """
    of_owner = f", nodes of {report.owner}" if report.owner is not None else ""
    table = FittingTable("Stage", "Nodes", title=f"{report.framework}, edition {report.edition or 'not loaded'}{of_owner}")
    for stage in stages:
        table.add_row(stage.key, say_states(report.stages[stage.key], stage.reads) or "none")
    console.print(table)
    for stage in (stage for stage in stages if stage.is_list):
        count, simulated = report.items.get(stage.key, 0), report.simulated_items.get(stage.key, 0)
        console.print(f"{stage.items_name.capitalize()}: {count:,}" + (f", {of_them(simulated, count)}simulated" if simulated else ""))
    for row in report.spent:
        kind = "simulated, at what it would have cost" if row["simulated"] else "imported" if row["imported"] else "billed"
        tokens = " + ".join("unknown" if row[which] is None else f"{row[which]:,}" for which in ("input_tokens", "output_tokens"))
        console.print(
            f"{row['stage']}: {counted(row['attempts'], 'attempt')}, {tokens} tokens, {Cost.of(row['cost_usd'], row['unknown_costs'])} ({kind})"
        )
