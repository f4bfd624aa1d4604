"""The first step of submitting: pending requests become batches and attempts, in one transaction under a lock."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from caseforge_assets.batches.consent import EVERYTHING, Consent
from caseforge_assets.batches.custom_id import make_custom_id
from caseforge_assets.batches.states import BatchState, RequestState
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.providing.provider import Provider
from caseforge_assets.commands.requests.settle_requests import TooLong, settle_requests
from caseforge_assets.commands.submitting.choose_requests import choose_requests
from caseforge_assets.costs.sums import total
from caseforge_assets.settings.project import Project
from caseforge_assets.store.database.engine import Connection, lock_in_transaction
from caseforge_assets.store.requests import pending, requests
from caseforge_assets.store.requests.pending import PendingRequest
from caseforge_assets.store.submitting import batches, providers
from caseforge_assets.store.submitting.batches import NewAttempt


@dataclass(frozen=True)
class Planned:
    """The planner's result: new batches, nodes answered from the store, and why requests stay pending (empty: none do).

    `shortened` counts requests that were too long for their model and are sent shorter; `too_long` are those that failed, because they are
    too long even so.
    """

    batch_ids: tuple[int, ...] = ()
    reused: int = 0
    held_back: str = ""
    shortened: int = 0
    too_long: tuple[TooLong, ...] = ()


def plan_batches(
    project: OpenProject,
    *,
    quiet_period_s: float = 0.0,
    consent: Consent = EVERYTHING,
    unattended: bool = False,
) -> Planned:
    """Packs what may be sent into as few batches as the limits allow.

    A provider that bills gets requests of approved plans within a budget only; a plan that does not fit waits as a whole, says why, and holds
    up no other. What can be answered from the store is not sent; what is too long for its model is sent shorter, or fails.

    Args:
        quiet_period_s: while newer requests than this are still being made, nothing is planned.
        consent: only what it covers.
        unattended: no person asks: what the provider refused under the same key is left.
    """
    with project.store.begin() as connection:
        lock_in_transaction(connection, "plan batches")
        requests.lock_making(connection)  # now: who makes requests may wait for rows that are locked below
        if reason := providers.stopped_reason(connection, project.provider.id):
            return Planned(held_back=f"sending is stopped: {reason}")
        age_s = pending.seconds_since_newest(connection)
        if age_s is not None and age_s < quiet_period_s:
            return Planned(held_back=f"requests are still being made; waiting for {quiet_period_s:.0f} s without a new one")

        def find(made: Sequence[int]) -> list[PendingRequest]:
            ids = None if consent.request_ids is None else consent.request_ids.union(made)
            covered = replace(consent, request_ids=ids)
            rows = pending.sendable(
                connection, project.provider.id, project.provider.simulated, project.configuration.reuses_by_identity, covered
            )
            refused = pending.refused_before(connection, project.provider.id, [row.id for row in rows]) if unattended else {}
            return [row for row in rows if row.id not in refused]

        settled = settle_requests(connection, project, project.provider.simulated, find)
        chosen = choose_requests(connection, project, settled.rows)
        ids = [_add_batch(connection, project.provider, project, group, chosen.costs) for group in chosen.groups]
    reasons = "; ".join(reason for reason in (settled.unknown, *chosen.waits, chosen.no_room) if reason)
    return Planned(tuple(ids), len(settled.reused), reasons, len(settled.fitted.shortened), settled.fitted.too_long)


def _add_batch(
    connection: Connection, provider: Provider, project: Project, rows: list[PendingRequest], costs: dict[int, Decimal | None]
) -> int:
    name = project.configuration.name_at_provider(rows[0].stage, rows[0].model)
    values = {
        "provider_id": provider.id,
        "submission_id": uuid.uuid4().hex,
        "stage": rows[0].stage,
        "model": rows[0].model,
        "sent_as": None if name == rows[0].model else name,
        "state": BatchState.planned,
        "owner": project.configuration.batch_user_assignment,
        "request_count": len(rows),
        "input_tokens": sum(row.input_tokens for row in rows),
        "expected_cost_usd": total(costs[row.id] for row in rows).usd,
    }
    attempts = [
        NewAttempt(row.node_id, row.id, make_custom_id(row.stage, row.code, row.id), row.fingerprint, row.generation, costs[row.id])
        for row in rows
    ]
    batch_id = batches.add_batch(connection, values, attempts)
    requests.set_states(connection, {row.id: RequestState.in_batch for row in rows})
    return batch_id
