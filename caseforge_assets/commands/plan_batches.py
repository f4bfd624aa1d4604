"""The first step of submitting: pending requests become batches and attempts, in one transaction under a lock."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from caseforge_assets.batches.consent import EVERYTHING, Consent
from caseforge_assets.batches.custom_id import make_custom_id
from caseforge_assets.batches.packing import PackItem, PackLimits, pack
from caseforge_assets.commands.check_models import unfit_requests
from caseforge_assets.commands.expected_costs import expected_costs
from caseforge_assets.commands.fit_requests import TooLong, settle_requests
from caseforge_assets.commands.provider import Provider
from caseforge_assets.costs.budgets import Limits, Wanted, hold_back
from caseforge_assets.costs.sums import total
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
    consent: Consent = EVERYTHING,
) -> Planned:
    """Packs what may be sent into as few batches as the limits allow.

    A provider that bills gets requests of approved plans within a budget only; a plan that does not fit waits as a whole, says why, and holds
    up no other. What can be answered from the store is not sent; what is too long for its model is sent shorter, or fails.

    Args:
        quiet_period_s: while newer requests than this are still being made, nothing is planned.
        consent: only what it covers.
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
            ids = None if consent.request_ids is None else consent.request_ids.union(made)
            covered = replace(consent, request_ids=ids)
            return pending.sendable(connection, provider.id, provider.simulated, configuration.reuses_by_identity, covered)

        settled = settle_requests(connection, configuration, provider.simulated, find)
        rows, unfit = _fit(connection, configuration, settled.rows)
        costs = expected_costs(connection, configuration.prices, rows)
        rows, waits = _affordable(connection, provider, configuration, rows, costs)
        groups = _packed(connection, provider, configuration, rows)
        ids = [_add_batch(connection, provider, configuration, group, costs) for group in groups]
        sent = sum(len(group) for group in groups)
        no_room = ""
        if sent < len(rows):
            no_room = f"{len(rows) - sent:,} requests wait until the batches under way leave room within the account's token limit"
    reasons = "; ".join(reason for reason in (settled.unknown, unfit, *waits, no_room) if reason)
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
) -> tuple[list[PendingRequest], list[str]]:
    """The rows of the plans that fit their limits and budgets, each question once, and why those of others wait, which is noted with their plans.

    A question that a plan which waits would ask is asked by the next one.
    """
    if provider.simulated or not rows:
        return pending.each_question_once(rows, configuration.reuses_by_identity), []
    limits = _limits(connection, configuration, rows)
    waits: dict[int | None, str] = {}
    while True:
        once = pending.each_question_once([row for row in rows if row.plan_id not in waits], configuration.reuses_by_identity)
        if not (found := hold_back(_wanted(once, costs), limits)):
            break
        waits |= found
    plans.note_held_back(connection, {row.plan_id: waits.get(row.plan_id) for row in rows if row.plan_id is not None})
    return once, list(waits.values())


def _limits(connection: Connection, configuration: Configuration, rows: Sequence[PendingRequest]) -> Limits:
    return Limits(
        configuration.budget_usd,
        {key: entry.budget_usd for key, entry in configuration.frameworks.items()},
        plans.committed_by_framework(connection),
        plans.committed(connection, {row.plan_id for row in rows if row.plan_id is not None}),
        allow_unknown=configuration.allow_unknown_cost,
    )


def _wanted(rows: Sequence[PendingRequest], costs: dict[int, Decimal | None]) -> list[Wanted]:
    groups: dict[tuple[int | None, str], list[Decimal | None]] = {}
    for row in rows:
        groups.setdefault((row.plan_id, row.framework_key), []).append(costs[row.id])
    return [Wanted(plan_id, key, len(group), total(group)) for (plan_id, key), group in groups.items()]


def _packed(
    connection: Connection, provider: Provider, configuration: Configuration, rows: list[PendingRequest]
) -> list[list[PendingRequest]]:
    in_flight = batches.tokens_in_flight(connection, provider.id)
    limits = {**configuration.max_enqueued_tokens, **providers.token_limits(connection, provider.id)}
    room = {model: limit - in_flight.get(model, 0) for model, limit in limits.items()}
    busy = set(in_flight)  # a model with nothing under way gets a batch even where one request is over the limit
    by_id = {row.id: row for row in rows}
    groups: list[list[PendingRequest]] = []
    most, max_bytes = configuration.requests_per_batch, configuration.provider_kind.max_bytes
    for stage, model in sorted({(row.stage, row.model) for row in rows}):
        items = [
            PackItem(row.id, row.size_bytes + 200, row.input_tokens, row.model) for row in rows if (row.stage, row.model) == (stage, model)
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


def _add_batch(
    connection: Connection, provider: Provider, configuration: Configuration, rows: list[PendingRequest], costs: dict[int, Decimal | None]
) -> int:
    values = {
        "provider_id": provider.id,
        "submission_id": uuid.uuid4().hex,
        "stage": rows[0].stage,
        "model": rows[0].model,
        "state": "planned",
        "owner": configuration.batch_user_assignment,
        "request_count": len(rows),
        "input_tokens": sum(row.input_tokens for row in rows),
        "expected_cost_usd": total(costs[row.id] for row in rows).usd,
    }
    attempts = [
        NewAttempt(row.node_id, row.id, make_custom_id(row.stage, row.code, row.id), row.fingerprint, row.generation, costs[row.id])
        for row in rows
    ]
    batch_id = batches.add_batch(connection, values, attempts)
    requests.set_states(connection, {row.id: "in_batch" for row in rows})
    return batch_id
