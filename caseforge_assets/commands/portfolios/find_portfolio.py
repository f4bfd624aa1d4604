"""Finds a portfolio for somebody who may see it, change it or give it away.

Everybody has private portfolios of their own. Shared ones are seen by all and changed by editors; what concerns a portfolio as a whole (who sees it, that it is
there at all) is its owner's matter. Who is admin overall may do everything.
"""

from __future__ import annotations

from enum import Enum

from caseforge_assets.access.roles import Caller, NotAllowed, Role
from caseforge_assets.store.curating import portfolios
from caseforge_assets.store.curating.portfolios import PortfolioRow
from caseforge_assets.store.database.engine import Connection


class Intent(Enum):
    """The purposes that a portfolio is opened for, in the words of a refusal."""

    see = "see"
    change = "change"
    own = "share, hide or remove"


class ChangedMeanwhile(ValueError):
    """The portfolio was changed since it was read; `now` is how it stands."""

    def __init__(self, now: PortfolioRow) -> None:
        """Takes how it stands now."""
        super().__init__(f"the portfolio {now.name} was changed meanwhile. Look at it again; nothing of this was done")
        self.now = now


def find_portfolio(
    connection: Connection, caller: Caller, portfolio_id: int, intent: Intent = Intent.see, *, revision: int | None = None
) -> PortfolioRow:
    """The portfolio; held until the transaction ends where it is to be changed.

    Args:
        revision: the one that the change was made from, where that counts.

    Raises:
        LookupError: there is none of this number that the caller may see.
        NotAllowed: it may be seen and not changed.
        ChangedMeanwhile: it is another revision now.
    """
    if intent is not Intent.see:
        portfolios.lock_portfolio(connection, portfolio_id)
    row = portfolios.portfolio(connection, portfolio_id)
    if row is None or not may(caller, row, Intent.see):
        raise LookupError(f"there is no portfolio {portfolio_id}, or you may not see it")
    if not may(caller, row, intent):
        whose = f"that is for {row.owner} and admins" if intent is Intent.own else "that takes the role editor"
        raise NotAllowed(f"{caller.name} may not {intent.value} the portfolio {row.name}: {whose}")
    if revision is not None and revision != row.revision:
        raise ChangedMeanwhile(row)
    return row


def may(caller: Caller, row: PortfolioRow, intent: Intent) -> bool:
    """Tells whether somebody may do with a portfolio what they want."""
    if caller.name == row.owner or caller.may(Role.admin):
        return True
    if not row.is_shared or intent is Intent.own:
        return False
    return intent is Intent.see or any(caller.may(Role.editor, grant.framework_key) for grant in caller.grants)
