"""Shows the result of a load, and what differs from the edition before: as tables for people, as JSON for scripts."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from caseforge_assets.cli.shared.console import console, usd
from caseforge_assets.cli.shared.tables import FittingTable
from caseforge_assets.reports.comparing.difference import MEANINGS, NodeChange
from caseforge_assets.wording import counted

if TYPE_CHECKING:
    from caseforge_assets.commands.editions.load_framework import Loaded

EXAMPLES = 3


def print_loaded(loaded: Loaded, key: str, file_name: str, *, dry_run: bool) -> None:
    """Prints the result that a load had, or would have."""
    if not loaded.changed:
        console.print(f"{key}: {file_name} is loaded already; nothing has changed.")
        return
    if loaded.carried is not None:
        _print_difference(loaded)
    size = f"{counted(loaded.nodes, 'node')}, {counted(loaded.targets, 'target')}"
    console.print(f"{key}: edition {loaded.label} from {file_name}: {size}{'; nothing was stored.' if dry_run else '.'}")
    if loaded.carried is not None:
        _print_follow_up(loaded)


def _print_difference(loaded: Loaded) -> None:
    table = FittingTable("Difference", "Nodes", "Meaning", "For example")
    for change, nodes in loaded.difference.changes.items():
        examples = "; ".join(_said(node) for node in nodes[:EXAMPLES])
        table.add_row(change.replace("_", " "), f"{len(nodes):,}", MEANINGS[change], examples)
    console.print(table if loaded.difference.changes else "No target node differs.")


def _said(node: NodeChange) -> str:
    codes = [code for code in (node.code_before, node.code_after) if code is not None]
    names = [name for name in (node.name_before, node.name_after) if name is not None]
    return f"{' → '.join(dict.fromkeys(codes))} {' → '.join(dict.fromkeys(names))}"


def _print_follow_up(loaded: Loaded) -> None:
    carried = loaded.carried
    if carried is None:
        return
    kept = ", ".join(f"{count:,} {stage}" for stage, count in carried.confirmed.items())
    console.print(
        f"Both editions have {counted(loaded.difference.same, 'target')}; {carried.moved:,} of them moved with all that was made for them."
    )
    console.print(f"Confirmed at no cost, because only ancestors or KPIs differ: {kept}.")
    wanted = ", ".join(f"{count:,} {stage}" for stage, count in loaded.to_send.items())
    console.print(f"To bring everything up to date: {wanted}; expected cost at a provider that bills: {usd(loaded.expected_cost_usd)}.")
    if loaded.simulated:
        console.print("What is there is simulated: a provider that bills would be asked for all of it, and that is not in this price.")


def loaded_json(loaded: Loaded) -> dict[str, Any]:
    """The same for scripts, with every node that differs; an unknown cost is null."""
    difference = {change: [asdict(node) for node in nodes] for change, nodes in loaded.difference.changes.items()}
    return {
        "changed": loaded.changed,
        "edition": loaded.label,
        "nodes": loaded.nodes,
        "targets": loaded.targets,
        "in_both": loaded.difference.same,
        "difference": difference,
        "carried_over": None if loaded.carried is None else asdict(loaded.carried),
        "to_send": loaded.to_send,
        "expected_cost_usd": loaded.expected_cost_usd,
        "simulated": loaded.simulated,
    }
