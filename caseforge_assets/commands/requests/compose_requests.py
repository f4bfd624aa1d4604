"""Requests composed from what was gathered for their nodes: their bodies, counted and hashed. Needs nothing but its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caseforge_assets.batches.request_forms import written_size
from caseforge_assets.costs.budget_fit import BudgetFit, RequestSize
from caseforge_assets.costs.estimates import request_tokens
from caseforge_assets.settings.stage_settings import largest_budget
from caseforge_assets.stages.canonical import canonical_json, text_fingerprint
from caseforge_assets.stages.discovery import all_as_they_come
from caseforge_assets.stages.stage import Source, Stage, StageSettings, request_body

LEAST_FITTED_TOKENS = 1_024  # below, thinking alone may use up a budget


@dataclass(frozen=True)
class Draft:
    """The parts of a request that is to be composed; level and number of KPIs are the node's."""

    source: Source
    level: int
    kpis: int


@dataclass(frozen=True)
class Composed:
    """A request as canonical JSON, and what is counted of it."""

    body: str
    fingerprint: str
    size_bytes: int
    input_tokens: int
    max_completion_tokens: int


def compose_requests(asking: Stage, settings: StageSettings, fit: BudgetFit | None, drafts: Sequence[Draft]) -> list[Composed]:
    """Composes requests of a stage, as its framework asks for it, in the order of their drafts; with a fit, each has a budget of its own."""
    return [_compose(asking, settings, fit, draft) for draft in drafts]


def compose_as_it_comes(stage_key: str, settings: StageSettings, fit: BudgetFit | None, drafts: Sequence[Draft]) -> list[Composed]:
    """The same for a stage as it comes with CaseForge: all that is needed can be sent to another process."""
    return compose_requests(all_as_they_come()[stage_key], settings, fit, drafts)


def _compose(asking: Stage, settings: StageSettings, fit: BudgetFit | None, draft: Draft) -> Composed:
    body = request_body(asking, settings, draft.source)
    input_tokens = request_tokens(body)
    if fit is not None:
        size = RequestSize(input_tokens, draft.level, draft.kpis)
        body["max_completion_tokens"] = fit.budget(size, LEAST_FITTED_TOKENS, largest_budget(asking, settings.model))
    text = canonical_json(body)
    return Composed(text, text_fingerprint(text), written_size(body, text), input_tokens, body["max_completion_tokens"])
