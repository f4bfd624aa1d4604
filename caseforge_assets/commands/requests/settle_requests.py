"""Shortens once, before it is sent, what is too long for its model, as it would be after a refusal: that costs nothing and no attempt.

What is too long even so fails without being sent, and says what to do. Settings that a model refuses are left to the person who
mends them. An answer that is there already comes first: it needs no request that fits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from shlex import quote

from caseforge_assets.commands.providing.check_models import is_too_long, unfit_requests
from caseforge_assets.commands.requests.reuse_answers import ReusedAnswer, reuse_answers
from caseforge_assets.commands.requests.shorten_request import shortened_requests, with_budget
from caseforge_assets.commands.requests.write_input_events import write_events_of
from caseforge_assets.commands.telling.tell_failures import FailedNode, tell_failures
from caseforge_assets.event_log import log_event
from caseforge_assets.settings.project import Project
from caseforge_assets.settings.stage_settings import setting_key
from caseforge_assets.stages.judgement import Outcome
from caseforge_assets.stages.model_rules import room_beside
from caseforge_assets.stages.stage import Stage
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.database.engine import Connection, after_commit
from caseforge_assets.store.editions import nodes
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.mirroring.outbox import Kind, OutboxRow
from caseforge_assets.store.requests import pending, requests
from caseforge_assets.store.requests.pending import PendingRequest
from caseforge_assets.store.requests.requests import NewRequest

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TooLong:
    """A node whose request failed without being sent, and why."""

    framework_key: str
    stage: str
    node_id: int
    code: str
    why: str


@dataclass(frozen=True)
class Fitted:
    """The result for requests that are too long.

    Attributes:
        shortened: Ids of the requests that took the place of longer ones.
        too_long: Those that failed without being sent.
    """

    shortened: tuple[int, ...] = ()
    too_long: tuple[TooLong, ...] = ()

    @property
    def changed(self) -> bool:
        """Tells whether there were any."""
        return bool(self.shortened or self.too_long)


@dataclass(frozen=True)
class Settled:
    """Pending requests when all was done that costs nothing.

    Attributes:
        rows: Those that are left to be sent.
        reused: Those that were answered from the store.
        fitted: Those that were too long.
        unknown: Why some wait whose stages there are not; empty: none do.
    """

    rows: list[PendingRequest]
    reused: list[ReusedAnswer]
    fitted: Fitted
    unknown: str


def settle_requests(
    connection: Connection, project: Project, simulated: bool, find: Callable[[Sequence[int]], list[PendingRequest]]
) -> Settled:
    """Answers pending requests from the store, and makes the others fit their models.

    A shorter request is another question: it may have an answer, or be under way, so that it is looked for like all others.

    Args:
        simulated: the kind of provider.
        find: gives the pending requests that are meant, those with these ids among them, which were made meanwhile.
    """
    reused: list[ReusedAnswer] = []
    all_fitted = Fitted()
    while True:
        rows, unknown = of_known_stages(project.stages, find(all_fitted.shortened))
        answered = reuse_answers(connection, project, simulated, rows)
        reused += answered
        ids = {answer.request_id for answer in answered}
        rows = [row for row in rows if row.id not in ids]
        fitted = _fit_requests(connection, project, rows)
        if not fitted.changed:
            return Settled(rows, reused, all_fitted, unknown)
        all_fitted = _together([all_fitted, fitted])


def of_known_stages(stages: Stages, rows: Sequence[PendingRequest]) -> tuple[list[PendingRequest], str]:
    """The rows whose stages there are, and why the others wait: a project may have taken a stage of its own out again."""
    known = {stage.key for stage in stages}
    lost = sorted({row.stage for row in rows} - known)
    reason = (
        f"requests of {', '.join(lost)} wait, because there is no such stage now (own_stages or [stages.KEY] enabled in caseforge.toml)"
        if lost
        else ""
    )
    return [row for row in rows if row.stage in known], reason


def fit_plan(connection: Connection, project: Project, plan_id: int, stages: Sequence[Stage]) -> tuple[list[PendingRequest], Fitted]:
    """Makes the pending requests of a plan fit their models; returns those that it would send, in the order of these stages."""

    def found() -> list[PendingRequest]:
        return [row for stage in stages for row in pending.of_plan(connection, plan_id, stage.key)]

    rows = found()
    fitted = _fit_requests(connection, project, rows)
    return found() if fitted.changed else rows, fitted


def _fit_requests(connection: Connection, project: Project, rows: Sequence[PendingRequest]) -> Fitted:
    """Puts a shorter request in the place of each pending one that is too long, and lets fail what is too long even so.

    The caller holds the lock on making requests.
    """
    long = too_long_rows(project, rows)
    faulty = unfit_requests(connection, project, long)
    groups: dict[tuple[str, str], list[PendingRequest]] = {}
    for row in long:
        if row.id not in faulty:
            groups.setdefault((row.framework_key, row.stage), []).append(row)
    return _together([_fit_group(connection, project, key, project.stages[name], group) for (key, name), group in groups.items()])


def too_long_rows(project: Project, rows: Sequence[PendingRequest]) -> list[PendingRequest]:
    """The pending requests that `_fit_requests` would make shorter, or let fail."""
    return [row for row in rows if _is_too_long(project, row)]


def refit_budgets(connection: Connection, project: Project, key: str, stage: Stage, node_ids: Sequence[int]) -> dict[int, int]:
    """Makes pending requests anew whose budget their model would refuse and that of today's settings would not; new ids by node id.

    All else stays as it was asked, so that nothing else would: a budget is no part of the question. The caller holds the lock on making
    requests.
    """
    rows = pending.of_nodes(connection, stage.key, node_ids)
    unfit = unfit_requests(connection, project, rows)
    budget = project.stage_settings[stage.key].max_completion_tokens or stage.default_max_completion_tokens
    mended = [replace(row, max_completion_tokens=budget) for row in rows if row.id in unfit]
    still = unfit_requests(connection, project, mended)
    new = with_budget(connection, list(requests.as_new(connection, [row.id for row in mended if row.id not in still]).values()), budget)
    made = requests.save_requests(connection, new)
    write_events_of(connection, project.stages, key, stage, new, made)
    return made


def _together(parts: Sequence[Fitted]) -> Fitted:
    return Fitted(
        tuple(request_id for part in parts for request_id in part.shortened), tuple(node for part in parts for node in part.too_long)
    )


def _fit_group(connection: Connection, project: Project, key: str, stage: Stage, rows: Sequence[PendingRequest]) -> Fitted:
    whole = requests.as_new(connection, [row.id for row in rows])
    halves = shortened_requests(connection, project.stages, key, stage, [request for request in whole.values() if not request.shortened])
    fitting = [half for half in halves.values() if not _is_too_long(project, half)]
    made = requests.save_requests(connection, fitting)
    write_events_of(connection, project.stages, key, stage, fitting, made)
    left = [row for row in rows if row.node_id not in made]
    reasons = {row.id: _reason(project, stage, row, halves.get(row.node_id)) for row in left}
    _fail(connection, key, stage, left, {row.id: whole[row.id].stage_version for row in left}, reasons)
    failed = tuple(TooLong(key, stage.key, row.node_id, row.code, reasons[row.id]) for row in left)
    outcome = str(Outcome.context_length)
    tell_failures(connection, [FailedNode(node.framework_key, node.code, node.stage, outcome, node.why) for node in failed])
    after_commit(connection, lambda: _log(failed))
    return Fitted(tuple(made.values()), failed)


def _log(failed: Sequence[TooLong]) -> None:
    for node in failed:
        log_event(
            log, "node failed", framework=node.framework_key, node=node.code, stage=node.stage, outcome=Outcome.context_length, why=node.why
        )


def _is_too_long(project: Project, row: PendingRequest | NewRequest) -> bool:
    return is_too_long(project, project.stages[row.stage], row.model, input_tokens=row.input_tokens, budget=row.max_completion_tokens)


def _reason(project: Project, stage: Stage, row: PendingRequest, half: NewRequest | None) -> str:
    """Says why a request cannot be sent, and what to do about it."""
    room, budget = room_beside(row.model, row.max_completion_tokens) or 0, row.max_completion_tokens
    still = f", still {half.input_tokens:,} when it is made from half" if half else ", though it is made from half already"
    source = (
        f"the content of {stage.reads} (`caseforge edit {quote(row.code)} --framework {row.framework_key}`)"
        if stage.reads
        else "what the framework says of the node"
    )
    keys = {name: setting_key(project.configuration, stage, name) for name in ("model", "max_completion_tokens")}
    return (
        f"{row.model} has room for {room:,} tokens beside the budget of {budget:,}, and the request has {row.input_tokens:,}{still}; it was not "
        f"sent. Choose a model with more room ({keys['model']}), lower the budget ({keys['max_completion_tokens']}) or shorten {source}, then "
        f"`caseforge retry --framework {row.framework_key}`"
    )


def _fail(
    connection: Connection, key: str, stage: Stage, rows: Sequence[PendingRequest], versions: dict[int, str], reasons: dict[int, str]
) -> None:
    """Shows nodes as failed where a refused request would be shown."""
    requests.fail_unsent(connection, reasons)
    partitions = {node.node_id: node.partition_key for node in nodes.target_nodes(connection, key, [row.node_id for row in rows])}
    read = outbox.latest_of_requests(connection, key, stage.inputs, [row.node_id for row in rows], [row.id for row in rows])
    outbox.add(
        connection,
        [
            OutboxRow(
                key,
                stage.outputs,
                row.node_id,
                partitions[row.node_id],
                kind=Kind.failed,
                code_version=versions[row.id],
                upstream={stage.inputs: read[row.id]} if row.id in read else {},
                reason=f"{Outcome.context_length}: {reasons[row.id]}",
                request_id=row.id,
            )
            for row in rows
        ],
    )
