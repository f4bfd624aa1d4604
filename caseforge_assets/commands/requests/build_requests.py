"""Requests: every node asked for has a current one that fits its context, its source and the stage as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from caseforge_assets.batches.states import SENT
from caseforge_assets.commands.requests.build_contexts import kpi_lines
from caseforge_assets.commands.requests.compose_requests import Composed, Draft, compose_as_it_comes, compose_requests
from caseforge_assets.commands.requests.write_input_events import ShownRequest, write_input_events
from caseforge_assets.costs.budget_fit import BudgetFit, fit_budgets
from caseforge_assets.second_process.work_ahead import work_ahead
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.canonical import identity_key, question_of, source_version
from caseforge_assets.stages.discovery import comes_with_caseforge
from caseforge_assets.stages.stage import Source, Stage, StageSettings, stage_version
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.collecting.contents import CurrentContent
from caseforge_assets.store.curating.choices import Choice, choices
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import contexts, frameworks, nodes, pairs
from caseforge_assets.store.editions.contexts import CurrentContext
from caseforge_assets.store.editions.nodes import NodeRow
from caseforge_assets.store.editions.pairs import Likeness
from caseforge_assets.store.requests import requests, used_tokens
from caseforge_assets.store.requests.requests import CurrentRequest, NewRequest
from caseforge_assets.store.requests.styles import fresh_versions

NODES_AT_ONCE = 200  # all that the requests of a large framework are made from would not fit the memory


@dataclass(frozen=True)
class BuiltRequests:
    """Ids of the nodes' requests as they are now, and the nodes whose request is new. A node without a context, or without what the stage reads, has none."""

    request_ids: dict[int, int] = field(default_factory=dict)
    made: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Terms:
    """Terms on which requests are made.

    Attributes:
        plan_id: The plan that they come under.
        ask_again: Make the next generation even where the current request fits: a person wants another answer.
        own_answers: The new requests are not to be answered with what was made for the same node elsewhere.
        reopen: Make fitting requests pending that were answered or cancelled: their answers do not count here.
        confirm: Write an event also for requests that fit already, and take them from other plans. What only follows from an answer does not: a
            person was told with which approved plan they are sent.
        max_completion_tokens: A budget that replaces the stage's.
    """

    plan_id: int | None = None
    ask_again: bool = False
    own_answers: bool = False
    reopen: bool = False
    confirm: bool = True
    max_completion_tokens: int | None = None


WITHOUT_PLAN = Terms()


@dataclass(frozen=True)
class _Asked:
    """The arguments of `build_requests`, the connection, and the generations given so far."""

    connection: Connection
    stages: Stages
    key: str
    stage: Stage
    settings: StageSettings
    terms: Terms
    generations: dict[str, int] = field(default_factory=dict)  # by fingerprint: nodes that ask the same get one answer

    @cached_property
    def fresh_versions(self) -> frozenset[str]:
        return fresh_versions(self.connection, self.stage, self.settings)


@dataclass(frozen=True)
class _Material:
    """All that the requests of some nodes are made from."""

    edition_id: int
    version: str
    asked: _Asked
    targets: Sequence[NodeRow]
    contexts: dict[int, CurrentContext]
    sources: dict[int, CurrentContent]
    choices: dict[int, Choice]
    current: dict[int, CurrentRequest]
    likenesses: dict[int, Likeness]

    def question(self, node_id: int) -> str:
        return self._question(node_id, self.version)

    def _question(self, node_id: int, version: str) -> str:
        return question_of(version, self.contexts[node_id].version, self.source_version(node_id))

    def source_version(self, node_id: int) -> str | None:
        source, choice = self.sources.get(node_id), self.choices.get(node_id)
        return source_version(source.version if source else None, choice.version if choice else None)

    def _has_sources(self, node_id: int) -> bool:
        stage = self.asked.stage
        return (not stage.reads or node_id in self.sources) and (not stage.chosen_from or node_id in self.choices)

    @cached_property
    def able(self) -> list[NodeRow]:
        return [row for row in self.targets if row.node_id in self.contexts and self._has_sources(row.node_id)]

    @cached_property
    def fitting(self) -> list[NodeRow]:
        return [] if self.asked.terms.ask_again else [row for row in self.able if self._fits(row.node_id)]

    @cached_property
    def new(self) -> list[NodeRow]:
        fitting = {row.node_id for row in self.fitting}
        return [row for row in self.able if row.node_id not in fitting]

    def drafts(self) -> list[Draft]:
        return [Draft(self._source(row), row.level, len(row.kpis)) for row in self.new]

    def _fits(self, node_id: int) -> bool:
        current = self.current.get(node_id)
        if current is None or current.not_sent:
            return False
        if current.question == self.question(node_id):
            return True
        kept = current.state in SENT and not self.asked.terms.reopen  # what is to be sent goes to the model that is chosen now
        return kept and any(current.question == self._question(node_id, version) for version in self.asked.fresh_versions)

    def _source(self, row: NodeRow) -> Source:
        source, choice = self.sources.get(row.node_id), self.choices.get(row.node_id)
        body = source.body if source else None
        return Source(row.name, self.contexts[row.node_id].text, kpi_lines(row), body, choice.items if choice else ())


