"""Materializing assets by hand: what is good is confirmed and costs nothing, what is missing or failed is asked for.

Between inputs and outputs stands the batch clock. Where it may wait, this command works batches until its nodes are
through; nodes that are not through at the end are marked failed, with what they wait for.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from caseforge_assets.batches.consent import Consent
from caseforge_assets.batches.states import RequestState
from caseforge_assets.commands.editions.load_framework import confirm_nodes
from caseforge_assets.commands.materializing.ask_together import Backfill, asked_before, note_asked
from caseforge_assets.commands.materializing.await_answers import Waiting, await_answers
from caseforge_assets.commands.providing.open_project import OpenProject, StoredProject
from caseforge_assets.commands.requests.build_contexts import build_contexts
from caseforge_assets.commands.requests.build_requests import Terms, build_requests
from caseforge_assets.commands.requests.retry_failed import Retry, retry_failed
from caseforge_assets.commands.requests.settle_requests import settle_requests
from caseforge_assets.commands.submitting.foresee_sending import foresee_sending
from caseforge_assets.commands.surveying.survey import TO_DO, survey
from caseforge_assets.reports.coverage import NodeState
from caseforge_assets.stages.stage import Stage, stage_version
from caseforge_assets.stages.stages import NODE_CONTEXTS, PCF_NODES
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.editions import contexts, nodes
from caseforge_assets.store.figures.batch_sums import batches_worked_since
from caseforge_assets.store.mirroring import outbox
from caseforge_assets.store.mirroring.outbox import Kind, OutboxRow
from caseforge_assets.store.planning.node_states import AssetState
from caseforge_assets.store.planning.whereabouts import whereabouts
from caseforge_assets.store.requests import pending, requests
from caseforge_assets.store.submitting import batches
from caseforge_assets.wording import counted

OLD_CONTEXT = "without a context: the framework changed since its context was made; materialize node_contexts first"


@dataclass(frozen=True)
class Materialized:
    """The number of nodes that were asked for, and per asset those that are not through, with the reason.

    `unsent` says how many requests were to be sent and were not, because a person has to do something first, and what; empty: there are none.
    `unchosen` counts, per asset, the nodes where nothing is chosen, so that nothing is asked: they are neither finished nor unfinished.
    `batch_ids` are those of the batches that asked something of these nodes, and were made or collected meanwhile.
    """

    nodes: int
    unfinished: dict[str, dict[str, str]]
    unsent: str = ""
    unchosen: dict[str, int] = field(default_factory=dict)
    batch_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Hands:
    """The nodes, the assets and the means that all steps of a materialization share."""

    project: StoredProject
    key: str
    node_ids: list[int]
    assets: frozenset[str]
    waiting: Waiting
    backfill: Backfill | None
    others: list[int]  # nodes of the backfill's other runs, asked for together with those of this one

    @property
    def simulated(self) -> bool:
        return self.waiting.simulated

    @property
    def at_work(self) -> OpenProject | None:
        return self.project.at(self.waiting.provider) if self.waiting.provider else None

    def chosen(self, *names: str) -> list[str]:
        return [name for name in names if name in self.assets]

    def survey(self, connection: Connection, stage: Stage, node_ids: Sequence[int] | None = None) -> list[tuple[AssetState, NodeState]]:
        """Of this run's own nodes, if none are given."""
        return survey(connection, self.project, self.key, stage, self.simulated, self.node_ids if node_ids is None else node_ids)


def materialize_assets(
    project: StoredProject,
    key: str,
    assets: Collection[str],
    partition_keys: Sequence[str],
    waiting: Waiting,
    backfill: Backfill | None = None,
) -> Materialized:
    """Materializes partitions of some assets, in the order in which data passes.

    Args:
        backfill: the one that it is a part of, when that has more partitions than these: what is missing of all of them is asked for together.
    """
    with project.store.begin() as connection:
        began = clock.now(connection)
        node_ids = nodes.node_ids_of_partitions(connection, key, partition_keys)
        of_backfill = nodes.node_ids_of_partitions(connection, key, backfill.partition_keys) if backfill else []
        others = sorted(set(of_backfill).difference(node_ids))
        hands = _Hands(project, key, node_ids, frozenset(assets), waiting, backfill, others)
        if hands.chosen(PCF_NODES):
            confirm_nodes(connection, key, node_ids)
        if hands.chosen(NODE_CONTEXTS):
            build_contexts(connection, key, [*node_ids, *_others_without_context(connection, hands)])
        elif hands.chosen(*(stage.inputs for stage in project.stages)):
            _build_missing_contexts(connection, key, node_ids)
    unfinished: dict[str, dict[str, str]] = {}
    unsent: list[str] = []
    for stage in project.stages:
        of_stage, why_unsent = _materialize_stage(hands, stage)
        unfinished |= of_stage
        unsent += [why_unsent] if why_unsent else []
    left = {asset: reasons for asset, reasons in unfinished.items() if reasons}
    with project.store.connect() as connection:
        batch_ids = batches_worked_since(connection, node_ids, began) if waiting.provider else []
    return Materialized(len(node_ids), left, "; ".join(dict.fromkeys(unsent)), _count_unchosen(hands), tuple(batch_ids))


