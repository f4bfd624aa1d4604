"""The assets of the flow, as Dagster's assets are named, and what each one reads."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages

FRAMEWORK = "framework"
PCF_NODES = "pcf_nodes"
NODE_CONTEXTS = "node_contexts"


@dataclass(frozen=True)
class Asset:
    """One asset: its name, the assets it reads, and the stage it belongs to (None for nodes and contexts)."""

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


def question_of(stage_version: str, context_version: str, source_version: str | None) -> str:
    """Hash what is asked of the model, with whatever budget: SHA-256 over the versions of the stage, the context and the content that is read."""
    return hashlib.sha256("\n".join((stage_version, context_version, source_version or "")).encode()).hexdigest()


def source_version(content_version: str | None, choice_version: str | None) -> str | None:
    """Give the version of what is read: of a content, of what people chose, or of both; the store's queries join them alike."""
    return " ".join(version for version in (content_version, choice_version) if version) or None


def identity_key(stage_version: str, identity: str, name: str, description: str, source_version: str | None) -> str:
    """Hash what makes two nodes' questions the same for reuse: SHA-256 over the stage's version, the node's own text and the content that is read.

    Ancestors and KPIs are left out. The parts hold no control characters: frameworks that have them are refused.

    Args:
        identity: the node's stable id, or its normalized name path.
        name: normalized, like the description.
    """
    return hashlib.sha256("\x1f".join((stage_version, identity, name, description, source_version or "")).encode()).hexdigest()


def input_version(fingerprint: str, generation: int) -> str:
    """Data version of a request: the same question asked again is a new version."""
    return hashlib.sha256(f"{fingerprint}\n{generation}".encode()).hexdigest()
