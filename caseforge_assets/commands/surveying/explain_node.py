"""plan --why: why a node would be asked for again, in words, with what differs between the request that was answered and the one now."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import unified_diff
from typing import Any

from caseforge_assets.commands.providing.check_models import is_too_long
from caseforge_assets.commands.requests.build_contexts import context_of, kpi_lines
from caseforge_assets.commands.requests.compare_choices import changed_choices
from caseforge_assets.commands.requests.remember_definitions import language_change
from caseforge_assets.commands.requests.shorten_request import shortened_bodies
from caseforge_assets.commands.surveying.say_missing_sources import say_missing_sources
from caseforge_assets.commands.surveying.survey import survey
from caseforge_assets.costs.estimates import request_tokens
from caseforge_assets.reports.coverage import MEANINGS, NodeState
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.canonical import canonical_json
from caseforge_assets.stages.model_rules import CHAT_COMPLETIONS
from caseforge_assets.stages.stage import Source, Stage, request_body
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.curating.choices import choices
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes
from caseforge_assets.store.requests import requests
from caseforge_assets.store.requests.requests import AnsweredRequest

SETTINGS = ("model", "temperature", "reasoning_effort", "verbosity", "endpoint")
USUAL = {"endpoint": CHAT_COMPLETIONS}


@dataclass(frozen=True)
class Explanation:
    """A node's state in a stage, and what differs from what its content was made from.

    Attributes:
        differences: One text for each input that differs, such as "the model: gpt-5 → gpt-5-mini".
        diff: What differs in the texts that the model is told, as a unified diff; empty where nothing does.
        since: When the newest of the inputs that differ came to be; None where it is the code or the configuration.
        lacks: Of a node without a source, what it lacks and what to do.
    """

    stage: str
    state: NodeState
    differences: tuple[str, ...] = ()
    diff: str = ""
    since: datetime | None = None
    lacks: str = ""

    @property
    def meaning(self) -> str:
        """Gives what the state means, in words."""
        return self.lacks or MEANINGS[self.state]


def explain_node(connection: Connection, project: Project, key: str, node_id: int, simulated: bool) -> list[Explanation]:
    """Explains a target node in every stage.

    Args:
        simulated: the kind of provider: what is simulated counts as there only for a simulated one.
    """
    return [_explain(connection, project, key, node_id, project.stages.in_framework(stage, key), simulated) for stage in project.stages]


def _explain(connection: Connection, project: Project, key: str, node_id: int, stage: Stage, simulated: bool) -> Explanation:
    ((_, state),) = survey(connection, project, key, stage, simulated, [node_id])
    if state is NodeState.NO_SOURCE:
        lacks = say_missing_sources(connection, project.stages, key, stage, [node_id])
        return Explanation(stage.key, state, lacks=lacks.get(node_id, ""))
    if state not in (NodeState.STALE, NodeState.WAITING, NodeState.FAILED, NodeState.UNCHOSEN):
        return Explanation(stage.key, state)
    answered = requests.answered_request(connection, node_id, stage.key)
    if answered is None:
        return Explanation(stage.key, state)
    other = changed_choices(connection, project.stages, key, stage, [node_id]).get(node_id)
    if state is NodeState.UNCHOSEN:
        return Explanation(stage.key, state, (other.text,) if other else (), since=other.since if other else None)
    body, since = _body_now(connection, project, key, node_id, stage)
    if body is None:
        return Explanation(stage.key, state, (f"there is no {stage.reads} to read now",))
    if answered.shortened:
        body = _shortened_now(connection, project, key, node_id, stage, answered, body)
    old = json.loads(answered.body)
    spoken = _language(connection, key, stage, answered.stage_version)
    differences = [*spoken, *_settings(old, body), *_texts(old, body, stage, bool(spoken)), *_source(answered, connection, node_id, stage)]
    if other is not None:
        differences.append(other.text)
        since = max(filter(None, (since, other.since)), default=None)
    changed = _message(old, "user") != _message(body, "user")
    return Explanation(stage.key, state, tuple(differences), _diff(old, body), since if changed else None)


def _body_now(
    connection: Connection, project: Project, key: str, node_id: int, stage: Stage
) -> tuple[dict[str, Any] | None, datetime | None]:
    """The request as it would be made now, and since when its texts are as they are."""
    (target,) = nodes.target_nodes(connection, key, [node_id])
    source = contents.current_contents(connection, stage.reads, [node_id]).get(node_id) if stage.reads else None
    choice = choices(connection, key, stage.chosen_from, [node_id]).get(node_id) if stage.chosen_from else None
    if (stage.reads and source is None) or (stage.chosen_from and choice is None):
        return None, None
    context = context_of(connection, key, target)
    made = Source(target.name, context, kpi_lines(target), source.body if source else None, choice.items if choice else ())
    loaded_at = nodes.version_since(connection, key, node_id)
    since = max(loaded_at, source.stored_at) if source else loaded_at
    return request_body(stage, project.stage_settings[stage.key], made), since


def _shortened_now(
    connection: Connection,
    project: Project,
    key: str,
    node_id: int,
    stage: Stage,
    answered: AnsweredRequest,
    body: dict[str, Any],
) -> dict[str, Any]:
    """The request as it would be sent now: from half again, where the whole is still too long."""
    if not is_too_long(project, stage, body["model"], input_tokens=request_tokens(body), budget=body["max_completion_tokens"]):
        return body
    source = contents.current_contents(connection, stage.reads, [node_id]).get(node_id) if stage.reads else None
    whole = requests.as_new(connection, [answered.id])[answered.id]
    choice = choices(connection, key, stage.chosen_from, [node_id]).get(node_id) if stage.chosen_from else None
    whole = replace(whole, node_id=node_id, body=canonical_json(body), source_content_id=source.id if source else None)
    whole = replace(whole, choice=choice.record if choice else None)
    return shortened_bodies(connection, project.stages, key, stage, [whole])[node_id]


def _settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    pairs = [(name, *(body.get(name, USUAL.get(name, "not set")) for body in (old, new))) for name in SETTINGS]
    return [f"{name}: {before} → {now}" for name, before, now in pairs if before != now]


def _language(connection: Connection, key: str, stage: Stage, version: str) -> list[str]:
    """Says that the language has changed, and nothing else of the instructions: as far as it is known what they were."""
    change = language_change(connection, key, stage, version)
    return [f"the language: {' → '.join(change)}"] if change else []


def _texts(old: Mapping[str, Any], new: Mapping[str, Any], stage: Stage, has_reason: bool) -> list[str]:
    """Gives what differs in the texts; of the instructions nothing where the reason was named."""
    found = []
    if _message(old, "system") != _message(new, "system") and not has_reason:
        found.append("the stage's instructions (its template)")
    if old.get("response_format") != new.get("response_format"):
        found.append("the form that is asked for (its schema)")
    if _message(old, "user") != _message(new, "user"):
        found.append(f"what the model is told of {' and its '.join(['the node', *stage.sources])}")
    return found


def _source(answered: AnsweredRequest, connection: Connection, node_id: int, stage: Stage) -> list[str]:
    source = contents.current_contents(connection, stage.reads, [node_id]).get(node_id) if stage.reads else None
    if source is None or source.id == answered.source_content_id:
        return []
    return [f"{stage.reads} that it was made from: content {answered.source_content_id} → {source.id}"]


def _message(body: Mapping[str, Any], role: str) -> str:
    return "\n".join(message["content"] for message in body["messages"] if message["role"] == role)


def _diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    lines: list[str] = []
    for role in ("system", "user"):
        before, after = _message(old, role).splitlines(), _message(new, role).splitlines()
        lines += unified_diff(before, after, f"{role}, as answered", f"{role}, now", lineterm="", n=1)
    return "\n".join(lines)
