"""The command with which a person says which batch at the provider is one that CaseForge cannot find there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from caseforge_assets.cli.shared.account import account_name
from caseforge_assets.cli.shared.console import console
from caseforge_assets.cli.shared.options import pass_session

if TYPE_CHECKING:
    from caseforge_assets.cli.shared.session import Session


@click.command()
@click.argument("batch")
@click.argument("remote_id", metavar="ID")
@pass_session
def adopt(session: Session, batch: str, remote_id: str) -> None:
    """Take over the provider's batch ID as BATCH (number), which may have been created and cannot be looked up.

    `caseforge status` says which batch that is; the ID stands on the provider's own page of batches. Its input file has to be that of BATCH.
    """
    from caseforge_assets.commands.submitting.adopt_batch import adopt_batch

    row = adopt_batch(session.open_project, batch, remote_id, by=account_name())
    session.mirror()
    console.print(f"Batch {row.id} is {row.name} ({row.remote_status}). `caseforge monitor` goes on with it.")
