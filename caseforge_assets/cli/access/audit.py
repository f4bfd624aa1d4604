"""audit: who did what."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import click

from caseforge_assets.cli.shared.console import console, print_json
from caseforge_assets.cli.shared.options import json_option, pass_session
from caseforge_assets.cli.shared.session import Session


@click.command()
@click.option("--actor", metavar="NAME", help="Only what this account or token did, such as anna or 'token nightly'.")
@click.option("--action", metavar="ACTION", help="Only this, such as plan.approved, or all of a kind, such as plan.")
@click.option("--subject", metavar="TEXT", help="Only what was done to this, such as 'plan 12'.")
@click.option("--framework", "key", metavar="KEY", help="Only what concerns this framework.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M"]), help="Only what was done from then on (UTC).")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many at most, the newest ones.")
@json_option
@pass_session
def audit(
    session: Session,
    actor: str | None,
    action: str | None,
    subject: str | None,
    key: str | None,
    since: datetime | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show who did what: approvals, edits, accounts, tokens, sign-ins. The newest first; nothing is ever changed in it."""
    from caseforge_assets.store.access.audit import AuditFilter, entries

    with session.store.connect() as connection:
        since_utc = None if since is None else since.replace(tzinfo=UTC)
        rows = entries(connection, AuditFilter(actor, action, subject, None if key is None else [key], since_utc), limit=limit)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    if not rows:
        console.print("Nothing like that is in the audit log.")
    for row in rows:
        details = ", ".join(f"{name}: {value}" for name, value in row.details.items() if value not in (None, [], ""))
        where = f" ({row.framework_key})" if row.framework_key else ""
        console.print(f"{row.done_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}  {row.actor}: {row.action}, {row.subject}{where}", soft_wrap=True)
        if details:
            console.print(f"{'':<21}{details}", style="dim", soft_wrap=True)
