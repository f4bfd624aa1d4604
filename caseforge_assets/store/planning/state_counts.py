"""Counts and finds the target nodes of a framework by their states in a stage, in the database.

Says in SQL what `reports.coverage.classify` says of one row of a stage that is made from no choice of people's; a test holds both against each other. Read there and not here, tens of thousands of nodes take a second.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from caseforge_assets.batches.states import RequestState
from caseforge_assets.reports.coverage import NodeState


@dataclass(frozen=True)
class Judged:
    """The rules by which nodes are judged in a stage.

    Attributes:
        reads: the stage that it is made from; None: none.
        version: the stage's version now, which requests are made with.
        fresh: the versions whose content counts as fresh, that one among them.
        simulated: whether simulated content counts.
    """

    stage: str
    reads: str | None
    version: str
    fresh: Collection[str]
    simulated: bool

    @property
    def values(self) -> dict[str, Any]:
        """Parameters of the queries."""
        return {
            "stage": self.stage,
            "reads": self.reads,
            "has_source": self.reads is not None,
            "version": self.version,
            "fresh": list(self.fresh),
            "simulated": self.simulated,
        }


_ASKED = "encode(sha256(convert_to({version} || e'\\n' || s.context_version || e'\\n' || coalesce(s.source_version, ''), 'UTF8')), 'hex')"
_FRESH = f"exists (select 1 from unnest(cast(:fresh as text[])) as v(version) where {_ASKED.format(version='v.version')} = s.{{question}})"
_SOURCE_COUNTS = "(s.source_version is not null and (:simulated or not s.source_simulated))"
_CONTENT_COUNTS = "(s.content_simulated is not null and (:simulated or not s.content_simulated))"
_CONTEXT_IS_FRESH = "(s.context_version is not null and s.context_node_version is not distinct from s.node_version)"
# Of a row s with the facts that `classify` is given.
STATE = f"""
case when s.content_edited is true
       or ({_CONTENT_COUNTS} and {_CONTEXT_IS_FRESH} and s.content_question is not null and {_FRESH.format(question="content_question")})
     then '{NodeState.DONE}'
     when {_CONTENT_COUNTS} and s.content_question is null and not (:has_source and {_SOURCE_COUNTS}) then '{NodeState.DONE}'
     when {_CONTEXT_IS_FRESH} and s.request_state in ('{RequestState.pending}', '{RequestState.in_batch}', '{RequestState.failed}', '{RequestState.parked}')
       and s.request_question is not null
       and (s.request_question = {_ASKED.format(version="cast(:version as text)")}
            or (s.request_state = '{RequestState.in_batch}' and {_FRESH.format(question="request_question")}))
     then case s.request_state when '{RequestState.failed}' then '{NodeState.FAILED}' when '{RequestState.parked}' then '{NodeState.CANCELLED}'
          else '{NodeState.WAITING}' end
     when :has_source and not {_SOURCE_COUNTS} then '{NodeState.NO_SOURCE}'
     when {_CONTENT_COUNTS} then '{NodeState.STALE}'
     else '{NodeState.MISSING}' end
"""
_NODES = f"""
select s.node_id, {STATE} as state from (
    select nv.node_id, nv.version as node_version, x.node_version as context_node_version, x.version as context_version,
           r_from.version as source_version, r_from.simulated as source_simulated, c.question as content_question, c.simulated as content_simulated,
           c.edited_after is not null as content_edited, r.state as request_state, r.question as request_question
    from caseforge.target_node nv
    left join caseforge.context x on x.node_id = nv.node_id and x.is_current
    left join caseforge.content r_from on r_from.node_id = nv.node_id and r_from.stage = :reads and r_from.is_current
    left join caseforge.content c on c.node_id = nv.node_id and c.stage = :stage and c.is_current
    left join caseforge.request r on r.node_id = nv.node_id and r.stage = :stage and r.is_current
    where nv.framework_key = :key) s
"""


def count_by_state(connection: Connection, key: str, judged: Judged) -> dict[str, int]:
    """Counts how many target nodes of a framework are in each state; states without nodes are left out."""
    query = text(f"select state, count(*) from ({_NODES}) nodes group by 1")
    counts: dict[str, int] = {row[0]: row[1] for row in connection.execute(query, judged.values | {"key": key})}
    return {str(state): counts[state] for state in NodeState if state in counts}


def ids_in_state(connection: Connection, key: str, judged: Judged, state: NodeState) -> list[int]:
    """The target nodes of a framework that are in a state."""
    query = text(f"select node_id from ({_NODES}) nodes where state = :state")
    return list(connection.scalars(query, judged.values | {"key": key, "state": state}))


def ids_by_state(connection: Connection, key: str, judged: Judged) -> dict[NodeState, list[int]]:
    """By state, the target nodes of a framework; states without nodes are left out."""
    query = text(f"select state, array_agg(node_id) from ({_NODES}) nodes group by 1")
    return {NodeState(row[0]): row[1] for row in connection.execute(query, judged.values | {"key": key})}
