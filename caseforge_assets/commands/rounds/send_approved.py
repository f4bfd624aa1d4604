"""Sends what is pending and approved, once: one submission, without waiting for answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from caseforge_assets.batches.states import Wish
from caseforge_assets.commands.approving.approve_pending import approve_pending
from caseforge_assets.commands.providing.open_project import OpenProject
from caseforge_assets.commands.rounds.work import Announce, lift_stop
from caseforge_assets.commands.submitting.foresee_sending import foresee_sending
from caseforge_assets.commands.submitting.plan_batches import Planned, plan_batches
from caseforge_assets.commands.submitting.reconcile_batches import reconcile_batches
from caseforge_assets.commands.submitting.submit_batches import is_refused, submit_batches
from caseforge_assets.store.serving import wishes
from caseforge_assets.store.submitting import batches
from caseforge_assets.store.submitting.batches import BatchRow
from caseforge_assets.wording import counted


@dataclass(frozen=True)
class Sent:
    """The result of a submission.

    Attributes:
        planned: What planning says of the requests.
        submitted: The batches that were sent.
        unsent: Why nothing was sent of what is pending; empty where something was, or nothing is, or where only approval is lacking and no person asks.
        unapproved: What waits for approval, where nothing was sent.
    """

    planned: Planned
    submitted: Sequence[BatchRow]
    unsent: str = ""
    unapproved: str = ""


def send_approved(
    project: OpenProject,
    *,
    announce: Announce,
    unattended: bool,
    max_cost_usd: Decimal | None = None,
    made_by: str = "",
) -> Sent:
    """Packs the requests of approved plans into batches and creates them; whoever wished for it is told what came of it.

    Args:
        announce: is told which batches are about to be sent.
        unattended: no person asks: a provider that stopped is left alone, unless somebody wished for a submission, and so is what it refused.
        max_cost_usd: everything that is pending is approved before, up to this amount; None: nothing is.
        made_by: who made the plans that are approved so.

    Raises:
        LimitTooLow: what is pending costs more than that, or nobody knows how much; nothing was approved or sent.
    """
    with project.store.connect() as connection:
        asked = [wish.id for wish in wishes.open_wishes(connection, Wish.submit)]
    reconcile_batches(project)
    if not unattended or asked:
        with project.store.begin() as connection:
            lift_stop(connection, project.provider)
    if max_cost_usd is not None:
        with project.store.begin() as connection:
            approve_pending(connection, project, made_by=made_by, max_cost_usd=max_cost_usd)
    planned = plan_batches(project, unattended=unattended)
    with project.store.connect() as connection:
        unsent = batches.not_created(connection, project.provider.id)
    announce(unsent)
    submitted = submit_batches(project, unsent)
    sent = Sent(planned, submitted, *_why_unsent(project, submitted, unattended=unattended))
    with project.store.begin() as connection:
        wishes.finish(connection, asked, _said(sent))
    return sent


def _said(sent: Sent) -> str:
    """Gives what came of it, for who asked."""
    count = sum(not is_refused(batch) for batch in sent.submitted)
    said = f"{counted(count, 'batch', 'batches')} sent" if count else sent.unsent or sent.unapproved or "nothing is to be sent"
    return f"{said}; {counted(sent.planned.reused, 'request')} answered from the store" if sent.planned.reused else said


def _why_unsent(project: OpenProject, submitted: Sequence[BatchRow], *, unattended: bool) -> tuple[str, str]:
    """Gives why nothing was sent, and what waits for approval: where nobody asks, another run may have sent what this one came for."""
    refused = [batch for batch in submitted if is_refused(batch)]
    if len(refused) < len(submitted):
        return "", ""
    if refused:
        count = counted(sum(batch.request_count for batch in refused), "request was", "requests were")
        return f"{count} refused by the provider: {refused[0].reason}", ""
    with project.store.begin() as connection:
        foreseen = foresee_sending(connection, project, unattended=unattended)
    only_approval = unattended and foreseen.waits == (foreseen.unapproved,)
    return "" if only_approval else "; ".join(foreseen.waits), foreseen.unapproved
