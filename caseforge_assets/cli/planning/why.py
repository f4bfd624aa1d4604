"""plan --why: in words, why a node would be asked for again."""

from __future__ import annotations

from dataclasses import asdict

from caseforge_assets.cli.shared.console import console, print_json
from caseforge_assets.cli.shared.options import chosen_id
from caseforge_assets.cli.shared.session import Session


def explain(session: Session, key: str, node: str, simulated: bool, as_json: bool) -> None:
    """Prints where one node stands in every stage, and what differs from what its content was made from.

    Raises:
        click.BadParameter: several nodes are meant.
        LookupError: there is no such node.
    """
    from caseforge_assets.commands.surveying.explain_node import explain_node

    with session.store.connect() as connection:
        found = explain_node(connection, session.project, key, chosen_id(connection, key, node, "--why"), simulated)
    if as_json:
        print_json([asdict(standing) for standing in found])
        return
    for standing in found:
        since = f" Since {standing.since:%Y-%m-%d %H:%M} UTC." if standing.since else ""
        console.print(f"{standing.stage}: {standing.state.word}: {standing.meaning}.{since}", style="bold")
        for difference in standing.differences:
            console.print(f"  differs: {difference}")
        if standing.diff:
            console.print(standing.diff)
