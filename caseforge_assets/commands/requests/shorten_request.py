"""A request that is too long for its model is asked again with half of what it was made from."""

from __future__ import annotations

import json
from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Any

from caseforge_assets.batches.request_forms import written_size
from caseforge_assets.commands.requests.build_contexts import as_node, kpi_lines
from caseforge_assets.contexts import build_context, first_sentences
from caseforge_assets.costs.estimates import request_tokens
from caseforge_assets.frameworks import node_path
from caseforge_assets.stages.canonical import canonical_json, text_fingerprint
from caseforge_assets.stages.judgement import Item
from caseforge_assets.stages.stage import Source, Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.curating.choices import items_of
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import nodes
from caseforge_assets.store.requests import requests as stored_requests
from caseforge_assets.store.requests.requests import NewRequest


def shortened_note(stage: Stage) -> str:
    """Gives what is said of attempts and contents whose request was shortened."""
    parts = " and of ".join(["the context", *([f"the content of {stage.reads}"] if stage.reads else []), *_chosen_words(stage)])
    return f"The request was made from half of {parts}, because the whole was too long for the model."


def _chosen_words(stage: Stage) -> list[str]:
    return [f"what was chosen of {stage.chosen_from}"] if stage.chosen_from else []


def shortened_bodies(
    connection: Connection, stages: Stages, key: str, stage: Stage, requests: Sequence[NewRequest]
) -> dict[int, dict[str, Any]]:
    """By node id, the bodies of these requests with half of the context, half of the content that the stage reads and half of each chosen item.

    Whole sentences go: of the farthest ancestors first, and from the end of the content and of each text of an item. The node's own name stays,
    and so do the items' titles.
    """
    rows = {row.node_id: row for row in nodes.all_nodes(connection, key)} if requests else {}
    by_code = {row.code: as_node(row) for row in rows.values()}
    sources = contents.stored_contents(connection, [request.source_content_id for request in requests if request.source_content_id])
    items = items_of(connection, [candidate_id for request in requests for candidate_id in _chosen_ids(request)])
    bodies = {}
    for request in requests:
        node = by_code[rows[request.node_id].code]
        path = node_path(node, by_code)
        context = build_context(node, path, max_chars=len(build_context(node, path)) // 2)
        text = sources[request.source_content_id].body if request.source_content_id else None
        upstream = first_sentences(text, len(text) // 2) if text is not None else None
        chosen = tuple(_halved(items[candidate_id]) for candidate_id in _chosen_ids(request) if candidate_id in items)
        source = Source(node.name, context, kpi_lines(rows[request.node_id]), upstream, chosen)
        bodies[request.node_id] = json.loads(request.body) | {"messages": stages.in_framework(stage, key).messages(source)}
    return bodies


def _chosen_ids(request: NewRequest) -> Sequence[int]:
    return request.choice["ids"] if request.choice else ()


def _halved(item: Item) -> Item:
    return replace(
        item, fields={name: first_sentences(said, len(said) // 2) if isinstance(said, str) else said for name, said in item.fields.items()}
    )


def shortened_requests(
    connection: Connection, stages: Stages, key: str, stage: Stage, requests: Sequence[NewRequest]
) -> dict[int, NewRequest]:
    """By node id, these requests with half of what they were made from, asked for no other reason than they were.

    The shorter body is the one that a refusal would lead to, so that an answer to it is found again. Where another answer was asked for,
    it is another one to the shorter question, too.
    """
    bodies = shortened_bodies(connection, stages, key, stage, requests)
    rows = [replace(_with_body(request, bodies[request.node_id]), shortened=True) for request in requests]
    return {row.node_id: row for row in _with_generations(connection, rows, {row.node_id for row in rows if row.generation})}


def with_budget(connection: Connection, requests: Sequence[NewRequest], max_completion_tokens: int) -> list[NewRequest]:
    """These requests with another budget, asked for no other reason than they were."""
    bodies = [json.loads(request.body) | {"max_completion_tokens": max_completion_tokens} for request in requests]
    rows = [replace(_with_body(*pair), max_completion_tokens=max_completion_tokens) for pair in zip(requests, bodies, strict=True)]
    return _with_generations(connection, rows, {row.node_id for row in rows if row.generation or row.own_answer})


def _with_generations(connection: Connection, rows: Sequence[NewRequest], another: Set[int]) -> list[NewRequest]:
    """The rows; those of nodes that want another answer as another one to the question that they ask now."""
    highest = stored_requests.highest_generations(connection, [row.fingerprint for row in rows if row.node_id in another])
    generations = {row.node_id: max(row.generation, highest.get(row.fingerprint, -1) + 1) for row in rows if row.node_id in another}
    return [replace(row, generation=generations.get(row.node_id, 0)) for row in rows]


def _with_body(request: NewRequest, body: dict[str, Any]) -> NewRequest:
    text = canonical_json(body)
    size = written_size(body, text)
    return replace(request, body=text, fingerprint=text_fingerprint(text), input_tokens=request_tokens(body), size_bytes=size)
