"""One use case for people: what it says, the process that it serves, where it stands, what is said to it, and where it is from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.curating.carry_decision import carry_decision
from caseforge_assets.commands.curating.comment_use_case import comment_use_case
from caseforge_assets.commands.curating.decide_use_cases import Change, DecidedMeanwhile, decide_use_cases
from caseforge_assets.commands.curating.remove_comment import remove_comment
from caseforge_assets.commands.mirroring.refresh_similar import similar_in_passing
from caseforge_assets.commands.portfolios.find_portfolio import Intent, may
from caseforge_assets.commands.portfolios.view_portfolio import new_beside, values_of
from caseforge_assets.curation.columns import in_order, priority_of
from caseforge_assets.curation.priority import Weights
from caseforge_assets.curation.statuses import UseCaseStatus, status_from
from caseforge_assets.stages.quality import RULES
from caseforge_assets.stages.stage import Stage
from caseforge_assets.store.collecting import contents
from caseforge_assets.store.curating import comments, entries
from caseforge_assets.store.curating.portfolios import PortfolioRow, portfolios_seen
from caseforge_assets.store.curating.use_cases import Decision, UseCaseRow, edited_into, subject_of, use_cases_called
from caseforge_assets.store.curating.whole import Neighbour, WholeUseCase, neighbours, path_to, whole_use_case
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.reading.node_lists import named_node
from caseforge_assets.store.similar import similar_groups
from caseforge_assets.store.similar.similar_groups import SimilarCandidate
from caseforge_assets.web.access.callers import Editor, Reader
from caseforge_assets.web.portal.curating.specifying import how_to_switch_on, specification_of
from caseforge_assets.web.portal.shared.histories import history_of
from caseforge_assets.web.portal.shared.rendering import Pages, PagesNow
from caseforge_assets.web.wire.pages import LARGEST_ID, Id

router = APIRouter(include_in_schema=False)
LONGEST_SUMMARY, MOST_SIMILAR = 420, 12
Text = Annotated[str, Form(max_length=20_000)]
Short = Annotated[str, Form(max_length=2_000)]


@dataclass(frozen=True, slots=True)
class Written:
    """The contents of a form that could not be kept, which is shown again so that nothing is lost."""

    decision: Decision | None = None
    tags: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Similar:
    """Use cases that tell the same idea: how many processes they serve and how many there are, this one among them; the first of the others; and what is near."""

    processes: int
    members: int
    rows: Sequence[SimilarCandidate]
    near: Sequence[SimilarCandidate]
    behind: bool


@router.get("/use-cases/{candidate_id}")
def show_use_case(candidate_id: Id, pages: PagesNow, caller: Reader) -> HTMLResponse:
    """A use case, whether its process has it still or has newer ones."""
    return use_case_page(pages, caller, candidate_id)


@router.get("/frameworks/{key}/use-cases/{uid:path}")
def find_use_case(key: str, uid: str, pages: PagesNow, _caller: Reader) -> RedirectResponse:
    """The page of the current use case that is called so, also by a name that it had in an earlier edition."""
    with pages.service.reading.connect() as connection:
        candidate_id = use_case_called(connection, key, uid)
    return RedirectResponse(f"/use-cases/{candidate_id}", 307)


@router.post("/use-cases/{candidate_id}/decision")
def decide(
    candidate_id: Id,
    pages: PagesNow,
    caller: Editor,
    revision: Annotated[int, Form(ge=0)],
    status: Short = "",
    reason: Text = "",
    owner: Short = "",
    review_on: Short = "",
    tags: Short = "",
) -> Response:
    """Decides what the form says. Where somebody else has decided meanwhile, nothing is done, and what was written is shown beside it."""
    when = day_from(review_on)
    named = tuple(tag.strip() for tag in tags.split(",") if tag.strip())
    change = Change(status_from(status), reason, owner, when, clear_review=when is None, tags=named)
    written = Written(Decision(change.status or UseCaseStatus.idea, reason, owner, when, named), tags)

    def decide_it(connection: Connection) -> str:
        demand_use_case(connection, caller, candidate_id, Role.editor)
        decide_use_cases(connection, {candidate_id: change}, by=caller.name, revisions={candidate_id: revision})
        return f"/use-cases/{candidate_id}#decision"

    try:
        return pages.once(decide_it, journaled=True)
    except DecidedMeanwhile as error:
        return use_case_page(pages, caller, candidate_id, problem=str(error), written=written, status=409)
    except ValueError as error:
        return use_case_page(pages, caller, candidate_id, problem=str(error), written=written, status=422)


@router.post("/use-cases/{candidate_id}/comments")
def comment(candidate_id: Id, pages: PagesNow, caller: Editor, text: Text = "") -> Response:
    """Adds a comment."""

    def say_it(connection: Connection) -> str:
        demand_use_case(connection, caller, candidate_id, Role.editor)
        comment_use_case(connection, candidate_id, text, by=caller.name)
        return f"/use-cases/{candidate_id}#comments"

    try:
        return pages.once(say_it, journaled=True)
    except ValueError as error:
        return use_case_page(pages, caller, candidate_id, problem=str(error), written=Written(comment=text), status=422)


@router.post("/use-cases/{candidate_id}/comments/{comment_id}/remove")
def take_comment_back(candidate_id: Id, comment_id: Id, pages: PagesNow, caller: Editor) -> RedirectResponse:
    """Removes a comment of one's own; an admin any."""

    def remove_it(connection: Connection) -> str:
        demand_use_case(connection, caller, candidate_id, Role.editor)
        remove_comment(connection, candidate_id, comment_id, by=caller)
        return f"/use-cases/{candidate_id}#comments"

    return pages.once(remove_it, journaled=True)


