"""Decides on use cases: status, owner, review date, tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from caseforge_assets.curation.statuses import CHOSEN, UseCaseStatus, check_reason, tags_from
from caseforge_assets.events.kinds import EventKind
from caseforge_assets.store.access import audit
from caseforge_assets.store.curating import use_cases
from caseforge_assets.store.curating.use_cases import Decision, UseCaseRow, subject_of
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.requests import parking
from caseforge_assets.store.serving.events import tell

LONGEST_OWNER = 200


class DecidedMeanwhile(ValueError):
    """Somebody has decided on the use case since it was read; `now` is how it stands."""

    def __init__(self, now: UseCaseRow) -> None:
        """Takes how it stands now."""
        what = (
            f"was changed by {now.changed_by} meanwhile: it is {now.decision.status.words} now"
            if now.changed_by
            else "was edited meanwhile"
        )
        super().__init__(f"{now.uid} {what}. Look at it again; nothing was changed")
        self.now = now


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a decision; None leaves a field as it is. `clear_review`: no review date any more."""

    status: UseCaseStatus | None = None
    reason: str | None = None
    owner: str | None = None
    review_on: date | None = None
    clear_review: bool = False
    tags: tuple[str, ...] | None = None

    def of(self, before: Decision) -> Decision:
        """The decision with this change. A reason belongs to its status: with another status and no new reason there is none.

        Raises:
            ValueError: a rejection says no reason, or a text is too long.
        """
        status = self.status or before.status
        kept = before.reason if status is before.status else ""
        reason = (kept if self.reason is None else self.reason).strip()
        check_reason(status, reason)
        owner = before.owner if self.owner is None else " ".join(self.owner.split())
        if len(owner) > LONGEST_OWNER:
            raise ValueError(f"the owner has {len(owner)} characters; at most {LONGEST_OWNER} are kept")
        review = None if self.clear_review else self.review_on or before.review_on
        tags = before.tags if self.tags is None else tuple(tags_from(self.tags))
        return Decision(status, reason, owner, review, tags)


def decide_use_cases(
    connection: Connection, changes: Mapping[int, Change], *, by: str, revisions: Mapping[int, int] | None = None
) -> list[UseCaseRow]:
    """Decides on use cases, in the caller's transaction: on all, or on none. Where one stands so already, nothing is written.

    What was to be made from a choice of which nothing is left, and was not sent yet, waits from then on until a person asks again.

    Args:
        changes: by the candidate's id.
        by: who decides.
        revisions: by the candidate's id, the revision that the change was made from, where that counts.

    Returns:
        How each stands now, in the order of `changes`.

    Raises:
        LookupError: there is no such candidate.
        DecidedMeanwhile: one is another revision now, or a person has edited it, so that what is decided belongs to what was made of it.
        ValueError: one cannot be decided so.
    """
    use_cases.lock_use_cases(connection, changes)
    before = use_cases.use_cases(connection, changes)
    after = {
        candidate_id: _decided(connection, before.get(candidate_id), candidate_id, change, revisions or {})
        for candidate_id, change in changes.items()
    }
    for candidate_id, decision in after.items():
        row = before[candidate_id]
        if decision != row.decision or row.id is None:
            _report(connection, use_cases.decide(connection, candidate_id, decision, by), row, decision, by)
    if put_aside := {
        before[candidate_id].node_id for candidate_id, decision in after.items() if _is_put_aside(before[candidate_id].decision, decision)
    }:
        parking.park_unchosen(connection, put_aside)
    now = use_cases.use_cases(connection, changes)
    return [now[candidate_id] for candidate_id in changes]


def _is_put_aside(before: Decision, after: Decision) -> bool:
    return before.status in CHOSEN and after.status not in CHOSEN


def _decided(connection: Connection, row: UseCaseRow | None, candidate_id: int, change: Change, revisions: Mapping[int, int]) -> Decision:
    if row is None:
        raise LookupError(f"there is no use case {candidate_id}")
    is_edited = row.id is None and not row.is_current and use_cases.edited_into(connection, candidate_id) is not None
    if is_edited or revisions.get(candidate_id, row.revision) != row.revision:
        raise DecidedMeanwhile(row)
    return change.of(row.decision)


def _report(connection: Connection, use_case_id: int, row: UseCaseRow, after: Decision, by: str) -> None:
    changed = _changes_between(row.decision, after)
    if not changed:
        return
    about: dict[str, Any] = {"uid": row.uid, "title": row.title, "candidate": row.candidate_id, "changed": changed}
    audit.note(connection, by, EventKind.use_case_decided, subject_of(use_case_id), row.framework_key, about)
    tell(connection, EventKind.use_case_decided, subject_of(use_case_id), row.framework_key, about | {"by": by, "status": after.status})


def _changes_between(before: Decision, after: Decision) -> dict[str, list[Any]]:
    """By field, what it was and what it is, as JSON can hold it."""
    return {
        name: [_plain(getattr(before, name)), _plain(getattr(after, name))]
        for name in Decision.__dataclass_fields__
        if getattr(before, name) != getattr(after, name)
    }


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else list(value) if isinstance(value, tuple) else value
