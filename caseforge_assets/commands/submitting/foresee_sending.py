"""Foresees a submission: the pending requests that it would send or settle now, and what the others wait for. Nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from caseforge_assets.batches.consent import EVERYTHING, Consent
from caseforge_assets.batches.states import PlanState
from caseforge_assets.commands.money.expect_costs import expected_costs
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.requests.reuse_answers import answered_already
from caseforge_assets.commands.requests.settle_requests import of_known_stages, too_long_rows
from caseforge_assets.commands.submitting.choose_requests import choose_requests
from caseforge_assets.costs.sums import total
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.planning import plans
from caseforge_assets.store.requests import pending
from caseforge_assets.store.requests.pending import PendingRequest
from caseforge_assets.store.submitting import batches, providers
from caseforge_assets.wording import counted

SHOWN_DRAFTS = 3


@dataclass(frozen=True)
class Foreseen:
    """The requests that a submission would take, and the reasons for which others wait.

    Attributes:
        ready: Ids of the pending requests that it would send, or settle free of charge.
        waits: What the others wait for until a person acts: how many, at what cost, and what makes them go on; one sentence each.
        no_room: What ends by itself; empty: nothing.
        unapproved: The one of `waits` that says what waits for approval; empty: nothing does.
    """

    ready: tuple[int, ...] = ()
    waits: tuple[str, ...] = ()
    no_room: str = ""
    unapproved: str = ""

    @property
    def mark(self) -> str:
        """The same for the same requests, and another one for others."""
        return sha256(",".join(map(str, self.ready)).encode()).hexdigest()[:12]


def foresee_sending(connection: Connection, project: OpenProject, *, consent: Consent = EVERYTHING, unattended: bool = False) -> Foreseen:
    """Looks, and notes with plans that are held back what they wait for.

    Args:
        consent: only what it covers.
        unattended: no person asks: what the provider refused under the same key waits for one.
    """
    found = pending.sendable(
        connection, project.provider.id, project.provider.simulated, project.configuration.reuses_by_identity, consent, lock=False
    )
    rows, unknown = of_known_stages(project.stages, found)
    if (stopped := providers.stop_text(connection, project.provider.id)) and rows:
        return Foreseen((), (f"{_said(connection, project, rows)} wait: {stopped}",))
    refused = pending.refused_before(connection, project.provider.id, [row.id for row in rows]) if unattended else {}
    rows = [row for row in rows if row.id not in refused]
    free = answered_already(connection, project, project.provider.simulated, rows) | {row.id for row in too_long_rows(project, rows)}
    chosen = choose_requests(connection, project, [row for row in rows if row.id not in free])
    ready = free | {row.id for group in chosen.groups for row in group}
    back = pending.taken_back(connection, list(consent.request_ids)) if consent.request_ids is not None else []
    unapproved = _unapproved(connection, project, consent)
    waits = (
        *chosen.waits,
        unapproved,
        f"{_said(connection, project, back)} wait, because plan {back[0].plan_id} was declined or cancelled: `caseforge generate --framework {back[0].framework_key}` makes a new one"
        if back
        else "",
        unknown,
        _refused(connection, refused),
    )
    return Foreseen(tuple(sorted(ready)), tuple(wait for wait in waits if wait), chosen.no_room, unapproved)


def _unapproved(connection: Connection, project: OpenProject, consent: Consent) -> str:
    """Gives what waits for a person's approval; what a person declined or cancelled does not."""
    rows, _ = of_known_stages(project.stages, pending.unapproved(connection, project.provider.simulated, lock=False))
    rows = [row for row in rows if consent.covers(row.id, row.plan_id) and not (project.provider.simulated and row.plan_id is None)]
    if not rows:
        return ""
    known = {row.plan_id for row in rows if row.plan_id is not None}
    drafts = [plan.id for plan in plans.all_plans(connection, known) if plan.state == PlanState.draft]
    of_drafts = "".join(f"`caseforge approve {plan_id}`, " for plan_id in drafts[:SHOWN_DRAFTS])
    said = _said(connection, project, rows)
    return f"{said} wait for approval: {of_drafts}`caseforge submit`, or the job submit with max_cost_usd"


def _said(connection: Connection, project: OpenProject, rows: Sequence[PendingRequest]) -> str:
    """Counts how many requests these are, and what they are expected to cost where that is money."""
    count = counted(len(rows), "request")
    if project.provider.simulated:
        return count
    return f"{count} (expected cost {total(expected_costs(connection, project, rows).values())})"


def _refused(connection: Connection, refused: dict[int, int]) -> str:
    if not refused:
        return ""
    newest = batches.get(connection, max(refused.values()))
    return (
        f"{counted(len(refused), 'request is', 'requests are')} not sent again by themselves, because batch {newest.id} of them was refused: {newest.reason}. "
        "Other settings, another key, `caseforge submit` or the job submit send them"
    )
