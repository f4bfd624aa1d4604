"""Whether what would be sent is what its model accepts: asked of the configuration, and of requests before they become a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caseforge_assets.commands.stage_settings import setting_key, stage_settings
from caseforge_assets.settings import Configuration, ConfigurationError
from caseforge_assets.stages.model_rules import Asked, broken_rules, room_beside
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stage import stage as stage_of
from caseforge_assets.store import pending
from caseforge_assets.store.engine import Connection
from caseforge_assets.store.pending import PendingRequest


@dataclass(frozen=True)
class RuleFault:
    """A setting that a stage's model refuses: the key to change, and what to write instead."""

    key: str
    says: str

    @property
    def text(self) -> str:
        """One line for people."""
        return f"{self.key}: {self.says}"


def rule_faults(configuration: Configuration, stage: Stage) -> list[RuleFault]:
    """What a stage's model is known to refuse of its settings; empty where the model's rules are not known or not to be checked."""
    if not configuration.check_model_rules:
        return []
    settings = stage_settings(configuration, stage)
    asked = Asked(
        settings.model,
        settings.temperature,
        settings.reasoning_effort,
        settings.verbosity,
        settings.max_completion_tokens or stage.default_max_completion_tokens,
        schema=stage.response_format is not None,
        input_tokens=stage.typical_input_tokens,
    )
    return [RuleFault(setting_key(configuration, stage, broken.setting), broken.says) for broken in broken_rules(asked)]


def refuse_broken_rules(configuration: Configuration, stages: Sequence[Stage]) -> None:
    """Refuses to plan what a model would refuse.

    Raises:
        ConfigurationError: with the key, the model and what to write instead, a line each.
    """
    faults = dict.fromkeys(fault.text for stage in stages for fault in rule_faults(configuration, stage))
    if faults:
        raise ConfigurationError("\n".join(faults))


def is_too_long(configuration: Configuration, stage: Stage, model: str, *, input_tokens: int, budget: int) -> bool:
    """Whether a request has no room in its model's window where one of usual length has: its length is at fault, not its settings."""
    room = room_beside(model, budget) if configuration.check_model_rules else None
    return room is not None and stage.typical_input_tokens <= room < input_tokens


def unfit_requests(connection: Connection, configuration: Configuration, rows: Sequence[PendingRequest]) -> dict[int, str]:
    """The requests whose settings their model would refuse, by id, with the reason. They may be older than the configuration.

    One that is only too long is not among them: it can be shortened.
    """
    if not rows or not configuration.check_model_rules:
        return {}
    styles = pending.styles(connection, [row.id for row in rows])
    found = {}
    for row in rows:
        stage = stage_of(row.stage)
        schema = stage.response_format is not None
        budget, tokens = row.max_completion_tokens, row.input_tokens
        if is_too_long(configuration, stage, row.model, input_tokens=tokens, budget=budget):
            tokens = stage.typical_input_tokens
        if broken := broken_rules(Asked(row.model, *styles[row.id], budget, schema, tokens)):
            found[row.id] = f"{broken[0].setting}: {broken[0].says}"
    return found
