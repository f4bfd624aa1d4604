"""portfolio import: takes what was decided in the sheet that was exported, all of it in one transaction."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path

from caseforge_assets.access.roles import Caller
from caseforge_assets.commands.curating.decide_use_cases import Change, decide_use_cases
from caseforge_assets.commands.portfolios.change_entries import write_note
from caseforge_assets.commands.portfolios.review_decisions import Review, Wanted, review_decisions
from caseforge_assets.curation.statuses import status_from
from caseforge_assets.frameworks import OF_ONES_OWN, Limits
from caseforge_assets.store.curating import use_cases
from caseforge_assets.store.database.engine import Connection

MOST_SAID = 20


class Meanwhile(StrEnum):
    """The treatment of decisions that somebody else has changed since the export."""

    refuse = "refuse"
    keep = "keep"
    overwrite = "overwrite"


class ReviewOutdated(ValueError):
    """The sheet would change something else now than what somebody saw and consented to."""

    def __init__(self) -> None:
        """Says so."""
        super().__init__(
            "Somebody has decided something meanwhile, so that this would change something else than what you saw. Look at it again; nothing was taken"
        )


def import_decisions(
    connection: Connection,
    caller: Caller,
    path: Path,
    meanwhile: Meanwhile = Meanwhile.refuse,
    *,
    limits: Limits = OF_ONES_OWN,
    seen: str | None = None,
) -> Review:
    """Takes what the sheet says, in the caller's transaction; rows and cells that nobody changed are left alone. Returns what was taken.

    Args:
        meanwhile: `keep` takes all but what somebody else has changed since the export; `overwrite` takes that, too.
        limits: how large the workbook may be.
        seen: fingerprint of the review that the caller consented to; None: whatever it is.

    Raises:
        ReviewOutdated: it is another one by now. Nothing is written then.
        ValueError: the file is no such workbook; something in it cannot be taken; or somebody else has changed the same meanwhile. Nothing is written then.
        NotAllowed: the caller may not change the portfolio that the notes belong to.
    """
    first = review_decisions(connection, caller, path, limits)
    use_cases.lock_use_cases(connection, [wanted.use_case.candidate_id for wanted in first.changes])
    review = review_decisions(connection, caller, path, limits)  # what was decided until the lock was had counts
    if seen is not None and seen != review.fingerprint:
        raise ReviewOutdated
    _refuse(path, "Something in it cannot be taken", review.problems)
    if meanwhile is Meanwhile.refuse:
        _refuse(path, "Somebody else has changed the same since it was exported", review.conflicts)
    taken = [wanted for wanted in (_left(wanted, meanwhile) for wanted in review.changes) if wanted.fields]
    changes = {wanted.use_case.candidate_id: _change(wanted) for wanted in taken if set(wanted.fields) - {"note"}}
    decide_use_cases(connection, changes, by=caller.name)
    for wanted in taken:
        if "note" in wanted.fields and wanted.entry is not None and review.portfolio is not None:
            write_note(connection, caller, review.portfolio, wanted.entry.id, wanted.fields["note"][1])
    review.changes = taken
    return review


def _refuse(path: Path, why: str, said: list[str]) -> None:
    if said:
        more = f"\n… and {len(said) - MOST_SAID:,} more" if len(said) > MOST_SAID else ""
        raise ValueError(f"nothing was taken from {path.name}. {why}:\n" + "\n".join(said[:MOST_SAID]) + more)


def _left(wanted: Wanted, meanwhile: Meanwhile) -> Wanted:
    if meanwhile is not Meanwhile.keep or not wanted.theirs:
        return wanted
    kept = {name: values for name, values in wanted.fields.items() if name not in wanted.theirs}
    return Wanted(wanted.row, wanted.use_case, kept, (), wanted.entry)


def _change(asked: Wanted) -> Change:
    wanted = {name: after for name, (_, after) in asked.fields.items()}
    review, tags = wanted.get("review_on"), wanted.get("tags")
    # With another status, a reason that the sheet shows is meant to stay.
    reason = wanted.get("reason", asked.use_case.decision.reason if "status" in wanted else None)
    return Change(
        status=status_from(wanted["status"]) if "status" in wanted else None,
        reason=reason,
        owner=wanted.get("owner"),
        review_on=date.fromisoformat(review) if review else None,
        clear_review=review == "",
        tags=None if tags is None else tuple(tag for tag in tags.split(", ") if tag),
    )
