"""Changes several use cases at once: editors decide on them, anybody keeps them in a portfolio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.curating.decide_use_cases import Change, decide_use_cases
from caseforge_assets.commands.portfolios.add_to_portfolio import add_to_portfolio
from caseforge_assets.commands.portfolios.make_portfolio import make_portfolio
from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.store.curating.use_cases import UseCaseRow, lock_use_cases, use_cases
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.web.access.callers import see_framework
from caseforge_assets.web.wire.pages import LARGEST_ID

SHORTLIST, REJECT, TAG, OWNER, PORTFOLIO = "shortlist", "reject", "tag", "owner", "portfolio"
SPECIFY = "specify"  # nothing is done with them: the next page shows what it would cost
ACTIONS: Mapping[str, str] = {
    SHORTLIST: "shortlisted",
    REJECT: "rejected",
    TAG: "tagged",
    OWNER: "given an owner",
    PORTFOLIO: "put into the portfolio",
}


def decide_on_chosen(connection: Connection, caller: Caller, ids: Sequence[int], action: str, said: Mapping[str, str]) -> None:
    """Decides on use cases, on all or none, in the caller's transaction.

    Args:
        ids: of their candidates.
        said: reason, tag, owner, portfolio and name, as far as the action takes them.

    Raises:
        LookupError: one is not there, or may not be seen.
        NotAllowed: the caller is no editor of one's framework.
        ValueError: there is no such action, or what it takes is missing.
    """
    if action == PORTFOLIO:
        number = said["portfolio"]
        if number and not (number.isascii() and number.isdigit() and int(number) <= LARGEST_ID):
            raise LookupError(f"there is no portfolio {number!r}")
        add_to_portfolio(connection, caller, int(number) if number else make_portfolio(connection, caller, said["name"]).id, ids)
        return
    lock_use_cases(connection, ids)
    rows = use_cases(connection, ids)
    for candidate_id in ids:
        if candidate_id not in rows:
            raise LookupError(f"there is no use case {candidate_id}")
    for key in {row.framework_key for row in rows.values()}:
        see_framework(caller, key)
        caller.demand(Role.editor, key)
    decide_use_cases(connection, {candidate_id: _change(action, said, rows[candidate_id]) for candidate_id in ids}, by=caller.name)


def _change(action: str, said: Mapping[str, str], row: UseCaseRow) -> Change:
    if action == SHORTLIST:
        return Change(UseCaseStatus.shortlisted)
    if action == REJECT:
        return Change(UseCaseStatus.rejected, reason=said["reason"])
    if action == OWNER:
        return Change(owner=_needed(said["owner"], "write who brings them forward"))
    if action == TAG:
        added = _needed(said["tag"], "write a tag").split(",")
        return Change(tags=(*row.decision.tags, *added))
    raise ValueError(f"{action!r} is nothing that can be done with use cases; there are {', '.join(ACTIONS)}")


def _needed(text: str, says: str) -> str:
    if not text.strip():
        raise ValueError(says)
    return text
