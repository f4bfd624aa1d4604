"""Adds use cases to a portfolio."""

from __future__ import annotations

from collections.abc import Sequence

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.curating.keep_use_cases import keep_use_cases
from caseforge_assets.commands.portfolios.find_portfolio import Intent, find_portfolio
from caseforge_assets.commands.portfolios.tell_of_portfolio import named, tell_of_portfolio
from caseforge_assets.curation.portfolios import MOST_ENTRIES
from caseforge_assets.curation.statuses import check_length
from caseforge_assets.store.curating import entries, use_cases
from caseforge_assets.store.curating.use_cases import UseCaseRow
from caseforge_assets.store.database.engine import Connection


def add_to_portfolio(
    connection: Connection, caller: Caller, portfolio_id: int, candidate_ids: Sequence[int], *, note: str = ""
) -> list[UseCaseRow]:
    """Adds use cases at the end, all or none; those that are in it already stay where they are. Returns those that were not.

    Raises:
        LookupError: there is no such portfolio or use case that the caller may see.
        NotAllowed: the caller may not change the portfolio.
        ValueError: it would hold too many, or the note is too long.
    """
    row = find_portfolio(connection, caller, portfolio_id, Intent.change)
    wanted = list(dict.fromkeys(candidate_ids))
    found = seen_use_cases(connection, caller, wanted)
    check_length("the note", note)
    kept = dict(zip(keep_use_cases(connection, wanted, by=caller.name), wanted, strict=True))
    added = entries.add(connection, portfolio_id, list(kept), note.strip(), caller.name)
    if row.entries + len(added) > MOST_ENTRIES:
        raise ValueError(f"{row.name} would hold {row.entries + len(added):,} use cases; at most {MOST_ENTRIES:,} are kept in a portfolio")
    new = [found[candidate_id] for use_case_id, candidate_id in kept.items() if use_case_id in added]
    if new:
        tell_of_portfolio(connection, row, "added", by=caller.name, use_cases=map(named, new))
    return new


def seen_use_cases(connection: Connection, caller: Caller, candidate_ids: Sequence[int]) -> dict[int, UseCaseRow]:
    """Use cases by their candidates' ids, if the caller may see all of them.

    Raises:
        LookupError: one is not there, or in a framework that may not be seen.
    """
    found = use_cases.use_cases(connection, candidate_ids)
    for candidate_id in candidate_ids:
        if candidate_id not in found or not caller.may(Role.reader, found[candidate_id].framework_key):
            raise LookupError(f"there is no use case {candidate_id}, or you may not see it")
    return found
