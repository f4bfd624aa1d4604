"""Batches that nodes wait for and that do not go on as they should: said at the end of commands that watch or collect, whose exit code is not 0 then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caseforge_assets.batches.states import BatchState
from caseforge_assets.cli.shared.console import console

if TYPE_CHECKING:
    from caseforge_assets.cli.shared.session import Session
    from caseforge_assets.store.submitting.batches import BatchRow

NODES_WAIT = 4  # for the provider, which does not know a batch, or brings less than it counts


def batches_in_trouble(session: Session, framework_key: str | None = None) -> list[BatchRow]:
    """Those of the configured provider; of one framework, if given."""
    from caseforge_assets.commands.rounds.work import batches_in_trouble as in_trouble

    with session.store.connect() as connection:
        return in_trouble(connection, session.provider.id, framework_key)


def exit_if_in_trouble(rows: list[BatchRow], *, quiet: bool = False) -> None:
    """Names each batch with its reason, and ends the command; goes on where there is none."""
    for batch in rows if not quiet else ():
        console.print(
            f"{batch.stage} {batch.name} is {batch.remote_status if batch.state == BatchState.open else batch.state}, and nodes wait for it: {batch.reason}",
            style="yellow",
        )
    if rows:
        raise SystemExit(NODES_WAIT)
