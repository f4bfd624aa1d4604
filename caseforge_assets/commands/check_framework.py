"""Checking a framework: every verdict on its stations, from the store."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from caseforge_assets.commands.check_models import stage_ending
from caseforge_assets.commands.read_quality import check_quality
from caseforge_assets.commands.stage_settings import setting_key, stage_settings
from caseforge_assets.commands.station_statuses import StationStatus
from caseforge_assets.reports.checks import NOTHING_STALE, Check, check_cost, check_failures, check_model, check_nodes
from caseforge_assets.reports.freshness import Condition
from caseforge_assets.settings import Configuration
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.stages.stage import all_stages
from caseforge_assets.stages.stations import all_stations
from caseforge_assets.store import providers, readers
from caseforge_assets.store.engine import Connection


def check_framework(connection: Connection, configuration: Configuration, key: str, statuses: Sequence[StationStatus]) -> list[Check]:
    """All verdicts, station by station.

    Failures that only say that an answer is awaited count neither as failed nor as answered.

    Args:
        statuses: where every node stands, as `station_statuses` gives it.
    """
    by_station: dict[str, list[StationStatus]] = {station.name: [] for station in all_stations()}
    for status in statuses:
        by_station[status.station].append(status)
    costs = {row.stage: row for row in readers.answered_costs(connection, key)}  # simulated ones where nothing was billed
    checks = [_nothing_stale(name, of_station) for name, of_station in by_station.items()]
    ends = providers.model_ends(connection)
    for stage in all_stages():
        model, key_of_model = stage_settings(configuration, stage).model, setting_key(configuration, stage, "model")
        checks.append(check_model(stage.inputs, model, stage_ending(configuration, stage, ends), key_of_model))
        answered = by_station[stage.content]
        bad = [_named(one) for one in answered if one.condition is Condition.FAILED and _is_outcome(one)]
        unanswered = [_named(one) for one in by_station[stage.outputs] if one.condition is Condition.FAILED and _is_outcome(one)]
        checks.append(check_nodes(stage.content, stage.validity, "have an answer that is not complete and valid", len(answered), bad))
        failed = dict(bad) | dict(unanswered)  # a node that was not answered now may have had a bad answer, or a good one, before
        done = [_named(one)[0] for one in answered if one.condition in (Condition.FRESH, Condition.STALE)]
        checks.append(check_failures(stage.content, len(set(done) - set(failed)), list(failed.items())))
        checks.append(_cost_within_plan(stage.outputs, costs.get(stage.key)))
    return [*checks, *check_quality(connection, configuration, key)]


def _nothing_stale(station: str, statuses: list[StationStatus]) -> Check:
    stale = [(str(one.node.partition_key), "; ".join(reason.text for reason in one.not_current)) for one in statuses if one.not_current]
    return check_nodes(station, NOTHING_STALE, "are stale", len(statuses), stale)


def _cost_within_plan(station: str, row: Any) -> Check:
    """Sums are NULL where nothing came back, or nothing of known cost."""
    if row is None:
        return check_cost(station, Decimal(0), Decimal(0), 0)
    return check_cost(station, row.cost_usd or Decimal(0), row.expected_usd or Decimal(0), row.unknown, simulated=row.simulated)


def _is_outcome(status: StationStatus) -> bool:
    """Whether it failed in an attempt; what waits or lacks something has no outcome."""
    return status.reason.partition(":")[0] in set(Outcome)


def _named(status: StationStatus) -> tuple[str, str]:
    return str(status.node.partition_key), status.reason
