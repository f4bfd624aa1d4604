"""Changes the entries of a portfolio: takes some out, puts one at another place, writes a note, takes a new one in place of one that was superseded."""

from __future__ import annotations

from collections.abc import Sequence

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.curating.keep_use_cases import keep_use_cases
from caseforge_assets.commands.portfolios.add_to_portfolio import seen_use_cases
from caseforge_assets.commands.portfolios.find_portfolio import Intent, find_portfolio
from caseforge_assets.commands.portfolios.tell_of_portfolio import named, tell_of_portfolio
from caseforge_assets.curation.portfolios import moved
from caseforge_assets.curation.statuses import check_length
from caseforge_assets.store.curating import entries
from caseforge_assets.store.curating.entries import EntryPlace
from caseforge_assets.store.curating.portfolios import PortfolioRow
from caseforge_assets.store.database.engine import Connection


def take_from_portfolio(
    connection: Connection, caller: Caller, portfolio_id: int, entry_ids: Sequence[int], *, revision: int | None = None
) -> list[EntryPlace]:
    """Takes entries out, and returns what they were; what was decided on their use cases stays.

    Raises:
        LookupError: there is no such portfolio or entry that the caller may see.
        NotAllowed: the caller may not change the portfolio.
        ChangedMeanwhile: it is another revision now.
    """
    row, places = _to_change(connection, caller, portfolio_id, revision)
    chosen = [_entry(places, caller, row, entry_id) for entry_id in dict.fromkeys(entry_ids)]
    entries.remove(connection, portfolio_id, [entry.id for entry in chosen])
    if chosen:
        tell_of_portfolio(connection, row, "taken out", by=caller.name, use_cases=map(named, chosen))
    return chosen


def place_entry(
    connection: Connection, caller: Caller, portfolio_id: int, entry_id: int, place: int, *, revision: int | None = None
) -> None:
    """Puts an entry at another place.

    Args:
        place: the first is 1, counted among those that the caller sees.

    Raises:
        LookupError: there is no such portfolio or entry that the caller may see.
        NotAllowed: the caller may not change the portfolio.
        ChangedMeanwhile: it is another revision now.
    """
    row, places = _to_change(connection, caller, portfolio_id, revision)
    entry = _entry(places, caller, row, entry_id)
    seen = {entry.id for entry in places if caller.may(Role.reader, entry.framework_key)}
    before = [entry.id for entry in places]
    after = moved(before, entry.id, place, seen)
    if after != before:
        entries.put_in_order(connection, after)
        tell_of_portfolio(connection, row, "moved", by=caller.name, use_cases=[named(entry)], more={"place": after.index(entry.id) + 1})


def write_note(connection: Connection, caller: Caller, portfolio_id: int, entry_id: int, note: str, *, revision: int | None = None) -> None:
    """Replaces what is written to an entry.

    Raises:
        LookupError: there is no such portfolio or entry that the caller may see.
        NotAllowed: the caller may not change the portfolio.
        ChangedMeanwhile: it is another revision now.
        ValueError: the note is too long.
    """
    row, places = _to_change(connection, caller, portfolio_id, revision)
    entry = _entry(places, caller, row, entry_id)
    check_length("the note", note)
    if note.strip() != entry.note:
        entries.write_note(connection, entry.id, note.strip())
        more = {"note": [entry.note, note.strip()]}
        tell_of_portfolio(connection, row, "noted", by=caller.name, use_cases=[named(entry)], more=more)


def take_new_one(
    connection: Connection, caller: Caller, portfolio_id: int, entry_id: int, candidate_id: int, *, revision: int | None = None
) -> None:
    """Has an entry, where it stands and with its note, hold another use case: that of a newer answer. Is that one in the portfolio already, the entry goes.

    Raises:
        LookupError: there is no such portfolio, entry or use case that the caller may see.
        NotAllowed: the caller may not change the portfolio.
        ChangedMeanwhile: it is another revision now.
    """
    row, places = _to_change(connection, caller, portfolio_id, revision)
    entry = _entry(places, caller, row, entry_id)
    new = seen_use_cases(connection, caller, [candidate_id])[candidate_id]
    (use_case_id,) = keep_use_cases(connection, [candidate_id], by=caller.name)
    if use_case_id == entry.use_case_id:
        return
    if any(entry.use_case_id == use_case_id for entry in places):
        entries.remove(connection, portfolio_id, [entry.id])
    else:
        entries.replace_use_case(connection, entry.id, use_case_id)
    tell_of_portfolio(connection, row, "replaced", by=caller.name, use_cases=[named(entry), named(new)])


def _to_change(connection: Connection, caller: Caller, portfolio_id: int, revision: int | None) -> tuple[PortfolioRow, list[EntryPlace]]:
    row = find_portfolio(connection, caller, portfolio_id, Intent.change, revision=revision)
    return row, entries.entry_places(connection, portfolio_id)


def _entry(places: Sequence[EntryPlace], caller: Caller, row: PortfolioRow, entry_id: int) -> EntryPlace:
    found = next((entry for entry in places if entry.id == entry_id and caller.may(Role.reader, entry.framework_key)), None)
    if found is None:
        raise LookupError(f"the portfolio {row.name} has no entry {entry_id} that you may see; it may have been taken out meanwhile")
    return found
