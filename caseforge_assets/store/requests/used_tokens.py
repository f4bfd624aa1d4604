"""Tokens that answers used, with what was known of their requests: the history that budgets are fitted to."""

from __future__ import annotations

from sqlalchemy import Connection, text

from caseforge_assets.costs.budget_fit import RequestSize, UsedTokens
from caseforge_assets.stages.judgement import CUT_OFF
from caseforge_assets.store.schema.constants import listed

NEWEST = 5_000

_USED = text(f"""
select r.input_tokens, nv.level, jsonb_array_length(nv.kpis) as kpis, a.output_tokens, a.outcome in {listed(CUT_OFF)} as cut
from caseforge.attempt a
join caseforge.provider p on p.id = a.provider_id and not p.simulated
join caseforge.request r on r.id = a.request_id and r.stage = :stage and r.model = :model
join caseforge.node_version nv on nv.node_id = r.node_id and nv.framework_version_id = r.framework_version_id
where a.output_tokens > 0 order by a.id desc limit :newest
""")


def used_tokens(connection: Connection, stage: str, model: str) -> list[UsedTokens]:
    """The newest answers of a stage and model from providers that bill, truncated ones included."""
    rows = connection.execute(_USED, {"stage": stage, "model": model, "newest": NEWEST})
    return [UsedTokens(RequestSize(row.input_tokens, row.level, row.kpis), row.output_tokens, row.cut) for row in rows]
