"""Makes a portfolio."""

from __future__ import annotations

from caseforge_assets.access.roles import Caller
from caseforge_assets.commands.portfolios.find_portfolio import find_portfolio
from caseforge_assets.commands.portfolios.tell_of_portfolio import tell_of_portfolio
from caseforge_assets.curation.portfolios import portfolio_name
from caseforge_assets.curation.statuses import check_length
from caseforge_assets.store.curating import portfolios
from caseforge_assets.store.curating.portfolios import PortfolioRow
from caseforge_assets.store.database.engine import Connection


def make_portfolio(connection: Connection, caller: Caller, name: str, *, description: str = "", is_shared: bool = False) -> PortfolioRow:
    """Makes one that is the caller's own; anybody may.

    Raises:
        ValueError: there is no name, a text is too long, or the caller has one of this name.
    """
    name = portfolio_name(name)
    check_length("the description", description)
    made = portfolios.make(connection, name, description.strip(), caller.name, is_shared=is_shared)
    if made is None:
        raise ValueError(f"{caller.name} has a portfolio called {name} already; give this one another name")
    tell_of_portfolio(connection, find_portfolio(connection, caller, made), "made", by=caller.name, more={"shared": is_shared})
    return find_portfolio(connection, caller, made)
