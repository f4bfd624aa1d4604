"""Decisions on use cases, by the candidate that they were made on; a candidate without a row is an idea on which nothing was decided."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from caseforge_assets.curation.statuses import UseCaseStatus


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision on a use case; by its defaults, the standing before anybody has decided anything."""

    status: UseCaseStatus = UseCaseStatus.idea
    reason: str = ""
    owner: str = ""
    review_on: date | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UseCaseRow:
    """A candidate with its decision; `id` and `changed_at` are None, and `revision` 0, where nothing was decided yet.

    `is_current`: False where the node's candidates were made anew since, or the node is gone.
    """

    id: int | None
    candidate_id: int
    framework_key: str
    uid: str
    title: str
    node_id: int
    stage: str
    is_current: bool
    decision: Decision
    revision: int
    changed_by: str
    changed_at: datetime | None


def subject_of(use_case_id: int) -> str:
    """Gives what the audit log and events call a use case: by its own number, which stays the same when a person edits its candidate."""
    return f"use case {use_case_id}"


COLUMNS = """u.id, k.id as candidate_id, k.framework_key, k.candidate_uid, k.title, k.node_id, c.stage, k.is_current, coalesce(u.status, 'idea') as status,
       coalesce(u.reason, '') as reason, coalesce(u.owner, '') as owner, u.review_on, coalesce(u.tags, '{}') as tags, coalesce(u.revision, 0) as revision,
       coalesce(u.changed_by, '') as changed_by, u.changed_at"""
_ROW = f"""
select {COLUMNS}
from caseforge.candidate k join caseforge.content c on c.id = k.content_id left join caseforge.use_case u on u.candidate_id = k.id
"""
_BY_ID = text(f"{_ROW} where k.id = any(:ids)")
_BY_UID = text(f"{_ROW} where k.framework_key = :key and k.candidate_uid = any(:uids) and k.is_current")
_OF_NODES = text(f"{_ROW} where k.node_id = any(:ids) and u.status = any(:statuses) order by k.node_id, k.position, k.id")


def use_cases(connection: Connection, candidate_ids: Collection[int]) -> dict[int, UseCaseRow]:
    """Use cases by their candidates' ids; those that there are not are left out."""
    rows = connection.execute(_BY_ID, {"ids": list(candidate_ids)})
    return {row.candidate_id: use_case_of(row) for row in rows}


def use_cases_called(connection: Connection, key: str, uids: Collection[str]) -> dict[str, UseCaseRow]:
    """Current use cases of a framework by uid; those that there are not are left out."""
    rows = connection.execute(_BY_UID, {"key": key, "uids": list(uids)})
    return {row.candidate_uid: use_case_of(row) for row in rows}


def use_cases_of_nodes(connection: Connection, node_ids: Collection[int], statuses: Collection[UseCaseStatus]) -> list[UseCaseRow]:
    """Use cases of nodes that stand so, superseded ones, too; in the order of nodes and of answers."""
    rows = connection.execute(_OF_NODES, {"ids": list(node_ids), "statuses": list(statuses)})
    return [use_case_of(row) for row in rows]


def use_case_of(row: Row[Any]) -> UseCaseRow:
    """The use case of a row that has COLUMNS, among others."""
    of = row._mapping
    decision = Decision(UseCaseStatus(of["status"]), of["reason"], of["owner"], of["review_on"], tuple(of["tags"]))
    return UseCaseRow(
        id=of["id"],
        candidate_id=of["candidate_id"],
        framework_key=of["framework_key"],
        uid=of["candidate_uid"],
        title=of["title"],
        node_id=of["node_id"],
        stage=of["stage"],
        is_current=of["is_current"],
        decision=decision,
        revision=of["revision"],
        changed_by=of["changed_by"],
        changed_at=of["changed_at"],
    )


def lock_use_cases(connection: Connection, candidate_ids: Collection[int]) -> None:
    """Holds their candidates until the transaction ends, so that of two who decide at once the second sees what the first has decided."""
    query = text("select id from caseforge.candidate where id = any(:ids) order by id for update")
    connection.execute(query, {"ids": list(candidate_ids)})


_DECIDE = text("""
insert into caseforge.use_case (framework_key, candidate_id, status, reason, owner, review_on, tags, changed_by)
select k.framework_key, k.id, :status, :reason, :owner, :review_on, :tags, :changed_by from caseforge.candidate k where k.id = :candidate_id
on conflict (candidate_id) do update set status = excluded.status, reason = excluded.reason, owner = excluded.owner, review_on = excluded.review_on,
    tags = excluded.tags, changed_by = excluded.changed_by, changed_at = clock_timestamp(), revision = use_case.revision + 1
returning id
""")


def decide(connection: Connection, candidate_id: int, decision: Decision, changed_by: str) -> int:
    """Writes a decision, the first one or the next, and returns the use case's id."""
    values = asdict(decision) | {"tags": list(decision.tags), "candidate_id": candidate_id, "changed_by": changed_by}
    return int(connection.execute(_DECIDE, values).scalar_one())


_GO_ON = text("""
update caseforge.use_case u set candidate_id = new.id
from caseforge.candidate old join caseforge.candidate new on new.position = old.position and new.content_id = :new
where old.content_id = :old and u.candidate_id = old.id
""")


def go_on_with(connection: Connection, content_id: int, edited_id: int) -> None:
    """Binds the decisions on a content's candidates to those of the content that a person made of it, each to the one at the same place."""
    connection.execute(_GO_ON, {"old": content_id, "new": edited_id})


_EDITED_INTO = text("""
with recursive made as (
    select c.id, c.node_id, c.stage, k.position from caseforge.candidate k join caseforge.content c on c.id = k.content_id where k.id = :id
    union all
    select e.id, e.node_id, e.stage, made.position from made join caseforge.content e
      on e.node_id = made.node_id and e.stage = made.stage and e.id > made.id and e.notes @> jsonb_build_array('edited from content ' || made.id)
)
select k.id from made join caseforge.candidate k on k.content_id = made.id and k.position = made.position where k.id <> :id order by made.id desc limit 1
""")


def edited_into(connection: Connection, candidate_id: int) -> int | None:
    """The candidate that a person made of this one, and of that one, and so on; with it go the decisions. None: nobody has edited it."""
    found: int | None = connection.scalar(_EDITED_INTO, {"id": candidate_id})
    return found
