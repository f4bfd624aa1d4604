"""show --history: what happened to one node, on one page."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from caseforge_assets.cli.shared.console import console, print_json
from caseforge_assets.cli.shared.session import Session


def print_history(session: Session, node: Any, as_json: bool) -> None:
    """Prints the history of a node that was found: from the row of the workbook to the candidates."""
    from caseforge_assets.reports.history import tell_history
    from caseforge_assets.store.figures.histories import history_of_node

    with session.store.connect() as connection:
        events = tell_history(history_of_node(connection, node.node_id))
    if as_json:
        print_json({"node": dict(node._mapping), "history": [asdict(event) for event in events]})
        return
    console.rule(f"{node.code} {node.name} ({node.framework_key}): its history, times in UTC")
    for event in events:
        at = f"{event.at:%Y-%m-%d %H:%M:%S}" if event.at else "time unknown"
        console.print(f"{at}  {event.kind:<8} {event.said}", soft_wrap=True)
        for detail in event.details:
            console.print(f"{'':<29}{detail}", style="dim", soft_wrap=True)
    console.print("Times are those of the database and, of answers, of the provider.", style="dim")
