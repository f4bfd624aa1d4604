"""The run whose page lists the events of a flush: the one that flushes, or, where these are many, one beside it.

Dagster's page of a run loads all of its events before it is of use, at some 4 ms each. So the page of a run that does something stays
short, with what it says of its work. The many events are listed by a run of the job `many_events`, which is a record: of the same
backfill, because Dagster counts as made by a backfill what its runs list.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

from caseforge_assets.defs.names import EVENTS_JOB
from caseforge_assets.defs.private.records import Repository, write_record
from caseforge_assets.wording import counted

EVENTS_ON_A_PAGE = 500
BACKFILL = "dagster/backfill"
MADE_BY = "caseforge/made_by"


@dg.op(out=dg.Out(dg.Nothing))
def nothing_to_do(context: dg.OpExecutionContext) -> None:
    """Says that runs of this job are lists."""
    context.log.info("Runs of this job list events that another run made; there is nothing to execute.")


@dg.job(
    name=EVENTS_JOB,
    executor_def=dg.in_process_executor,
    description=f"Lists of events, written by CaseForge where a run made more than {EVENTS_ON_A_PAGE}: their pages take long, and the assets "
    f"show the same. The tag `{MADE_BY}` names the run that did the work. Nothing is executed here.",
)
def many_events() -> None:
    """Lists of events."""
    nothing_to_do()


@dataclass(frozen=True)
class RunOfEvents:
    """The run whose page shows the events, and where its code is loaded from; events of the command line belong to none."""

    run_id: str | None = None
    job_name: str | None = None
    step_key: str | None = None
    repository: Repository | None = None
    backfill_id: str | None = None


def list_beside(instance: dg.DagsterInstance, run: RunOfEvents, events: int) -> RunOfEvents:
    """Begins the run that lists so many events, more than fit on its own page, that a run made."""
    of_backfill: Mapping[str, str] = {BACKFILL: run.backfill_id} if run.backfill_id else {}
    tags: Mapping[str, str] = {MADE_BY: run.run_id or "", "caseforge/record": counted(events, "event"), **of_backfill}
    record = write_record(instance, many_events, tags, run.repository)
    step_key = next(iter(record.step_keys_to_execute or []), None)
    return RunOfEvents(record.run_id, record.job_name, step_key, run.repository, run.backfill_id)
