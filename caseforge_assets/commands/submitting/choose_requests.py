"""Chooses the requests that are sent now: those that their models accept, plans and budgets allow, and the account has room for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from caseforge_assets.batches.packing import LINE_BYTES, PackItem, PackLimits, pack
from caseforge_assets.commands.money.expect_costs import expected_costs
from caseforge_assets.commands.providing.check_models import unfit_requests
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.costs.budgets import Limits, Wanted, hold_back
from caseforge_assets.costs.sums import total
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.model_rules import EMBEDDINGS
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import plans
from caseforge_assets.store.requests import pending
from caseforge_assets.store.requests.pending import PendingRequest
from caseforge_assets.store.submitting import batches, providers
from caseforge_assets.wording import counted


@dataclass(frozen=True)
class Chosen:
    """Requests that are sent now, a group for each batch, with what each is expected to cost; and why the others wait.

    `waits` are for a person to end; `no_room` ends by itself (empty: there is room).
    """

    groups: list[list[PendingRequest]]
    costs: dict[int, Decimal | None]
    waits: tuple[str, ...]
    no_room: str


def choose_requests(connection: Connection, project: OpenProject, rows: list[PendingRequest]) -> Chosen:
    """Chooses among requests that are left to be paid for. Why those of a plan wait is noted with it."""
    rows, unfit = _fit(connection, project, rows)
    costs = expected_costs(connection, project, rows)
    rows, waits = _affordable(connection, project, rows, costs)
    groups = _packed(connection, project, rows)
    no_room = ""
    if (sent := sum(len(group) for group in groups)) < len(rows):
        no_room = f"{counted(len(rows) - sent, 'request waits', 'requests wait')} until the batches under way leave room within the account's token limit"
    return Chosen(groups, costs, tuple(reason for reason in (unfit, *waits) if reason), no_room)


def _fit(connection: Connection, project: Project, rows: list[PendingRequest]) -> tuple[list[PendingRequest], str]:
    """The rows that their models accept, and why the others are not sent."""
    unfit = unfit_requests(connection, project, rows)
    if not unfit:
        return rows, ""
    reasons = "; ".join(dict.fromkeys(unfit.values()))
    frameworks = sorted({row.framework_key for row in rows if row.id in unfit})
    anew = " and ".join(f"`caseforge plan --framework {key}`" for key in frameworks)
    held_back = f"{counted(len(unfit), 'request is', 'requests are')} not sent, because their model would refuse them ({reasons}). {anew} makes them anew"
    return [row for row in rows if row.id not in unfit], held_back


def _affordable(
    connection: Connection, project: OpenProject, rows: list[PendingRequest], costs: dict[int, Decimal | None]
) -> tuple[list[PendingRequest], list[str]]:
    """The rows of the plans that fit their limits and budgets, each question once, and why those of others wait, which is noted with their plans.

    A question that a plan which waits would ask is asked by the next one.
    """
    if project.provider.simulated or not rows:
        return pending.each_question_once(rows, project.configuration.reuses_by_identity), []
    limits = _limits(connection, project, rows)
    waits: dict[int, str] = {}
    while True:
        once = pending.each_question_once([row for row in rows if row.plan_id not in waits], project.configuration.reuses_by_identity)
        if not (found := hold_back(_wanted(once, costs), limits)):
            break
        waits |= found
    plans.note_held_back(connection, {row.plan_id: waits.get(row.plan_id) for row in rows if row.plan_id is not None})
    return once, list(waits.values())


def _limits(connection: Connection, project: Project, rows: Sequence[PendingRequest]) -> Limits:
    return Limits(
        project.configuration.budget_usd,
        {key: entry.budget_usd for key, entry in project.configuration.frameworks.items()},
        plans.committed_by_framework(connection),
        plans.committed(connection, {row.plan_id for row in rows if row.plan_id is not None}),
        allow_unknown=project.configuration.allow_unknown_cost,
    )


def _wanted(rows: Sequence[PendingRequest], costs: dict[int, Decimal | None]) -> list[Wanted]:
    groups: dict[tuple[int, str], list[Decimal | None]] = {}
    for row in rows:
        if row.plan_id is None:
            raise ValueError(f"request {row.id} is in no plan: nobody has approved that it is paid for")
        groups.setdefault((row.plan_id, row.framework_key), []).append(costs[row.id])
    return [Wanted(plan_id, key, len(group), total(group)) for (plan_id, key), group in groups.items()]


def _packed(connection: Connection, project: OpenProject, rows: list[PendingRequest]) -> list[list[PendingRequest]]:
    in_flight = batches.tokens_in_flight(connection, project.provider.id)
    styles = pending.styles(connection, [row.id for row in rows])
    texts = pending.counts_of_texts(connection, [request_id for request_id, style in styles.items() if style.endpoint == EMBEDDINGS])
    limits = {**project.configuration.max_enqueued_tokens, **providers.token_limits(connection, project.provider.id)}
    room = {model: limit - in_flight.get(model, 0) for model, limit in limits.items()}
    busy = set(in_flight)  # a model with nothing under way gets a batch even where one request is over the limit
    by_id = {row.id: row for row in rows}
    groups: list[list[PendingRequest]] = []
    most, max_bytes = project.configuration.requests_per_batch, project.configuration.provider_kind.max_bytes
    for stage, model in sorted({(row.stage, row.model) for row in rows}):
        items = [
            PackItem(row.id, row.size_bytes + LINE_BYTES, row.input_tokens, row.model, styles[row.id].endpoint, texts.get(row.id, 0))
            for row in rows
            if (row.stage, row.model) == (stage, model)
        ]
        packed = pack(items, PackLimits(most, max_bytes, limits.get(model)))
        for group in packed:
            tokens = sum(item.input_tokens for item in group)
            if model in room and tokens > room[model] and model in busy:
                break
            if model in room:
                room[model] -= tokens
            busy.add(model)
            groups.append([by_id[item.request_id] for item in group])
    return groups
