"""Answers that are here and failed by their form are judged again, by the judge of today, before anybody pays for others: what is readable now becomes content."""

from __future__ import annotations

import logging
from dataclasses import replace

from caseforge_assets.commands.collecting.collect_batch import record_files
from caseforge_assets.commands.collecting.fetch_results import ROLES
from caseforge_assets.commands.collecting.reception import Reception, reception_of
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.requests.build_next_requests import carry_on
from caseforge_assets.event_log import log_event
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.stages.stage import StageUnknown
from caseforge_assets.store.collecting import attempts
from caseforge_assets.store.database.engine import try_lock
from caseforge_assets.store.submitting import batches
from caseforge_assets.store.submitting.batches import BatchRow

BY_FORM = (
    Outcome.invalid_json,
    Outcome.schema_violation,
    Outcome.too_few_candidates,
    Outcome.sections_missing,
    Outcome.truncated,
    Outcome.empty,
)
log = logging.getLogger(__name__)


def judge_again(project: OpenProject, key: str | None = None) -> int:
    """Judges again what the answers of failed nodes say; at no cost, and without the provider. Judging twice changes nothing.

    Args:
        provider: whose batches are meant.
        key: of one framework; None means all.

    Returns:
        How many answers are readable now.
    """
    with project.store.connect() as connection:
        ids = attempts.batches_of_failed(connection, project.provider.id, [outcome.value for outcome in BY_FORM], key)
    return sum(_judge_batch(project, batch_id) for batch_id in ids)


def _judge_batch(project: OpenProject, batch_id: int) -> int:
    with try_lock(project.store, f"batch {batch_id}") as held:
        with project.store.connect() as connection:
            batch, before = batches.get(connection, batch_id), attempts.outcome_counts(connection, batch_id)
        paths = [str(batch.artifacts[role]["path"]) for role in ROLES if role in batch.artifacts]
        reception = _reception(project, batch)
        if not held or reception is None:
            return 0
        record_files(project.store, reception, project.folder, paths, good_only=True)
        with project.store.connect() as connection:
            readable = _good(attempts.outcome_counts(connection, batch_id)) - _good(before)
        if readable:
            carry_on(project.store, project, batch)
            log_event(log, "batch judged again", batch=batch.name, stage=batch.stage, readable=readable)
        return readable


def _reception(project: OpenProject, batch: BatchRow) -> Reception | None:
    """As when it was collected, at the prices of that day; None for a stage that the project has no more."""
    if batch.collected_at is None:
        return None
    try:
        return replace(reception_of(project, batch), now=batch.collected_at)
    except StageUnknown:
        return None


def _good(outcomes: dict[str, int]) -> int:
    return sum(count for outcome, count in outcomes.items() if outcome != "live" and Outcome(outcome).good)
