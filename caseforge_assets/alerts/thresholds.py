"""The table `[alerts]` of caseforge.toml: which rules are on, and from where on they speak."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

from caseforge_assets.alerts.rules import Rule


class Thresholds(BaseModel):
    """Shares are between 0 and 1, `_h` are hours. From twice a threshold on, a warning is critical; a budget is when it is used up."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    off: tuple[Rule, ...] = Field(default=(), description="rules that are switched off")
    failed_share: Decimal = Field(default=Decimal("0.10"), ge=0, lt=1)
    token_limit_share: Decimal = Field(default=Decimal("0.05"), ge=0, lt=1)
    share_min_count: int = Field(default=3, ge=1, description="fewer that failed or were cut off are too few to speak of a share")
    plan_open_h: float = Field(default=36.0, gt=0)
    draft_open_h: float = Field(default=24.0, gt=0)
    cost_over: Decimal = Field(default=Decimal("0.20"), ge=0)
    cost_min_answers: int = Field(default=10, ge=1, description="fewer answers say nothing about cost")
    budget_share: Decimal = Field(default=Decimal("0.80"), gt=0, le=1)
    silence_h: float = Field(default=26.0, gt=0)
    escalate_after_h: float = Field(default=12.0, gt=0)