def _count_unchosen(hands: _Hands) -> dict[str, int]:
    from_choices = [
        stage for stage in hands.project.stages if stage.chosen_from and hands.chosen(stage.inputs, stage.outputs, stage.content)
    ]
    if not from_choices:
        return {}
    with hands.project.store.connect() as connection:
        states = {stage.content: [state for _, state in hands.survey(connection, stage)] for stage in from_choices}
    return {asset: count for asset, of_asset in states.items() if (count := of_asset.count(NodeState.UNCHOSEN))}


def _materialize_stage(hands: _Hands, stage: Stage) -> tuple[dict[str, dict[str, str]], str]:
    """Returns, per chosen asset of the stage, partition keys that are not through, with the reason; and what of it was not sent, and why."""
    store, at_work = hands.project.store, hands.at_work
    with store.begin() as connection:
        start = outbox.highest_id(connection)
        if hands.chosen(stage.inputs):
            _build_inputs(connection, hands, stage)
        if hands.chosen(stage.outputs, stage.content):
            _ask_where_needed(connection, hands, stage)
    trouble, unsent = "" if at_work else hands.waiting.why_none, ""
    if hands.chosen(stage.outputs, stage.content) and at_work is not None:
        trouble = await_answers(at_work, hands.key, stage, hands.node_ids, hands.waiting, sent_with=hands.others)
    with store.begin() as connection:
        if hands.chosen(stage.outputs, stage.content):
            unsent = _why_unsent(connection, hands, stage, at_work, trouble)
        return _mark_unfinished(connection, hands, stage, start, trouble), unsent


def _build_missing_contexts(connection: Connection, key: str, node_ids: Sequence[int]) -> None:
    """Inputs alone of a new framework: a node that never had a context gets one. One that is old stays, and is said to be."""
    there = contexts.current_contexts(connection, node_ids)
    if missing := [node_id for node_id in node_ids if node_id not in there]:
        build_contexts(connection, key, missing)


def _build_inputs(connection: Connection, hands: _Hands, stage: Stage) -> None:
    """Makes requests; where a good answer is there already, they are not pending: nobody is to pay for them again."""
    done = {row.node_id for row, state in hands.survey(connection, stage) if state is NodeState.DONE}
    built = build_requests(connection, hands.project, hands.key, stage, hands.node_ids)
    requests.set_states(connection, {built.request_ids[node_id]: RequestState.answered for node_id in done & built.made})


def _ask_where_needed(connection: Connection, hands: _Hands, stage: Stage) -> None:
    """Asks for what is missing, stale or failed; in a backfill of several runs for that of all of them, but for nothing twice."""
    wanted, failed, done = [], [], []
    before, own = asked_before(connection, hands.backfill, stage.key), set(hands.node_ids)
    for row, state in hands.survey(connection, stage, [*hands.node_ids, *hands.others]):
        if row.node_id in before and state is not NodeState.DONE:
            continue
        if (state in TO_DO and _context_is_fresh(row)) or (state is NodeState.FAILED and row.request_not_sent):
            wanted.append(row.node_id)
        elif state is NodeState.FAILED:
            failed.append(row.node_id)
        elif state is NodeState.DONE and row.node_id in own:
            done.append(row.node_id)
    for asset in hands.chosen(stage.outputs, stage.content):
        outbox.repeat_latest(connection, hands.key, asset, done)
    if asked := [*wanted, *failed]:
        requests.lock_making(connection)
    if wanted:
        build_requests(connection, hands.project, hands.key, stage, wanted, Terms(reopen=True))
    if failed:
        retry_failed(connection, hands.project, hands.key, stage, failed, Retry(asked=True))
    settle_requests(connection, hands.project, hands.simulated, lambda _: pending.of_nodes(connection, stage.key, asked))
    if hands.simulated:
        requests.leave_drafts(connection, stage.key, [*hands.node_ids, *hands.others])
    note_asked(connection, hands.backfill, stage.key, asked)


