"""Jobs on the batch clock: submit, poll, collect, retry, flush. Each op reads its form, calls one command, and shows what came of it."""

from collections.abc import Sequence
from decimal import Decimal

import dagster as dg
from pydantic import Field

from caseforge_assets.commands.approving.approve_plan import LimitTooLow
from caseforge_assets.commands.collecting.collect_batch import Collected, collect_batch
from caseforge_assets.commands.collecting.judge_again import judge_again
from caseforge_assets.commands.planning.retry_unattended import retry_unattended
from caseforge_assets.commands.reporting.name_batches import about_batches
from caseforge_assets.commands.rounds import work
from caseforge_assets.commands.rounds.poll_batches import poll_batches
from caseforge_assets.commands.rounds.send_approved import Sent, send_approved
from caseforge_assets.commands.submitting.reconcile_batches import reconcile_batches
from caseforge_assets.costs.sums import usd
from caseforge_assets.defs.figures.alerts import say_open
from caseforge_assets.defs.mirroring.mirror import fail_unsent, mirror
from caseforge_assets.defs.mirroring.run_tags import tag_batches
from caseforge_assets.defs.names import PROVIDER_POOL, tags_of
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets.store.submitting.batches import BatchRow
from caseforge_assets.wording import counted

LAUNCHED_BY_SENSOR = "dagster/sensor_name"


class SubmitForm(dg.Config):
    """The form of the job `submit`."""

    max_cost_usd: float = Field(
        default=0.0,
        ge=0,
        description="Approves everything that is pending, up to this amount in USD. 0: nothing is approved, and only what was approved is sent.",
    )


class CollectForm(dg.Config):
    """The form of the job `collect`."""

    batch_id: int | None = Field(default=None, description="Number of the batch to collect; without it, every finished batch.")


class RetryForm(dg.Config):
    """The form of the job `retry`."""

    framework: str = Field(default="", description="Key of a framework. Empty: all of them.")


@dg.op(pool=PROVIDER_POOL, out=dg.Out(dg.Nothing))
def submit_pending(context: dg.OpExecutionContext, config: SubmitForm, caseforge: Caseforge) -> None:
    """Packs pending requests of approved plans into batches and creates them."""
    sent = _sent(context, config, caseforge)
    tag_batches(context, caseforge.store, [batch.id for batch in sent.submitted], of_any_framework=True)
    planned = sent.planned
    context.log.info(
        f"{counted(len(sent.submitted), 'batch', 'batches')} submitted, {counted(planned.reused, 'request')} answered from the store. {planned.held_back} {sent.unapproved}"
    )
    if planned.shortened or planned.too_long:
        failed = ", ".join(request.code for request in planned.too_long) or "none"
        shorter = counted(planned.shortened, "request was", "requests were")
        context.log.warning(f"{shorter} shortened; too long to be sent, and failed: {failed}")
    mirror(context, caseforge)
    fail_unsent(sent.unsent)


def _sent(context: dg.OpExecutionContext, config: SubmitForm, caseforge: Caseforge) -> Sent:
    try:
        return send_approved(
            caseforge.open_project,
            announce=lambda unsent: _name(context, caseforge, unsent),
            unattended=LAUNCHED_BY_SENSOR in context.run.tags,
            max_cost_usd=Decimal(str(config.max_cost_usd)) if config.max_cost_usd > 0 else None,
            made_by="submit job",
        )
    except LimitTooLow as error:
        raise dg.Failure(str(error), allow_retries=False) from error


def _name(context: dg.OpExecutionContext, caseforge: Caseforge, unsent: Sequence[BatchRow]) -> None:
    about = about_batches(caseforge.store, unsent)
    for batch in unsent:
        cost = "free (simulated)" if caseforge.provider.simulated else f"expected cost {usd(batch.expected_cost_usd)}"
        context.log.info(f"Sending batch {batch.id}: {counted(batch.request_count, 'request')} for {about[batch.id]}, {cost}.")


@dg.op(pool=PROVIDER_POOL, out=dg.Out(dg.Nothing))
def poll_open(context: dg.OpExecutionContext, caseforge: Caseforge) -> None:
    """Looks at all open batches."""
    reconcile_batches(caseforge.open_project)
    looked_at = poll_batches(caseforge.open_project)
    about = about_batches(caseforge.store, looked_at)
    for batch in looked_at:
        context.log.info(f"{about[batch.id]} {batch.name}: {batch.remote_status or batch.state}")


