"""The stages that write texts, and decisions on the small framework's candidates, for tests of what is made from a choice."""

from __future__ import annotations

from caseforge_assets.commands.curating.decide_use_cases import Change, decide_use_cases
from caseforge_assets.curation.statuses import UseCaseStatus
from caseforge_assets.stages.discovery import all_as_they_come
from caseforge_assets_tests.workbench import Workbench

SPECS = all_as_they_come()["usecase_specs"]
EMBEDDINGS = all_as_they_come()["embeddings"]
ALL = tuple(stage for stage in all_as_they_come() if stage is not EMBEDDINGS)


def decide(bench: Workbench, status: str, *uids: str, reason: str = "") -> None:
    """Decides on candidates of the shop."""
    ids = bench.column("select id from caseforge.candidate where is_current and candidate_uid = any(:uids) order by id", uids=list(uids))
    assert len(ids) == len(uids)
    change = Change(UseCaseStatus(status), reason=reason)
    with bench.store.begin() as connection:
        decide_use_cases(connection, dict.fromkeys(ids, change), by="Ada")