@router.post("/use-cases/{candidate_id}/carry")
def carry(candidate_id: Id, pages: PagesNow, caller: Editor, candidate: Annotated[int, Form(ge=1, le=LARGEST_ID)]) -> Response:
    """Decides the same on a use case that the process has now."""

    def carry_it(connection: Connection) -> str:
        demand_use_case(connection, caller, candidate_id, Role.editor)
        carry_decision(connection, candidate_id, candidate, by=caller.name)
        return f"/use-cases/{candidate}"

    try:
        return pages.once(carry_it, journaled=True)
    except DecidedMeanwhile as error:
        return use_case_page(pages, caller, candidate_id, problem=str(error), status=409)


def day_from(text: str) -> date | None:
    """A day as forms send it; None: nothing was written.

    Raises:
        ValueError: it is none.
    """
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise ValueError(f"{text!r} is no day; write such as 2027-01-31") from None


def use_case_called(connection: Connection, key: str, uid: str) -> int:
    """The candidate's id of the current use case of a framework that is called so.

    Raises:
        LookupError: there is none.
    """
    found = use_cases_called(connection, key, [uid])
    if uid not in found:
        node = named_node(connection, key, uid)
        raise LookupError(f"{key} has no current use case {uid!r}; its process is {node.code} {node.name}")
    return found[uid].candidate_id


def demand_use_case(connection: Connection, caller: Caller, candidate_id: int, role: Role = Role.reader) -> WholeUseCase:
    """A use case, for who has a role in its framework.

    Raises:
        LookupError: there is none that the caller may see.
        NotAllowed: the role is another one.
    """
    whole = whole_use_case(connection, candidate_id, RULES)
    if whole is None or not caller.may(Role.reader, whole.described.use_case.framework_key):
        raise LookupError(f"there is no use case {candidate_id}, or you may not see it")
    caller.demand(role, whole.described.use_case.framework_key)
    return whole


def use_case_page(
    pages: Pages, caller: Caller, candidate_id: int, *, problem: str = "", written: Written | None = None, status: int = 200
) -> HTMLResponse:
    """The page of a use case.

    Args:
        problem: why what was written could not be kept.
        written: what that was.
    """
    with pages.service.reading.connect() as connection:
        whole = demand_use_case(connection, caller, candidate_id)
        values = _values(connection, pages, caller, whole)
    shown = (written.decision if written else None) or whole.described.use_case.decision
    tags = written.tags if written and written.decision else ", ".join(shown.tags)
    form = asdict(replace(shown, tags=())) | {"tags": tags, "comment": written.comment if written else ""}
    similar: Similar | None = values["similar"]
    moves = any(stage.makes_vectors for stage in pages.service.project.stages)  # what is near is looked through later, which is no change
    keep = status == 200 and (similar is None or not (similar.behind or moves))
    return pages.answer("use_case.html.jinja", values | {"problem": problem, "form": form}, section="use-cases", status=status, keep=keep)


