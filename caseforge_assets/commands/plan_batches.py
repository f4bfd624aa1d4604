"""The first step of submitting: pending requests become batches and attempts, in one transaction under a lock."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from caseforge_assets.batches.custom_id import make_custom_id
from caseforge_assets.batches.packing import PackItem, PackLimits, pack
from caseforge_assets.commands.check_models import unfit_requests
from caseforge_assets.commands.expected_costs import expected_costs
from caseforge_assets.commands.fit_requests import TooLong, settle_requests
from caseforge_assets.commands.provider import Provider
from caseforge_assets.costs.budgets import check_budget
from caseforge_assets.settings import Configuration
from caseforge_assets.store import batches, pending, plans, providers, requests
from caseforge_assets.store.batches import NewAttempt
from caseforge_assets.store.engine import Connection, Engine, lock_in_transaction
from caseforge_assets.store.pending import PendingRequest


@dataclass(frozen=True)
class Planned:
    """What the planner did: new batches, nodes answered from the store, and why requests stay pending (empty: none do).

    `shortened` counts requests that were too long for their model and are sent shorter; `too_long` are those that failed, because they are
    too long even so.
    """

    batch_ids: tuple[int, ...] = ()
    reused: int = 0
    held_back: str = ""
    shortened: int = 0
    too_long: tuple[TooLong, ...] = ()


def plan_batches(
    store: Engine,
    provider: Provider,
    configuration: Configuration,
    *,
    quiet_period_s: float = 0.0,
    request_ids: Sequence[int] | None = None,
) -> Planned:
    """Packs what may be sent into as few batches as the limits allow.

    A provider that bills gets requests of approved plans within a budget only. What can be answered from the store is not
    sent; what is too long for its model is sent shorter, or fails.

    Args:
        quiet_period_s: while newer requests than this are still being made, nothing is planned.
        request_ids: only these, if given.
    """
    with store.begin() as connection:
        lock_in_transaction(connection, "plan batches")
        requests.lock_making(connection)  # now: who makes requests may wait for rows that are locked below
        if reason := providers.stopped_reason(connection, provider.id):
            return Planned(held_back=f"sending is stopped: {reason}")
        age_s = pending.seconds_since_newest(connection)
        if age_s is not None and age_s < quiet_period_s:
            return Planned(held_back=f"requests are still being made; waiting for {quiet_period_s:.0f} s without a new one")

        def find(made: Sequence[int]) -> list[PendingRequest]:
            ids = None if request_ids is None else [*request_ids, *made]
            return pending.sendable(connection, provider.id, provider.simulated, configuration.reuses_by_identity, ids)

        settled = settle_requests(connection, configuration, provider.simulated, find)
        rows, unfit = _fit(connection, configuration, settled.rows)
        costs = expected_costs(connection, rows, provider.simulated)
        rows, held_back = _affordable(connection, provider, configuration, rows, costs)
        groups = _packed(connection, provider, configuration, rows)
        ids = [_add_batch(connection, provider, configuration, group, costs) for group in groups]
        sent = sum(len(group) for group in groups)
        if not held_back and sent < len(rows):
            held_back = f"{len(rows) - sent:,} requests wait until the batches under way leave room within the account's token limit"
    reasons = "; ".join(reason for reason in (settled.unknown, unfit, held_back) if reason)
    return Planned(tuple(ids), len(settled.reused), reasons, len(settled.fitted.shortened), settled.fitted.too_long)


def _fit(connection: Connection, configuration: Configuration, rows: list[PendingRequest]) -> tuple[list[PendingRequest], str]:
    """The rows that their models accept, and why the others are not sent."""
    unfit = unfit_requests(connection, configuration, rows)
    if not unfit:
        return rows, ""
    reasons = "; ".join(dict.fromkeys(unfit.values()))
    held_back = f"{len(unfit):,} requests are not sent, because their model would refuse them ({reasons}). `caseforge plan` makes them anew"
    return [row for row in rows if row.id not in unfit], held_back


def _affordable(
    connection: Connection, provider: Provider, configuration: Configuration, rows: list[PendingRequest], costs: dict[int, Decimal | None]
) -> tuple[list[PendingRequest], str]:
    """The rows, or none of a framework or plan that has no budget left, with the reason."""
    if provider.simulated or not rows:
        return rows, ""
    committed = plans.committed_by_framework(connection)
    caps = plans.committed(connection, sorted({row.plan_id for row in rows if row.plan_id is not None}))
    budgets = {key: entry.budget_usd for key, entry in configuration.frameworks.items()}
    new = [(row.framework_key, row.plan_id, costs[row.id]) for row in rows]
    reason = check_budget(new, configuration.budget_usd, budgets, committed, caps, allow_unknown=configuration.allow_unknown_cost)
    return ([], reason) if reason else (rows, "")


def _packed(
    connection: Connection, provider: Provider, configuration: Configuration, rows: list[PendingRequest]
) -> list[list[PendingRequest]]:
    in_flight = batches.tokens_in_flight(connection, provider.id)
    limits = {**configuration.max_enqueued_tokens, **providers.token_limits(connection, provider.id)}
    room = {model: limit - in_flight.get(model, 0) for model, limit in limits.items()}
    busy = set(in_flight)  # a model with nothing under way gets a batch even where one request is over the limit
    by_id = {row.id: row for row in rows}
    groups: list[list[PendingRequest]] = []
    for stage, model in sorted({(row.stage, row.model) for row in rows}):
        items = [
            PackItem(row.id, row.size_bytes + 200, row.input_tokens, row.model) for row in rows if (row.stage, row.model) == (stage, model)
        ]
        packed = pack(items, PackLimits(max_requests=configuration.max_requests_per_batch, max_enqueued_tokens=limits.get(model)))
        for group in packed:
            tokens = sum(item.input_tokens for item in group)
            if model in room and tokens > room[model] and model in busy:
                break
            if model in room:
                room[model] -= tokens
            busy.add(model)
            groups.append([by_id[item.request_id] for item in group])
    return groups


def _add_batch(
    connection: Connection, provider: Provider, configuration: Configuration, rows: list[PendingRequest], costs: dict[int, Decimal | None]
) -> int:
    known = [costs[row.id] for row in rows]
    values = {
        "provider_id": provider.id,
        "submission_id": uuid.uuid4().hex,
        "stage": rows[0].stage,
        "model": rows[0].model,
        "state": "planned",
        "owner": configuration.batch_user_assignment,
        "request_count": len(rows),
        "input_tokens": sum(row.input_tokens for row in rows),
        "expected_cost_usd": None if None in known else sum((cost or Decimal(0) for cost in known), Decimal(0)),
    }
    attempts = [
        NewAttempt(row.node_id, row.id, make_custom_id(row.stage, row.code, row.id), row.fingerprint, row.generation, costs[row.id])
        for row in rows
    ]
    batch_id = batches.add_batch(connection, values, attempts)
    requests.set_states(connection, {row.id: "in_batch" for row in rows})
    return batch_id