def build_requests(
    connection: Connection, project: Project, key: str, stage: Stage, node_ids: Sequence[int], terms: Terms = WITHOUT_PLAN
) -> BuiltRequests:
    """Makes the requests of target nodes in a stage and writes an event for each node that has one.

    A request that was not sent yet and does not fit any more is replaced, and so is one that failed without being sent; one that
    fits is confirmed and, with a plan, put under it.
    """
    requests.lock_making(connection)
    settings, stage = project.stage_settings[stage.key], project.stages.in_framework(stage, key)
    if terms.max_completion_tokens:
        settings = replace(settings, max_completion_tokens=terms.max_completion_tokens, budget_quantile=None)
    asked = _Asked(connection, project.stages, key, stage, settings, terms)
    fit = _fit(connection, stage, settings)
    chunks = [node_ids[start : start + NODES_AT_ONCE] for start in range(0, len(node_ids), NODES_AT_ONCE)]
    pieces = ((material, material.drafts()) for material in (_gather(asked, chunk) for chunk in chunks))
    if len(chunks) > 2 and comes_with_caseforge(stage):  # one's own, or in another language, is only in this process
        composed = work_ahead(partial(compose_as_it_comes, stage.key, settings, fit), pieces)
    else:
        composed = ((material, compose_requests(stage, settings, fit, drafts)) for material, drafts in pieces)
    built = [_save(asked, material, bodies) for material, bodies in composed]
    return BuiltRequests(
        {node_id: request_id for part in built for node_id, request_id in part.request_ids.items()},
        frozenset[int]().union(*(part.made for part in built)),
    )


def _save(asked: _Asked, material: _Material, composed: Sequence[Composed]) -> BuiltRequests:
    connection, terms = asked.connection, asked.terms
    new = [_new_request(asked, material, row, texts) for row, texts in zip(material.new, composed, strict=True)]
    if terms.ask_again:
        new = _next_generations(asked, new)
    made = requests.save_requests(connection, new)
    kept = {row.node_id: material.current[row.node_id].id for row in material.fitting}
    if terms.reopen:
        requests.reopen(connection, list(kept.values()))
    if terms.plan_id is not None:
        take = requests.set_plan if terms.confirm else requests.leave_to_plans
        take(connection, list(kept.values()), terms.plan_id)
    current = [material.current[node_id] for node_id in kept]
    shown = {row.node_id: ShownRequest(made[row.node_id], material.version, row.fingerprint, row.generation) for row in new}
    shown |= {row.node_id: ShownRequest(row.id, row.stage_version, row.fingerprint, row.generation) for row in current}
    targets = [row for row in material.able if terms.confirm or row.node_id in made]
    write_input_events(connection, asked.stages, asked.key, asked.stage, targets, shown)
    return BuiltRequests(kept | made, frozenset(made))


def _gather(asked: _Asked, node_ids: Sequence[int]) -> _Material:
    connection, key, stage = asked.connection, asked.key, asked.stage
    edition = frameworks.current_edition(connection, key)
    if edition is None:
        raise LookupError(f"framework {key!r} has not been loaded. Load it with: caseforge load FILE --framework {key}")
    targets = nodes.target_nodes(connection, key, node_ids)
    ids = [row.node_id for row in targets]
    return _Material(
        edition.id,
        stage_version(stage, asked.settings),
        asked,
        targets,
        contexts.current_contexts(connection, ids),
        contents.current_contents(connection, stage.reads, ids) if stage.reads else {},
        choices(connection, key, stage.chosen_from, ids) if stage.chosen_from else {},
        requests.current_requests(connection, stage.key, ids),
        pairs.likenesses(connection),
    )


def _fit(connection: Connection, stage: Stage, settings: StageSettings) -> BudgetFit | None:
    if settings.budget_quantile is None or stage.makes_vectors:
        return None
    return fit_budgets(used_tokens.used_tokens(connection, stage.key, settings.model), settings.budget_quantile)


def _new_request(asked: _Asked, material: _Material, row: NodeRow, composed: Composed) -> NewRequest:
    source = material.sources.get(row.node_id)
    meant, choice = material.likenesses.get(row.node_id, row), material.choices.get(row.node_id)
    return NewRequest(
        framework_key=asked.key,
        node_id=row.node_id,
        framework_version_id=material.edition_id,
        stage=asked.stage.key,
        question=material.question(row.node_id),
        fingerprint=composed.fingerprint,
        generation=0,
        body=composed.body,
        model=asked.settings.model,
        temperature=asked.settings.temperature,
        stage_version=material.version,
        context_id=material.contexts[row.node_id].id,
        source_content_id=source.id if source else None,
        plan_id=asked.terms.plan_id,
        retry_of=None,
        attempts_counted=0,
        input_tokens=composed.input_tokens,
        max_completion_tokens=composed.max_completion_tokens,
        size_bytes=composed.size_bytes,
        identity_key=identity_key(material.version, meant.identity, meant.name, meant.description, material.source_version(row.node_id)),
        own_answer=asked.terms.ask_again or asked.terms.own_answers,
        shortened=False,
        choice=choice.record if choice else None,
    )


def _next_generations(asked: _Asked, rows: list[NewRequest]) -> list[NewRequest]:
    first_seen = [row.fingerprint for row in rows if row.fingerprint not in asked.generations]
    highest = requests.highest_generations(asked.connection, first_seen)
    asked.generations.update({fingerprint: highest.get(fingerprint, -1) + 1 for fingerprint in first_seen})
    return [replace(row, generation=asked.generations[row.fingerprint]) for row in rows]
