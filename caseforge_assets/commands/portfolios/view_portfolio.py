"""Shows somebody a portfolio: its entries as far as their frameworks may be seen, what they come to, and what is new beside those that were superseded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.portfolios.find_portfolio import find_portfolio
from caseforge_assets.curation.columns import column_values, priority_of
from caseforge_assets.curation.portfolios import Counted, Sums, sum_up
from caseforge_assets.curation.priority import Weights
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.quality import RULES
from caseforge_assets.store.curating.described import DescribedUseCase, current_of_nodes
from caseforge_assets.store.curating.entries import EntryRow, entries_of
from caseforge_assets.store.curating.portfolios import PortfolioRow
from caseforge_assets.store.database.engine import Connection


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it is shown; `new_ones` are the use cases that its process has now, where it was superseded."""

    row: EntryRow
    place: int
    values: Mapping[str, str | None]
    priority: int | None
    new_ones: Sequence[DescribedUseCase]

    @property
    def is_superseded(self) -> bool:
        """Tells whether it is not what its process has now."""
        return not self.row.described.use_case.is_current


@dataclass(frozen=True, slots=True)
class PortfolioView:
    """A portfolio as somebody sees it; `hidden` is how many entries of it they may not see, which are in no sum."""

    portfolio: PortfolioRow
    entries: Sequence[Entry]
    hidden: int
    sums: Sums


def view_portfolio(connection: Connection, project: Project, caller: Caller, portfolio_id: int) -> PortfolioView:
    """A portfolio with the entries that the caller may see, in their order.

    Raises:
        LookupError: there is none of this number that the caller may see.
    """
    row = find_portfolio(connection, caller, portfolio_id)
    everything = entries_of(connection, portfolio_id, RULES)
    seen = [entry for entry in everything if caller.may(Role.reader, entry.described.use_case.framework_key)]
    new = new_beside(connection, [entry.described for entry in seen])
    shown = [
        Entry(
            row=entry,
            place=place,
            values=(values := values_of(project, entry.described)),
            priority=priority_of(Weights(), values, entry.described.score),
            new_ones=new.get(_place(entry.described), ()) if not entry.described.use_case.is_current else (),
        )
        for place, entry in enumerate(seen, 1)
    ]
    return PortfolioView(row, shown, len(everything) - len(seen), sum_up(_counted(entry) for entry in shown))


def new_beside(connection: Connection, rows: Sequence[DescribedUseCase]) -> dict[tuple[int, str], list[DescribedUseCase]]:
    """By node and stage, the use cases there are now, of those places where one of the rows was superseded."""
    superseded = {_place(row) for row in rows if not row.use_case.is_current}
    found: dict[tuple[int, str], list[DescribedUseCase]] = {}
    for current in current_of_nodes(connection, superseded, RULES):
        found.setdefault(_place(current), []).append(current)
    return found


def values_of(project: Project, row: DescribedUseCase) -> dict[str, str | None]:
    """Gives what stands in the columns of a use case; nothing of a stage that the project has no more."""
    stage = next((stage for stage in project.stages if stage.key == row.use_case.stage), None)
    return column_values(stage, row.fields)


def _place(row: DescribedUseCase) -> tuple[int, str]:
    return row.use_case.node_id, row.use_case.stage


def _counted(entry: Entry) -> Counted:
    use_case = entry.row.described.use_case
    return Counted(
        framework=use_case.framework_key,
        node_id=use_case.node_id,
        status=use_case.decision.status,
        values=entry.values,
        is_superseded=entry.is_superseded,
        is_simulated=entry.row.described.simulated,
    )
