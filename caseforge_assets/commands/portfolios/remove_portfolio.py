"""Removes a portfolio."""

from __future__ import annotations

from caseforge_assets.access.roles import Caller
from caseforge_assets.commands.portfolios.find_portfolio import Intent, find_portfolio
from caseforge_assets.commands.portfolios.tell_of_portfolio import tell_of_portfolio
from caseforge_assets.store.curating import portfolios
from caseforge_assets.store.curating.portfolios import PortfolioRow
from caseforge_assets.store.database.engine import Connection


def remove_portfolio(connection: Connection, caller: Caller, portfolio_id: int, *, revision: int | None = None) -> PortfolioRow:
    """Removes one, and returns what it was. What was decided on its use cases stays.

    Raises:
        LookupError: there is none of this number that the caller may see.
        NotAllowed: it is somebody else's.
        ChangedMeanwhile: it is another revision now.
    """
    row = find_portfolio(connection, caller, portfolio_id, Intent.own, revision=revision)
    tell_of_portfolio(connection, row, "removed", by=caller.name)
    portfolios.remove(connection, portfolio_id)
    return row
