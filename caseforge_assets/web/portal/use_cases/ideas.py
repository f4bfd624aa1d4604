"""Ideas that several use cases tell: each shown once, with the processes that it serves, and decided on once for all of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from caseforge_assets.access.roles import Role
from caseforge_assets.commands.mirroring.refresh_similar import similar_in_passing
from caseforge_assets.commands.portfolios.find_portfolio import Intent, may
from caseforge_assets.curation.statuses import LONGEST_TAG, LONGEST_TEXT
from caseforge_assets.store.candidates.candidate_filters import CandidateFilter, conditions
from caseforge_assets.store.curating.portfolios import portfolios_seen
from caseforge_assets.store.curating.use_cases import use_cases
from caseforge_assets.store.reading.read_state import read_state
from caseforge_assets.store.similar import similar_groups
from caseforge_assets.store.similar.similar_groups import GroupSize
from caseforge_assets.web.access.callers import Reader
from caseforge_assets.web.api.use_cases.candidates import seen_and_meant
from caseforge_assets.web.portal.curating.bulk import ACTIONS
from caseforge_assets.web.portal.shared.rendering import PagesNow
from caseforge_assets.web.portal.use_cases.use_case import demand_use_case
from caseforge_assets.web.portal.use_cases.use_cases import UNDECIDED
from caseforge_assets.web.portal.work.money import frameworks_to_choose
from caseforge_assets.web.wire.pages import LARGEST_ID, Cursor, Id, cursor_fraction, cursor_number, decode_cursor, encode_cursor

router = APIRouter(include_in_schema=False)
BY_PROCESSES, BY_LIKENESS = "ideas by processes", "members by likeness"
AT_ONCE, MEMBERS_AT_ONCE = 50, 100


@router.get("/ideas")
def show_ideas(
    pages: PagesNow, caller: Reader, framework: Annotated[str | None, Query(max_length=40)] = None, cursor: Cursor = None
) -> HTMLResponse:
    """Ideas that at least two use cases tell, those that serve most processes first, of all frameworks that are seen or of one."""
    service, keys = pages.service, decode_cursor(cursor, BY_PROCESSES, 2)
    meant = CandidateFilter(seen_and_meant(caller, [framework] if framework else None))
    with service.reading.connect() as connection:
        behind = similar_in_passing(service.store, service.project, connection)
        state = f"{service.described} {read_state(connection)} {behind}"
        asked = conditions(connection, meant)
        sizes = service.kept.get(state, f"ideas {meant!r}", lambda: similar_groups.group_sizes(connection, asked))
        after = sizes if keys is None else _after(sizes, cursor_number(keys[0]), cursor_number(keys[1]))
        shown = similar_groups.shown_groups(connection, after[:AT_ONCE], asked)
        choose = frameworks_to_choose(connection, caller)
    last = after[AT_ONCE - 1] if len(after) > AT_ONCE else None
    values = {
        "groups": shown,
        "all_simulated": bool(shown) and all(group.shown.simulated for group in shown),
        "total": len(sizes),
        "use_cases": sum(size.members for size in sizes),
        "keys": choose,
        "key": framework,
        "behind": behind,
        "is_first": cursor is None,
        "next": encode_cursor(BY_PROCESSES, last.processes, last.group_id) if last else None,
    }
    return pages.answer("ideas.html.jinja", values, section="use-cases", keep=not behind)


@router.get("/ideas/{candidate_id}")
def show_idea(
    candidate_id: Id,
    pages: PagesNow,
    caller: Reader,
    cursor: Cursor = None,
    done: Annotated[str, Query(max_length=20)] = "",
    of: Annotated[int, Query(ge=0, le=LARGEST_ID)] = 0,
) -> HTMLResponse:
    """Show the use cases that tell the same idea as one, with the process of each, to be decided on together."""
    service, keys = pages.service, decode_cursor(cursor, BY_LIKENESS, 2)
    after = None if keys is None else (cursor_fraction(keys[0]), cursor_number(keys[1]))
    frameworks = seen_and_meant(caller, None)
    with service.reading.connect() as connection:
        one = demand_use_case(connection, caller, candidate_id).described.use_case
        behind = similar_in_passing(service.store, service.project, connection)
        group = similar_groups.group_of_candidate(connection, candidate_id)
        size = GroupSize(0, 0, 0) if group is None else similar_groups.group_size(connection, group, frameworks)
        found = [] if group is None else similar_groups.members(connection, group, frameworks, after, MEMBERS_AT_ONCE + 1)
        decided = use_cases(connection, [row.candidate_id for row in found])
        portfolios = portfolios_seen(connection, caller.name)
    rows = [(row, decided[row.candidate_id].decision if row.candidate_id in decided else UNDECIDED) for row in found[:MEMBERS_AT_ONCE]]
    in_frameworks = {row.candidate.framework for row, _ in rows}
    last = found[MEMBERS_AT_ONCE - 1] if len(found) > MEMBERS_AT_ONCE else None
    values = {
        "one": one,
        "size": size,
        "rows": rows,
        "several": len(in_frameworks) > 1,
        "behind": behind or (group is None and one.is_current),
        "all_simulated": bool(rows) and all(row.candidate.simulated for row, _ in rows),
        "may_decide": any(caller.may(Role.editor, key) for key in in_frameworks),
        "may_plan": any(caller.may(Role.planner, key) for key in in_frameworks),
        "portfolios": [row for row in portfolios if may(caller, row, Intent.change)],
        "done": (ACTIONS[done], of) if done in ACTIONS else None,
        "is_first": cursor is None,
        "next": encode_cursor(BY_LIKENESS, last.score, last.candidate_id) if last else None,
        "longest_tag": LONGEST_TAG,
        "longest_text": LONGEST_TEXT,
    }
    return pages.answer("idea.html.jinja", values, section="use-cases")


def _after(sizes: list[GroupSize], processes: int, group_id: int) -> list[GroupSize]:
    return [size for size in sizes if (-size.processes, size.group_id) > (-processes, group_id)]
