"""Submissions of which the provider has two batches."""

from __future__ import annotations

from typing import Any

from openai import OpenAI

from caseforge_assets.commands.submitting.plan_batches import plan_batches
from caseforge_assets.commands.submitting.submit_batches import submit_batches
from caseforge_assets.openai_batch.client import SUBMISSION_KEY
from caseforge_assets_tests.workbench import PROCESS, Workbench

LOST_ANSWER = "reply_error:call=1"  # the first creation was accepted, and CaseForge does not know it
FIRST, DUPLICATE = 1, 2


def created_twice(opened: Workbench, **configuration: Any) -> Workbench:
    """The first batch's creation is unclear, and a second one of the same submission exists."""
    opened = opened.configured(**configuration)
    opened.approve(stages=[PROCESS])
    plan_batches(opened.project)
    submit_batches(opened.project)
    create_another(opened)
    return opened


def create_another(opened: Workbench) -> str:
    submission, file_id = opened.query("select submission_id, input_file_id from caseforge.batch where duplicate_of is null")[0]
    with OpenAI(base_url=opened.provider.base_url, api_key="any") as sdk:
        return sdk.batches.create(
            input_file_id=file_id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={SUBMISSION_KEY: submission},
        ).id


def contents(opened: Workbench) -> list[tuple[int, int]]:
    """(number of contents of the duplicate or not, how many) over all requests; never two for one."""
    assert opened.query("select 1 from caseforge.content group by request_id having count(*) > 1") == []
    return opened.query("""
    select case when b.duplicate_of is null then 1 else 2 end, count(*) from caseforge.content c
    join caseforge.attempt a on a.id = c.attempt_id join caseforge.batch b on b.id = a.batch_id group by 1 order by 1
    """)