def _others_without_context(connection: Connection, hands: _Hands) -> list[int]:
    surveyed = hands.survey(connection, hands.project.stages.shared[0], hands.others) if hands.others else []
    return [row.node_id for row, _ in surveyed if row.context_version is None or not _context_is_fresh(row)]


def _context_is_fresh(row: AssetState) -> bool:
    """Tells whether the context is of the node as it is now; what is asked with an old one would be stale before it is answered."""
    return row.context_node_version == row.node_version


def _why_unsent(connection: Connection, hands: _Hands, stage: Stage, at_work: OpenProject | None, trouble: str) -> str:
    """Counts how many requests of a stage were not sent, and what for; empty where nothing but time stands in the way."""
    asked = requests.current_requests(connection, stage.key, hands.node_ids).values()
    left = frozenset(request.id for request in asked if request.state == RequestState.pending)
    if left and at_work is not None:
        foreseen = foresee_sending(connection, at_work, consent=Consent(request_ids=left))
        if foreseen.waits:
            return "; ".join(foreseen.waits)
    count = len(left) + batches.count_not_created(connection, [request.id for request in asked if request.state == RequestState.in_batch])
    return f"{counted(count, 'request was', 'requests were')} not sent: {trouble}" if trouble and count else ""


def _mark_unfinished(connection: Connection, hands: _Hands, stage: Stage, start: int, trouble: str) -> dict[str, dict[str, str]]:
    version = stage_version(stage, hands.project.stage_settings[stage.key])
    surveyed = {row.node_id: (row, state) for row, state in hands.survey(connection, stage)}
    targets = nodes.target_nodes(connection, hands.key, hands.node_ids)
    unfinished: dict[str, dict[str, str]] = {}
    for asset in hands.chosen(stage.inputs, stage.outputs, stage.content):
        through = outbox.made_since(connection, hands.key, asset, start)
        left = [row for row in targets if row.node_id not in through and surveyed[row.node_id][1] is not NodeState.UNCHOSEN]
        reasons = _reasons(connection, hands, stage, [surveyed[row.node_id] for row in left], trouble)
        outbox.add(
            connection,
            [
                OutboxRow(
                    hands.key, asset, row.node_id, row.partition_key, kind=Kind.failed, code_version=version, reason=reasons[row.node_id]
                )
                for row in left
            ],
        )
        unfinished[asset] = {str(row.partition_key): reasons[row.node_id] for row in left}
    return unfinished


def _reasons(
    connection: Connection, hands: _Hands, stage: Stage, left: Sequence[tuple[AssetState, NodeState]], trouble: str
) -> dict[int, str]:
    ids = [row.node_id for row, _ in left]
    waiting = whereabouts(connection, stage.key, ids, hands.simulated)
    known = outbox.newest_failures(connection, (stage.outputs, stage.content), ids)
    source = hands.project.stages[stage.reads].content if stage.reads else "what it is made from"
    reasons = {}
    for row, state in left:
        if state is NodeState.WAITING and row.node_id in waiting:
            reasons[row.node_id] = waiting[row.node_id] + (f". {trouble}" if trouble else "")
        elif state is NodeState.FAILED and row.node_id in known:
            reasons[row.node_id] = known[row.node_id]
        elif state is NodeState.NO_SOURCE:
            reasons[row.node_id] = f"nothing to make it from: {source} has nothing of it yet; materialize that first"
        elif state is NodeState.CANCELLED:
            reasons[row.node_id] = "cancelled: its batch was cancelled; materialize it again to send it again"
        elif state is NodeState.DONE:
            reasons[row.node_id] = "made without an answer: its content was not made from an answer here, so there is none to show"
        elif row.context_version is not None and not _context_is_fresh(row):
            reasons[row.node_id] = OLD_CONTEXT
        else:
            reasons[row.node_id] = "without a context: none was made yet; materialize node_contexts first"
    return reasons
