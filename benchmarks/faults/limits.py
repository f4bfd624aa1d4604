"""A small account: the whole framework gets through a limit of enqueued tokens that is far below what it needs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from benchmarks.faults.rows import Case, Row, each, judged
from benchmarks.faults.world import KEY, World

NODES, FEW_NODES = 1_545, 60
LIMIT_TOKENS, LOW_LIMIT_TOKENS = 400_000, 30_000
PATIENCE_S = 400.0


def generate_on_a_small_account(world: World, nodes: int, limit_tokens: int) -> Row:
    """Generates both stages at a server that refuses batches which would put more than so many input tokens under way."""
    began = time.monotonic()
    fault = f"token_limit_exceeded:limit={limit_tokens}"
    with world.project(f"loaded_{nodes}") as project, project.served([fault]):
        ended = project.wait(project.start("generate", "--framework", KEY, "--yes", "--wait"), PATIENCE_S)
        batches = project.stats()["batches_created"]
        group, fault, case = _name(nodes, limit_tokens)
        return judged((group, fault, f"{case} in {batches} batches"), project, [ended], began)


def run_limits(world: World, nodes: int = NODES, limit_tokens: int = LIMIT_TOKENS) -> Iterator[Row]:
    """One row: that many nodes under that limit."""
    yield from each([Case(_name(nodes, limit_tokens), partial(generate_on_a_small_account, world, nodes, limit_tokens))])


def _name(nodes: int, limit_tokens: int) -> tuple[str, str, str]:
    return "limit", f"{limit_tokens:,} enqueued tokens", f"{nodes:,} nodes"
