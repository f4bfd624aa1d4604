"""Reports a change of a portfolio: its next revision, the audit log, and, of one that others see, an event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.access import audit
from caseforge_assets.store.curating import portfolios
from caseforge_assets.store.curating.entries import EntryPlace
from caseforge_assets.store.curating.portfolios import PortfolioRow, subject_of_portfolio
from caseforge_assets.store.curating.use_cases import UseCaseRow
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.serving.events import tell


def tell_of_portfolio(
    connection: Connection,
    row: PortfolioRow,
    what: str,
    *,
    by: str,
    use_cases: Iterable[Mapping[str, str]] = (),
    more: Mapping[str, Any] | None = None,
    is_told: bool | None = None,
) -> None:
    """Reports what was done.

    Args:
        row: the portfolio, as it was.
        what: such as `added`.
        use_cases: which ones it was done with, as `named` names them.
        more: what a reader of the log would ask next.
        is_told: whether others are told; None: where it is shared.
    """
    portfolios.raise_revision(connection, row.id)
    about = {"name": row.name, "what": what, **({"use_cases": rows} if (rows := list(use_cases)) else {}), **(more or {})}
    audit.note(connection, by, EventKind.portfolio_changed, subject_of_portfolio(row.id), None, about)
    if row.is_shared if is_told is None else is_told:
        told = {"portfolio": row.id, "name": row.name, "what": what, "by": by}
        tell(connection, EventKind.portfolio_changed, subject_of_portfolio(row.id), None, told)


def named(row: UseCaseRow | EntryPlace) -> dict[str, str]:
    """Says how the audit log names a use case, so that who does not see its framework need not be shown it."""
    return {"framework": row.framework_key, "uid": row.uid, "title": row.title}
