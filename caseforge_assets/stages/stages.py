"""The stages of a project, made once and handed on: which there are, in which order, as which framework asks for them, and the assets that data passes on its way through them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from caseforge_assets.stages.stage import Stage, StageUnknown

FRAMEWORK = "framework"
PCF_NODES = "pcf_nodes"
NODE_CONTEXTS = "node_contexts"


@dataclass(frozen=True)
class Stages:
    """The stages in the order in which their content is made. Iterating gives them as they are asked for where a framework says nothing else.

    Attributes:
        shared: These.
        of_frameworks: By key, those of frameworks with a language or templates of their own.
        off: Those that there are, and that the project does not have: it has not switched them on, or has switched them off.
    """

    shared: tuple[Stage, ...] = ()
    of_frameworks: Mapping[str, tuple[Stage, ...]] = field(default_factory=dict)
    off: tuple[Stage, ...] = ()

    def __iter__(self) -> Iterator[Stage]:
        return iter(self.shared)

    def __len__(self) -> int:
        return len(self.shared)

    def __getitem__(self, key: str) -> Stage:
        """Give a stage by its key, such as `process_details`.

        Raises:
            StageUnknown: There is no such stage; the message names those that there are.
        """
        for stage in self.shared:
            if stage.key == key:
                return stage
        raise StageUnknown(self.why_unknown(key))

    def why_unknown(self, key: str) -> str:
        """Say why there is no stage of a name, and what to do."""
        if any(stage.key == key for stage in self.off):
            return f"The stage {key} is switched off. Write enabled = true under [stages.{key}] in caseforge.toml to have it"
        known = ", ".join(stage.key for stage in self.shared)
        return f"There is no stage {key}; there are {known}. Those of your own are found where own_stages in caseforge.toml says"

    def of_choices(self) -> Stage | None:
        """Give the first stage that is made from what people choose; None where the project has none."""
        return next((stage for stage in self.shared if stage.chosen_from), None)

    def of_choices_off(self) -> Stage | None:
        """Give the first such stage that there is, and that the project has not switched on."""
        return next((stage for stage in self.off if stage.chosen_from), None)

    def in_framework(self, stage: Stage, key: str) -> Stage:
        """Give a stage as a framework asks for it: in its language and with its templates. What is none of it is the same for all.

        Args:
            stage: The stage, of any framework.
            key: The framework's.
        """
        return next((own for own in self.of_frameworks.get(key, ()) if own.key == stage.key), stage)

    def differs_somewhere(self, stage_key: str) -> bool:
        """Tell whether some framework asks for a stage in a language or with templates of its own."""
        return any(stage.key == stage_key for own in self.of_frameworks.values() for stage in own)

    def that_read(self, stage: Stage) -> tuple[Stage, ...]:
        """Give the stages whose inputs are made from this one's content as a whole, not from what people choose of it."""
        return tuple(reader for reader in self.shared if reader.reads == stage.key)


@dataclass(frozen=True)
class Asset:
    """One asset, as Dagster's assets are named: its name, the assets it reads, and the stage it belongs to (None for nodes and contexts)."""

    name: str
    reads: tuple[str, ...]
    stage: Stage | None


def all_assets(stages: Stages) -> tuple[Asset, ...]:
    """Every asset, in the order in which data passes."""
    assets = [Asset(PCF_NODES, (FRAMEWORK,), None), Asset(NODE_CONTEXTS, (PCF_NODES,), None)]
    content_of = {stage.key: stage.content for stage in stages}
    for stage in stages:
        source = (content_of[stage.reads],) if stage.reads else ()
        assets.append(Asset(stage.inputs, (NODE_CONTEXTS, *source), stage))
        assets.append(Asset(stage.outputs, (stage.inputs,), stage))
        assets.append(Asset(stage.content, (stage.outputs,), stage))
    return tuple(assets)
