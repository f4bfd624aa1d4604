"""Holds what would be sent against what its model accepts: asked of the configuration, and of requests before they become a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from caseforge_assets.settings import Configuration, ConfigurationError
from caseforge_assets.settings.configuration import StageOverrides
from caseforge_assets.settings.project import Project
from caseforge_assets.settings.stage_settings import setting_key, stage_settings
from caseforge_assets.stages.model_rules import Asked, Ending, broken_rules, ending_of, room_beside
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.requests import pending
from caseforge_assets.store.requests.pending import PendingRequest
from caseforge_assets.store.submitting import providers


@dataclass(frozen=True)
class RuleFault:
    """A setting that a stage's model refuses: the key to change, and what to write instead."""

    key: str
    says: str

    @property
    def text(self) -> str:
        """One line for people."""
        return f"{self.key}: {self.says}"


def rule_faults(configuration: Configuration, stage: Stage, provider_ends: Mapping[str, date]) -> list[RuleFault]:
    """Gives what a stage's model is known to refuse of its settings, or that it has ended; empty where nothing is known or to be checked.

    Args:
        provider_ends: days of models' ends, as far as the provider gives them.
    """
    if not configuration.check_model_rules:
        return []
    settings = stage_settings(configuration, stage)
    ending, key = stage_ending(configuration, stage, provider_ends), setting_key(configuration, stage, "model")
    ended = [RuleFault(key, f"{ending.text}. Nothing is sent to it: {ending.advice(key)}")] if ending and ending.refused else []
    asked = Asked(
        settings.model,
        settings.temperature,
        settings.reasoning_effort,
        settings.verbosity,
        settings.max_completion_tokens or stage.default_max_completion_tokens,
        schema=stage.answers_in_json,
        input_tokens=stage.typical_input_tokens,
        endpoint=settings.endpoint,
        dimensions=settings.dimensions,
    )
    return [
        *ended,
        *_misplaced(configuration, stage),
        *(RuleFault(setting_key(configuration, stage, broken.setting), broken.says) for broken in broken_rules(asked)),
    ]


def _misplaced(configuration: Configuration, stage: Stage) -> list[RuleFault]:
    """Settings that mean nothing for a stage, because it makes vectors, or because it makes none."""
    own = configuration.stages.get(stage.key, StageOverrides())
    if not stage.makes_vectors:
        return [RuleFault(f"stages.{stage.key}.dimensions", "the stage makes no vectors; leave it out")] if own.dimensions else []
    names = [name for name in ("endpoint", "max_completion_tokens", "temperature", "verbosity") if getattr(own, name) is not None]
    return [RuleFault(f"stages.{stage.key}.{name}", "means nothing where vectors are asked for; leave it out") for name in names]


def stage_ending(configuration: Configuration, stage: Stage, provider_ends: Mapping[str, date]) -> Ending | None:
    """The end of a stage's model, where it is near or past."""
    return ending_of(stage_settings(configuration, stage).model, datetime.now(UTC), provider_ends, configuration.provider_kind.window)


def endings_said(configuration: Configuration, stages: Sequence[Stage], provider_ends: Mapping[str, date]) -> list[str]:
    """Says which of the stages' models end soon, with the line to change, for people."""
    found = ((stage_ending(configuration, stage, provider_ends), setting_key(configuration, stage, "model")) for stage in stages)
    return list(dict.fromkeys(f"{ending.text}: {ending.advice(key)}" for ending, key in found if ending is not None))


def refuse_broken_rules(configuration: Configuration, stages: Sequence[Stage], provider_ends: Mapping[str, date]) -> None:
    """Refuses to plan what a model would refuse, or what would be sent to one that has ended.

    Raises:
        ConfigurationError: with the key, the model and what to write instead, a line each.
    """
    faults = dict.fromkeys(fault.text for stage in stages for fault in rule_faults(configuration, stage, provider_ends))
    if faults:
        raise ConfigurationError("\n".join(faults))


def is_too_long(project: Project, stage: Stage, model: str, *, input_tokens: int, budget: int) -> bool:
    """Tells whether a request has no room in its model's window where one of usual length has: its length is at fault, not its settings."""
    room = room_beside(model, budget) if project.configuration.check_model_rules else None
    return room is not None and stage.typical_input_tokens <= room < input_tokens


def unfit_requests(connection: Connection, project: Project, rows: Sequence[PendingRequest]) -> dict[int, str]:
    """The requests whose settings their model would refuse, by id, with the reason. They may be older than the configuration.

    One that is only too long is not among them: it can be shortened.
    """
    if not rows or not project.configuration.check_model_rules:
        return {}
    styles, ends, now = pending.styles(connection, [row.id for row in rows]), providers.model_ends(connection), datetime.now(UTC)
    found = {}
    for row in rows:
        if (ending := ending_of(row.model, now, ends, project.configuration.provider_kind.window)) is not None and ending.refused:
            found[row.id] = ending.text
            continue
        stage = project.stages[row.stage]
        schema = stage.answers_in_json
        budget, tokens = row.max_completion_tokens, row.input_tokens
        if is_too_long(project, stage, row.model, input_tokens=tokens, budget=budget):
            tokens = stage.typical_input_tokens
        temperature, effort, verbosity, endpoint = styles[row.id]
        if broken := broken_rules(Asked(row.model, temperature, effort, verbosity, budget, schema, tokens, endpoint)):
            found[row.id] = f"{broken[0].setting}: {broken[0].says}"
    return found
