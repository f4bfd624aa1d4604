"""Requests: every node asked for has a current one that fits its context, its source and the stage as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from caseforge_assets.commands.build_contexts import kpi_lines
from caseforge_assets.commands.input_events import write_input_events
from caseforge_assets.commands.stage_settings import largest_budget
from caseforge_assets.costs.budget_fit import BudgetFit, RequestSize, fit_budgets
from caseforge_assets.costs.estimates import request_tokens
from caseforge_assets.stages.stage import Source, Stage, StageSettings, canonical_json, request_body, stage_version, text_fingerprint
from caseforge_assets.stages.stations import identity_key, question_of
from caseforge_assets.store import contents, contexts, frameworks, nodes, pairs, requests, usages
from caseforge_assets.store.contents import CurrentContent
from caseforge_assets.store.contexts import CurrentContext
from caseforge_assets.store.engine import Connection
from caseforge_assets.store.nodes import NodeRow
from caseforge_assets.store.pairs import Likeness
from caseforge_assets.store.requests import CurrentRequest, NewRequest

NODES_AT_ONCE = 1_000  # all that the requests of a large framework are made from would not fit the memory
LEAST_FITTED_TOKENS = 1_024  # below, thinking alone may use up a budget


@dataclass(frozen=True)
class BuiltRequests:
    """What came of it, as node ids: new requests, requests that fit already, and nodes that could not get one."""

    made: tuple[int, ...] = ()
    confirmed: tuple[int, ...] = ()
    without_context: tuple[int, ...] = ()
    without_source: tuple[int, ...] = ()
    request_ids: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Asked:
    """What `build_requests` was asked for."""

    key: str
    stage: Stage
    settings: StageSettings
    plan_id: int | None
    ask_again: bool
    own_answers: bool
    reopen: bool
    confirm: bool
    generations: dict[str, int] = field(default_factory=dict)  # by fingerprint: nodes that ask the same get one answer


@dataclass(frozen=True)
class _Material:
    """All that the requests of some nodes are made from."""

    edition_id: int
    version: str
    contexts: dict[int, CurrentContext]
    sources: dict[int, CurrentContent]
    current: dict[int, CurrentRequest]
    fit: BudgetFit | None
    likenesses: dict[int, Likeness]

    def question(self, node_id: int) -> str:
        source = self.sources.get(node_id)
        return question_of(self.version, self.contexts[node_id].version, source.version if source else None)


def build_requests(
    connection: Connection,
    key: str,
    stage: Stage,
    settings: StageSettings,
    node_ids: Sequence[int],
    *,
    plan_id: int | None = None,
    ask_again: bool = False,
    own_answers: bool = False,
    reopen: bool = False,
    confirm: bool = True,
) -> BuiltRequests:
    """Makes the requests of target nodes in a stage and writes an event for each node that has one.

    A request that was not sent yet and does not fit any more is replaced, and so is one that failed without being sent; one that
    fits is confirmed and, with a plan, put under it.

    Args:
        ask_again: make the next generation even where the current request fits: a person wants another answer.
        own_answers: the new requests are not to be answered with what was made for the same node elsewhere.
        reopen: make fitting requests pending that were answered or cancelled: their answers do not count here.
        confirm: write an event also for requests that fit already.
    """
    requests.lock_making(connection)
    asked = _Asked(key, stage, settings, plan_id, ask_again, own_answers, reopen, confirm)
    return _together(
        [_build_some(connection, asked, node_ids[start : start + NODES_AT_ONCE]) for start in range(0, len(node_ids), NODES_AT_ONCE)]
    )


def _build_some(connection: Connection, asked: _Asked, node_ids: Sequence[int]) -> BuiltRequests:
    targets = nodes.target_nodes(connection, asked.key, node_ids)
    material = _gather(connection, asked, [row.node_id for row in targets])
    with_context = [row for row in targets if row.node_id in material.contexts]
    able = [row for row in with_context if not asked.stage.reads or row.node_id in material.sources]
    fitting = {row.node_id for row in able if not asked.ask_again and _fits(material, row.node_id)}
    new = [_new_request(asked, material, row) for row in able if row.node_id not in fitting]
    if asked.ask_again:
        new = _next_generations(connection, asked, new)
    made = requests.save_requests(connection, new)
    kept = {node_id: material.current[node_id].id for node_id in fitting}
    if asked.reopen:
        requests.reopen(connection, list(kept.values()))
    if asked.plan_id is not None:
        requests.set_plan(connection, list(kept.values()), asked.plan_id)
    request_ids = kept | made
    prints = {row.node_id: (row.fingerprint, row.generation) for row in new}
    prints |= {node_id: (material.current[node_id].fingerprint, material.current[node_id].generation) for node_id in fitting}
    shown = [row for row in able if asked.confirm or row.node_id in made]
    write_input_events(connection, asked.key, asked.stage, material.version, shown, request_ids, prints)
    return BuiltRequests(
        made=tuple(made),
        confirmed=tuple(fitting),
        without_context=tuple(row.node_id for row in targets if row.node_id not in material.contexts),
        without_source=tuple(row.node_id for row in with_context if asked.stage.reads and row.node_id not in material.sources),
        request_ids=request_ids,
    )


def _together(parts: Sequence[BuiltRequests]) -> BuiltRequests:
    return BuiltRequests(
        made=tuple(node_id for part in parts for node_id in part.made),
        confirmed=tuple(node_id for part in parts for node_id in part.confirmed),
        without_context=tuple(node_id for part in parts for node_id in part.without_context),
        without_source=tuple(node_id for part in parts for node_id in part.without_source),
        request_ids={node_id: request_id for part in parts for node_id, request_id in part.request_ids.items()},
    )


def _gather(connection: Connection, asked: _Asked, ids: list[int]) -> _Material:
    key, stage, settings = asked.key, asked.stage, asked.settings
    edition = frameworks.current_edition(connection, key)
    if edition is None:
        raise LookupError(f"framework {key!r} has not been loaded. Load it with: caseforge load FILE --framework {key}")
    return _Material(
        edition.id,
        stage_version(stage, settings),
        contexts.current_contexts(connection, ids),
        contents.current_contents(connection, stage.reads, ids) if stage.reads else {},
        requests.current_requests(connection, stage.key, ids),
        _fit(connection, stage, settings),
        pairs.likenesses(connection),
    )


def _fit(connection: Connection, stage: Stage, settings: StageSettings) -> BudgetFit | None:
    if settings.budget_quantile is None:
        return None
    return fit_budgets(usages.used_tokens(connection, stage.key, settings.model), settings.budget_quantile)


def _fits(material: _Material, node_id: int) -> bool:
    current = material.current.get(node_id)
    return current is not None and not current.not_sent and current.question == material.question(node_id)


def _new_request(asked: _Asked, material: _Material, row: NodeRow) -> NewRequest:
    context, source = material.contexts[row.node_id], material.sources.get(row.node_id)
    meant = material.likenesses.get(row.node_id, row)
    body = request_body(asked.stage, asked.settings, Source(row.name, context.text, kpi_lines(row), source.body if source else None))
    input_tokens = request_tokens(body)
    if material.fit is not None:
        size = RequestSize(input_tokens, row.level, len(row.kpis))
        body["max_completion_tokens"] = material.fit.budget(size, LEAST_FITTED_TOKENS, largest_budget(asked.stage, asked.settings.model))
    text = canonical_json(body)
    return NewRequest(
        framework_key=asked.key,
        node_id=row.node_id,
        framework_version_id=material.edition_id,
        stage=asked.stage.key,
        question=material.question(row.node_id),
        fingerprint=text_fingerprint(text),
        generation=0,
        body=text,
        model=asked.settings.model,
        temperature=asked.settings.temperature,
        stage_version=material.version,
        context_id=context.id,
        source_content_id=source.id if source else None,
        plan_id=asked.plan_id,
        retry_of=None,
        attempts_counted=0,
        input_tokens=input_tokens,
        max_completion_tokens=body["max_completion_tokens"],
        size_bytes=len(text.encode()),
        identity_key=identity_key(material.version, meant.identity, meant.name, meant.description, source.version if source else None),
        own_answer=asked.ask_again or asked.own_answers,
        shortened=False,
    )


def _next_generations(connection: Connection, asked: _Asked, rows: list[NewRequest]) -> list[NewRequest]:
    first_seen = [row.fingerprint for row in rows if row.fingerprint not in asked.generations]
    highest = requests.highest_generations(connection, first_seen)
    asked.generations.update({fingerprint: highest.get(fingerprint, -1) + 1 for fingerprint in first_seen})
    return [replace(row, generation=asked.generations[row.fingerprint]) for row in rows]