@dg.op(pool=PROVIDER_POOL, out=dg.Out(dg.Nothing))
def collect_finished(context: dg.OpExecutionContext, config: CollectForm, caseforge: Caseforge) -> None:
    """Collects one finished batch, or all of them, and shows its nodes at every step that they passed."""
    collected = _collected(caseforge, config.batch_id)
    tag_batches(context, caseforge.store, [result.batch.id for result in collected], of_any_framework=True)
    for result in collected:
        context.log.info(f"{result.batch.name}: {result.outcomes}")
    if not collected:
        context.log.info("Nothing to collect: not finished, or being collected elsewhere, or another provider's.")
    with caseforge.store.connect() as connection:
        for batch in work.batches_in_trouble(connection, caseforge.provider.id):
            context.log.warning(f"{batch.name}: nodes wait for it: {batch.reason}")
    mirror(context, caseforge)


def _collected(caseforge: Caseforge, batch_id: int | None) -> Sequence[Collected]:
    if batch_id is None:
        return work.collect_finished(caseforge.open_project)
    collected = collect_batch(caseforge.open_project, batch_id)
    return [collected] if collected else []


@dg.op(pool=PROVIDER_POOL, out=dg.Out(dg.Nothing))
def ask_again(context: dg.OpExecutionContext, config: RetryForm, caseforge: Caseforge) -> None:
    """Makes the next request of every failed node that has attempts left and does not wait for a person; the job submit sends them."""
    only = caseforge.settings.framework_key(config.framework) if config.framework else None
    if readable := judge_again(caseforge.open_project, only):
        context.log.info(
            f"{counted(readable, 'answer that had failed is readable now, and is', 'answers that had failed are readable now, and are')} not asked for again."
        )
    retried = retry_unattended(caseforge.store, caseforge.project, caseforge.provider.simulated, only)
    left = "; ".join(f"{count:,} left, {reason}" for reason, count in retried.left.items())
    context.log.info(f"{counted(len(retried.node_ids), 'failed node is', 'failed nodes are')} asked for again. {left}")
    mirror(context, caseforge)


@dg.op(out=dg.Out(dg.Nothing))
def flush_outbox_rows(context: dg.OpExecutionContext, caseforge: Caseforge) -> None:
    """Shows in Dagster what commands did that could not show it themselves."""
    context.log.info(f"{counted(mirror(context, caseforge, everything=True), 'event')} written")


@dg.op(out=dg.Out(dg.Nothing))
def show_open_alerts(context: dg.OpExecutionContext, caseforge: Caseforge) -> None:
    """Says what is wrong, and shows it at the report of every framework."""
    mirror(context, caseforge, everything=True)
    say_open(context.log, caseforge.store)


@dg.config_mapping
def submit_form(form: SubmitForm) -> dg.RunConfig:
    """A flat form in the launchpad."""
    return dg.RunConfig(ops={submit_pending.name: form})


@dg.config_mapping
def retry_form(form: RetryForm) -> dg.RunConfig:
    """A flat form in the launchpad."""
    return dg.RunConfig(ops={ask_again.name: form})


@dg.job(config=submit_form, executor_def=dg.in_process_executor, tags=tags_of("submit"))
def submit() -> None:
    """Send what is pending and approved; the form's `max_cost_usd` approves."""
    submit_pending()


@dg.job(executor_def=dg.in_process_executor, tags=tags_of("poll"))
def poll() -> None:
    """Look at every open batch."""
    poll_open()


@dg.job(executor_def=dg.in_process_executor, tags=tags_of("collect"))
def collect() -> None:
    """Collect finished batches: answers become documents, candidates or failures."""
    collect_finished()


@dg.job(config=retry_form, executor_def=dg.in_process_executor, tags=tags_of("retry"))
def retry() -> None:
    """Ask again for nodes that failed, as often as each may be asked for, within the plans and budgets that they came under."""
    ask_again()


@dg.job(executor_def=dg.in_process_executor, tags=tags_of("show"))
def flush() -> None:
    """Show in Dagster what is not shown yet."""
    flush_outbox_rows()


@dg.job(executor_def=dg.in_process_executor, tags=tags_of("alerts"))
def show_alerts() -> None:
    """Look for alerts, deliver them, and show them: in this run's log and at the check `no_open_alerts` of every `run_report`."""
    show_open_alerts()


BATCH_JOBS = (submit, poll, collect, retry, flush, show_alerts)
