"""Details of a plan beyond its own columns: who had it made, and what it would send in each stage, as it was reckoned when it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, text, update

from caseforge_assets.store.schema.plan_tables import BY_WHOM, plan


@dataclass(frozen=True, slots=True)
class StageEstimate:
    """The estimate of a plan's stage when it was made; costs in USD as text, at prices of a provider that bills (None: unknown).

    `now` requests were ready, `later` follow from answers, `retries` of them are failed nodes that are sent again; `reused` were answered from the store, and `shortened` made from half
    of what belongs in them. Left out: `too_long` nodes by code, with why; `not_retried` failed nodes by reason; `written_kept` nodes of which a person wrote what is there;
    `kept_of_others` fresh contents of other models, by model. `states` counts the nodes as they stood before.
    """

    model: str
    now: int
    later: int
    retries: int
    reused: int
    shortened: int
    input_tokens: int
    output_tokens: int
    expected_cost_usd: str | None
    at_most_usd: str | None
    states: dict[str, int] = field(default_factory=dict)
    too_long: dict[str, str] = field(default_factory=dict)
    not_retried: dict[str, int] = field(default_factory=dict)
    written_kept: int = 0
    kept_of_others: dict[str, int] = field(default_factory=dict)

    @property
    def expected_cost(self) -> Decimal | None:
        """Gives what it was expected to cost; None: unknown."""
        return None if self.expected_cost_usd is None else Decimal(self.expected_cost_usd)

    @property
    def at_most(self) -> Decimal | None:
        """Gives what it would cost if every answer used its whole budget; None: unknown."""
        return None if self.at_most_usd is None else Decimal(self.at_most_usd)

    @property
    def leaves_out(self) -> bool:
        """Tells whether something is left that was meant."""
        return bool(self.too_long or self.not_retried or self.written_kept or self.kept_of_others)


NOTHING: Mapping[str, StageEstimate | int] = MappingProxyType({})
_FIELDS = {field.name for field in fields(StageEstimate)}


def set_estimate(
    connection: Connection,
    plan_id: int,
    node_count: int,
    expected_cost_usd: Decimal | None,
    said: Mapping[str, StageEstimate | int] = NOTHING,
) -> None:
    """Records what a draft would send and cost; a cost of None is unknown.

    Args:
        said: by stage, the same of it; and what else is to be known of the plan, by a name that no stage has.
    """
    details = {name: asdict(value) if isinstance(value, StageEstimate) else value for name, value in said.items()}
    values = {"node_count": node_count, "expected_cost_usd": expected_cost_usd, "details": plan.c.details.concat(details)}
    connection.execute(update(plan).where(plan.c.id == plan_id).values(values))


def estimates(connection: Connection, plan_id: int) -> dict[str, StageEstimate]:
    """By stage, what a plan would have sent when it was made; nothing of plans that older versions made, or that have no stages of their own."""
    details: dict[str, Any] = connection.scalar(text("select details from caseforge.plan where id = :id"), {"id": plan_id}) or {}
    return {stage: StageEstimate(**said) for stage, said in details.items() if isinstance(said, dict) and said.keys() == _FIELDS}


def note_maker(connection: Connection, plan_id: int, by: str | None) -> None:
    """Notes who had a plan made, where that is known and not noted yet."""
    query = text("""
    update caseforge.plan set details = details || jsonb_build_object(cast(:name as text), cast(:by as text))
    where id = :id and not details ? :name
    """)
    if by is not None:
        connection.execute(query, {"id": plan_id, "name": BY_WHOM, "by": by})
