"""Changes what a portfolio is called, what is said of it, and who sees it."""

from __future__ import annotations

from caseforge_assets.access.roles import Caller
from caseforge_assets.commands.portfolios.find_portfolio import Intent, find_portfolio
from caseforge_assets.commands.portfolios.tell_of_portfolio import tell_of_portfolio
from caseforge_assets.curation.portfolios import portfolio_name
from caseforge_assets.curation.statuses import check_length
from caseforge_assets.store.curating import portfolios
from caseforge_assets.store.curating.portfolios import PortfolioRow
from caseforge_assets.store.database.engine import Connection


def change_portfolio(
    connection: Connection,
    caller: Caller,
    portfolio_id: int,
    *,
    name: str | None = None,
    description: str | None = None,
    is_shared: bool | None = None,
    revision: int | None = None,
) -> PortfolioRow:
    """Changes what is given, and leaves the rest; where all of it is so already, nothing is written. Who sees it is for its owner to say.

    Raises:
        LookupError: there is none of this number that the caller may see.
        NotAllowed: the caller may not change it.
        ChangedMeanwhile: it is another revision now.
        ValueError: the name is taken or empty, or a text is too long.
    """
    before = find_portfolio(connection, caller, portfolio_id, Intent.change, revision=revision)
    named = before.name if name is None else portfolio_name(name)
    said = before.description if description is None else description.strip()
    shared = before.is_shared if is_shared is None else is_shared
    if shared != before.is_shared:
        find_portfolio(connection, caller, portfolio_id, Intent.own)
    check_length("the description", said)
    if portfolios.is_name_taken(connection, before.owner, named, portfolio_id):
        raise ValueError(f"{before.owner} has a portfolio called {named} already; give this one another name")
    if (named, said, shared) == (before.name, before.description, before.is_shared):
        return before
    portfolios.change(connection, portfolio_id, named, said, is_shared=shared)
    what = "changed" if shared == before.is_shared else "shared" if shared else "made private"
    renamed = {} if named == before.name else {"renamed": [before.name, named]}
    described = {} if said == before.description else {"description": [before.description, said]}
    tell_of_portfolio(connection, before, what, by=caller.name, more=renamed | described, is_told=shared or before.is_shared)
    return find_portfolio(connection, caller, portfolio_id)
