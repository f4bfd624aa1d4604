"""stale: what was made from something that has changed since."""

from __future__ import annotations

import sys
from collections import Counter

import click

from caseforge_assets.cli.shared.console import busy, console, print_json
from caseforge_assets.cli.shared.options import framework_option, json_option, pass_session
from caseforge_assets.cli.shared.session import Session
from caseforge_assets.cli.shared.tables import FittingTable

SHOWN = 40


@click.command()
@framework_option
@json_option
@pass_session
def stale(session: Session, key: str | None, as_json: bool) -> None:
    """Every node that is stale, step by step, with the reason and since when. Exit code 3 when there are any."""
    from caseforge_assets.commands.mirroring.read_statuses import asset_statuses

    key = session.framework_key(key)
    with busy("Comparing what was made with what it was made from"), session.store.connect() as connection:
        found = [status for status in asset_statuses(connection, session.project, key) if status.not_current]
    rows = [
        {
            "asset": status.asset,
            "partition": status.node.partition_key,
            "code": status.node.code,
            "name": status.node.name,
            "reasons": [{"reason": reason.text, "since": reason.since} for reason in status.not_current],
        }
        for status in found
    ]
    if as_json:
        print_json(rows)
    elif not found:
        console.print("Nothing is stale.")
    else:
        table = FittingTable("Asset", "Node", "Name", "Why", "Since", drop=("Name", "Since"))
        for status in found[:SHOWN]:
            since = min((reason.since for reason in status.not_current if reason.since), default=None)
            why = "; ".join(reason.text for reason in status.not_current)
            table.add_row(status.asset, status.node.code, status.node.name, why, f"{since:%Y-%m-%d %H:%M}" if since else "")
        console.print(table)
        if len(found) > SHOWN:
            console.print(f"… and {len(found) - SHOWN:,} more; --json prints them all.")
        console.print("Stale: " + ", ".join(f"{count:,} at {asset}" for asset, count in Counter(status.asset for status in found).items()))
        console.print(f"`caseforge generate --select stale --framework {key}` makes them anew.")
    sys.exit(3 if found else 0)
