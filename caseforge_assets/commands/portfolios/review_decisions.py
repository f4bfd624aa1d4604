"""Compares the sheet to decide on, as somebody sends it back, with what was decided: what would change, what changed meanwhile, what is wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.portfolios.find_portfolio import Intent, may
from caseforge_assets.curation.statuses import check_length, check_reason, status_from
from caseforge_assets.frameworks import OF_ONES_OWN, Limits, read_exported_sheet
from caseforge_assets.handing_on.records import Decided
from caseforge_assets.handing_on.sheets.decision_columns import SHEET, digest, in_cells
from caseforge_assets.handing_on.sheets.decision_reading import ReadRow, read_decisions
from caseforge_assets.store.curating import entries, portfolios, use_cases
from caseforge_assets.store.curating.entries import EntryPlace
from caseforge_assets.store.curating.exported import same_use_cases
from caseforge_assets.store.curating.use_cases import UseCaseRow
from caseforge_assets.store.database.engine import Connection

LABELS = {"status": "status", "reason": "reason", "owner": "owner", "review_on": "review date", "tags": "tags", "note": "note"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """A person's changes to a use case, as a row of the sheet has them.

    Attributes:
        row: Its row in the sheet.
        use_case: As it stands now.
        fields: By field, how it looks now and what it is to be.
        theirs: Of these fields, those that somebody else changed since the export, too.
        entry: Its entry in the portfolio, where the sheet is one's.
    """

    row: int
    use_case: UseCaseRow
    fields: Mapping[str, tuple[str, str]]
    theirs: tuple[str, ...] = ()
    entry: EntryPlace | None = None

    def in_words(self) -> str:
        """Gives what would change, on one line."""
        parts = [f"{LABELS[name]}: {before or '–'} → {after or '–'}" for name, (before, after) in self.fields.items()]
        return f"{self.use_case.uid} {self.use_case.title}: {'; '.join(parts)}"


@dataclass
class Review:
    """The reading of a sheet: the changes that it asks for, and what stands against them.

    Attributes:
        changes: What would change, in the sheet's order.
        conflicts: What somebody else has changed since the export, a sentence each.
        problems: What cannot be taken, with the cells' addresses.
        rows: How many use cases stand in the sheet.
        portfolio: Its number, where the sheet is one's.
    """

    changes: list[Wanted] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    rows: int = 0
    portfolio: int | None = None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all that it says, by which somebody is held to what they saw."""
        said = [[change.in_words() for change in self.changes], self.conflicts, self.problems, self.portfolio]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def review_decisions(connection: Connection, caller: Caller, path: Path, limits: Limits = OF_ONES_OWN) -> Review:
    """Reads the sheet; writes nothing.

    Args:
        limits: how large the workbook may be.

    Raises:
        ValueError: the file is no such workbook, or larger.
    """
    read = read_decisions(_table(path, limits))
    numbers = {row.portfolio for row in read.rows}
    if len(numbers) > 1:
        raise ValueError(f"{path.name}: its rows are of several exports; send each back in its own file")
    review = Review(problems=read.problems, rows=len(read.rows), portfolio=next(iter(numbers), None))
    notes = _notes(connection, caller, review, changed=any("note" in row.changed for row in read.rows))
    now = use_cases.use_cases(connection, [row.candidate_id for row in read.rows])
    moved = same_use_cases(connection, [row.candidate_id for row in read.rows if not row.superseded])
    now |= use_cases.use_cases(connection, moved.values())
    for row in read.rows:
        if row.changed:
            _compare(row, now.get(moved.get(row.candidate_id, row.candidate_id)), notes, caller, review)
    return review


def _table(path: Path, limits: Limits) -> list[list[object]]:
    table = read_exported_sheet(path, SHEET, limits)
    if table is None:
        raise ValueError(f"{path.name} has no sheet {SHEET!r}: give a workbook that was exported, with its sheets as they are called there")
    return table


def _notes(connection: Connection, caller: Caller, review: Review, *, changed: bool) -> dict[int, EntryPlace]:
    """The portfolio's entries, by use case; none where the sheet is not one's, or it is not there any more."""
    if review.portfolio is None:
        return {}
    portfolio = portfolios.portfolio(connection, review.portfolio)
    if portfolio is None or not may(caller, portfolio, Intent.see):
        if changed:
            review.problems.append(
                f"there is no portfolio {review.portfolio} any more, or you may not see it, so that its notes cannot be taken"
            )
        return {}
    if changed and not may(caller, portfolio, Intent.change):
        review.problems.append(f"you may not change the portfolio {portfolio.name}, so that its notes cannot be taken")
    return {entry.use_case_id: entry for entry in entries.entry_places(connection, review.portfolio)}


def _compare(row: ReadRow, now: UseCaseRow | None, notes: Mapping[int, EntryPlace], caller: Caller, review: Review) -> None:
    where = f"row {row.number}"
    if now is None or now.framework_key != row.framework or now.uid != row.uid or not caller.may(Role.reader, row.framework):
        review.problems.append(
            f"{where}: there is no use case {row.uid} in {row.framework}, or you may not see it; the sheet may be another project's"
        )
        return
    if not caller.may(Role.editor, row.framework):
        review.problems.append(f"{where}: you may not decide on use cases of {row.framework}; that takes the role editor")
        return
    if not now.is_current and not row.superseded:
        review.conflicts.append(
            f"{row.uid} ({where}) was made anew or rewritten since the export, and what you decided on is superseded: export again and look at it"
        )
        return
    entry = notes.get(now.id or 0)
    decision = now.decision
    stands = in_cells(
        Decided(decision.status, decision.reason, decision.owner, decision.review_on, decision.tags, entry.note if entry else "")
    )
    fields = {name: (stands[name], text) for name, text in row.changed.items() if text != stands[name]}
    if "note" in fields and entry is None and review.portfolio is not None:
        review.conflicts.append(f"{row.uid} ({where}) was taken out of the portfolio since the export, so that its note has no place")
        return
    theirs = tuple(name for name in fields if digest(stands[name]) != row.as_exported[name])
    review.conflicts += [
        f"{row.addresses[name]}: {now.changed_by or 'somebody'} has changed the {LABELS[name]} of {row.uid} since the export: it is {stands[name] or 'blank'} now, and you wrote {fields[name][1] or 'nothing'}"
        for name in theirs
    ]
    if fields and not (said := _wrong(row)):
        review.changes.append(Wanted(row.number, now, fields, theirs, entry))
    elif fields:
        review.problems.append(said)


def _wrong(row: ReadRow) -> str:
    """Gives what of a row cannot be kept; empty: all of it can."""
    status, reason = row.written.get("status"), row.written.get("reason", "")
    if status is None:  # what stands there is no status, which is said already
        return ""
    try:
        check_reason(status_from(status), reason)
        for name in ("note", "owner"):
            check_length(f"the {LABELS[name]}", row.written.get(name, ""))
    except ValueError as error:
        return f"{row.addresses.get('reason', row.addresses['status'])}: {row.uid}: {error}"
    return ""