def _values(connection: Connection, pages: Pages, caller: Caller, whole: WholeUseCase) -> dict[str, Any]:
    described, use_case = whole.described, whole.described.use_case
    stage = stage_of(pages, use_case.stage)
    values = values_of(pages.service.project, described)
    new = [row for rows in new_beside(connection, [described]).values() for row in rows]
    beside = neighbours(connection, described.content_id)
    weights = Weights()
    return {
        "one": use_case,
        "of": described,
        "whole": whole,
        "path": path_to(connection, use_case.node_id),
        "node_address": f"/frameworks/{quote(use_case.framework_key)}/nodes/{quote(described.code)}",
        "texts": texts_of(stage, described.fields),
        "values": values,
        "priority": priority_of(weights, values, described.score),
        "formula": weights.formula,
        "summary": _summary(connection, stage, use_case.node_id),
        "new": new,
        "edited_into": None if use_case.is_current or use_case.id else edited_into(connection, use_case.candidate_id),
        "before": _at(beside, described.position - 1),
        "after": _at(beside, described.position + 1),
        "beside": len(beside),
        "similar": similar_to(connection, pages, caller, use_case) if use_case.is_current else None,
        "comments": comments.comments(connection, use_case.id) if use_case.id else [],
        "history": history_of(connection, subject_of(use_case.id), caller) if use_case.id else [],
        "portfolios": _portfolios(connection, caller, use_case.id),
        "statuses": list(UseCaseStatus),
        "may_decide": caller.may(Role.editor, use_case.framework_key),
        "is_admin": caller.may(Role.admin, use_case.framework_key),
        "today": clock.now(connection).date(),
        "specification": specification_of(connection, pages.service, use_case),
        "spec_off": how_to_switch_on(pages.service),
        "may_plan": caller.may(Role.planner, use_case.framework_key),
    }


def stage_of(pages: Pages, key: str) -> Stage | None:
    """A stage of the project; None: it has it no more."""
    return next((stage for stage in pages.service.project.stages if stage.key == key), None)


def texts_of(stage: Stage | None, fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The fields that are texts, each with its heading; what stands in columns is shown as such."""
    columns = set(stage.item_columns.values()) if stage else set()
    return [(name.replace("_", " ").capitalize(), str(value)) for name, value in in_order(stage, fields).items() if name not in columns]


def similar_to(connection: Connection, pages: Pages, caller: Caller, use_case: UseCaseRow) -> Similar:
    """Gives what else tells the same idea, as far as the caller sees it."""
    seen = caller.seen_frameworks()
    frameworks = None if seen is None else sorted(seen)
    behind = similar_in_passing(pages.service.store, pages.service.project, connection)
    group = similar_groups.group_of_candidate(connection, use_case.candidate_id)
    near = similar_groups.near_in_meaning(connection, use_case.candidate_id, group, frameworks, MOST_SIMILAR)
    if group is None:
        return Similar(1, 1, [], near, behind=True)
    size = similar_groups.group_size(connection, group, frameworks)
    rows = similar_groups.members(connection, group, frameworks, None, MOST_SIMILAR, but=use_case.candidate_id)
    return Similar(size.processes, size.members, rows, near, behind=behind)


def _summary(connection: Connection, stage: Stage | None, node_id: int) -> str:
    """The beginning of the process's document, as far as it is a paragraph; nothing where there is no document."""
    found = contents.current_contents(connection, stage.reads, [node_id]).get(node_id) if stage and stage.reads else None
    paragraphs = [part.strip() for part in found.body.split("\n\n")] if found else []
    prose = next((part for part in paragraphs if part and part[0] not in "#|-*>0123456789"), "")
    plain = " ".join(prose.replace("**", "").split())
    return plain if len(plain) <= LONGEST_SUMMARY else f"{plain[:LONGEST_SUMMARY].rsplit(' ', 1)[0]} …"


def _at(rows: Sequence[Neighbour], position: int) -> Neighbour | None:
    return next((row for row in rows if row.position == position), None)


def _portfolios(connection: Connection, caller: Caller, use_case_id: int | None) -> dict[str, list[PortfolioRow]]:
    """Those that it is in, and those that the caller may add it to."""
    rows = portfolios_seen(connection, caller.name, everybodys=caller.may(Role.admin))
    holding = set(entries.portfolios_with(connection, use_case_id)) if use_case_id else set()
    return {
        "holding": [row for row in rows if row.id in holding],
        "open": [row for row in rows if row.id not in holding and may(caller, row, Intent.change)],
    }
