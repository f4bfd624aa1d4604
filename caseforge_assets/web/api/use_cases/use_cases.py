"""Use cases as people decide on them: where each stands, who brings it forward, what is said to it. What an answer says of one is a candidate's matter."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from caseforge_assets.access.roles import Caller, Role
from caseforge_assets.commands.curating.comment_use_case import comment_use_case
from caseforge_assets.commands.curating.decide_use_cases import Change, DecidedMeanwhile, decide_use_cases
from caseforge_assets.commands.curating.remove_comment import remove_comment
from caseforge_assets.commands.portfolios.view_portfolio import values_of
from caseforge_assets.curation.columns import priority_of
from caseforge_assets.curation.priority import Weights
from caseforge_assets.curation.statuses import LONGEST_TEXT, UseCaseStatus
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.quality import RULES
from caseforge_assets.store.curating import comments
from caseforge_assets.store.curating.described import DescribedUseCase, described_use_cases, reviews_due
from caseforge_assets.store.database import clock
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.web.access.callers import Editor, Reader, ServiceNow, problems
from caseforge_assets.web.api.nodes.edits import IfMatch
from caseforge_assets.web.keeping.etags import TagsNow, demanded_version, reads, version_tag
from caseforge_assets.web.wire.pages import Cursor, Id, Limit, Page, cursor_number, decode_cursor, encode_cursor
from caseforge_assets.web.wire.problems import Refused

router = APIRouter(tags=["use cases"])
REVIEWS = "review date"


class UseCase(BaseModel):
    """A candidate with what was decided on it, whether its node has it still or newer ones."""

    id: int = Field(description="of its candidate; another one when a person edits it")
    framework: str
    stage: str
    uid: str
    title: str
    code: str = Field(description="of its node")
    name: str = Field(description="of its node")
    fields: dict[str, Any] = Field(description="as the stage has them; texts are plain, HTML in them is text")
    values: dict[str, str | None] = Field(description="by column of its stage, such as category, complexity, roi and risk")
    score: int | None = Field(description="of its node's set, 0 to 100; null: not measured")
    priority: int | None = Field(description="0 to 100, weighed as pages do that nobody has changed; null: nothing of it is known")
    simulated: bool
    edited: bool
    superseded: bool = Field(description="its node has newer ones, or is not in the current edition; it stays as it was chosen")
    status: UseCaseStatus
    reason: str = Field(description="why it stands there")
    owner: str = Field(description="who brings it forward; empty: nobody yet")
    review_on: date | None = Field(description="when it is to be looked at again")
    tags: list[str]
    revision: int = Field(description="how often it was decided on; its entity tag. 0: never")
    changed_by: str
    changed_at: datetime | None


class Decided(BaseModel):
    """A change of the decision on a use case; what is not named stays."""

    model_config = ConfigDict(extra="forbid")

    status: UseCaseStatus | None = None
    reason: str | None = Field(default=None, max_length=LONGEST_TEXT, description="a rejection has to have one; it goes with its status")
    owner: str | None = Field(default=None, max_length=200)
    review_on: date | None = Field(default=None, description="null: no such day any more")
    tags: list[str] | None = Field(default=None, max_length=100)

    @property
    def change(self) -> Change:
        """The change that is meant."""
        clears = "review_on" in self.model_fields_set and self.review_on is None
        tags = None if self.tags is None else tuple(self.tags)
        return Change(self.status, self.reason, self.owner, self.review_on, clear_review=clears, tags=tags)


class Comment(BaseModel):
    """A comment on a use case."""

    id: int
    author: str
    text: str = Field(description="Markdown")
    written_at: datetime


class WrittenComment(BaseModel):
    """A comment to be added to a use case."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=LONGEST_TEXT, description="Markdown")


@router.get("/use-cases/{candidate_id}", responses=reads(404), response_model=UseCase)
def read_use_case(candidate_id: Id, service: ServiceNow, caller: Reader, tags: TagsNow) -> Response:
    """Read a use case with what was decided on it. Its entity tag is its revision, which a decision has to name."""
    with service.reading.connect() as connection:
        found = demand(connection, caller, candidate_id)
    tags.of_version(str(found.use_case.revision))
    return tags.answer(shown(service.project, found))


@router.patch("/use-cases/{candidate_id}", responses=problems(403, 404, 412, 413, 422, 428))
def decide_use_case(
    candidate_id: Id, given: Decided, service: ServiceNow, caller: Editor, response: Response, if_match: IfMatch = None
) -> UseCase:
    """Decide on a use case: status, reason, owner, review date, tags. Of two who decide at once, the second is told."""
    version = demanded_version(if_match)
    with service.store.begin() as connection:
        demand(connection, caller, candidate_id, Role.editor)
        try:
            revision = int(version) if version.isdigit() and len(version) < 10 else -1
            decide_use_cases(connection, {candidate_id: given.change}, by=caller.name, revisions={candidate_id: revision})
        except DecidedMeanwhile as error:
            tag = version_tag(str(error.now.revision))
            raise Refused(412, "precondition-failed", str(error), {"ETag": tag}, {"version": str(error.now.revision)}) from None
        found = demand(connection, caller, candidate_id)
    service.keep()
    response.headers["ETag"] = version_tag(str(found.use_case.revision))
    return shown(service.project, found)


@router.get("/use-cases/{candidate_id}/comments", responses=problems(404))
def list_comments(candidate_id: Id, service: ServiceNow, caller: Reader) -> list[Comment]:
    """List what was said to a use case, the oldest first."""
    with service.reading.connect() as connection:
        found = demand(connection, caller, candidate_id)
        rows = comments.comments(connection, found.use_case.id) if found.use_case.id else []
    return [Comment(id=row.id, author=row.author, text=row.text, written_at=row.written_at) for row in rows]


@router.post("/use-cases/{candidate_id}/comments", status_code=201, responses=problems(403, 404, 413, 422))
def add_comment(candidate_id: Id, written: WrittenComment, service: ServiceNow, caller: Editor) -> Comment:
    """Say something to a use case."""
    with service.store.begin() as connection:
        demand(connection, caller, candidate_id, Role.editor)
        comment_id = comment_use_case(connection, candidate_id, written.text, by=caller.name)
        use_case_id = demand(connection, caller, candidate_id).use_case.id or 0
        row = next(row for row in comments.comments(connection, use_case_id) if row.id == comment_id)
    service.keep()
    return Comment(id=row.id, author=row.author, text=row.text, written_at=row.written_at)


@router.delete("/use-cases/{candidate_id}/comments/{comment_id}", status_code=204, responses=problems(403, 404))
def delete_comment(candidate_id: Id, comment_id: Id, service: ServiceNow, caller: Editor) -> Response:
    """Remove a comment of one's own; who is admin in the framework removes any."""
    with service.store.begin() as connection:
        demand(connection, caller, candidate_id, Role.editor)
        remove_comment(connection, candidate_id, comment_id, by=caller)
    service.keep()
    return Response(status_code=204)


@router.get("/reviews", responses=problems(422))
def list_reviews(
    service: ServiceNow,
    caller: Reader,
    until: Annotated[date | None, Query(description="what is due on this day; without it, today by UTC")] = None,
    owner: Annotated[str | None, Query(max_length=200)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[UseCase]:
    """List use cases whose review date has come, those that wait for longest first."""
    keys = decode_cursor(cursor, REVIEWS, 2)
    after = None if keys is None else (_day(keys[0]), cursor_number(keys[1]))
    seen = caller.seen_frameworks()
    frameworks = None if seen is None else sorted(seen)
    with service.reading.connect() as connection:
        day = until or clock.now(connection).date()
        rows = reviews_due(connection, day, frameworks, RULES, owner=owner, after=after, limit=limit + 1)
    last = rows[limit - 1].use_case if len(rows) > limit else None
    following = encode_cursor(REVIEWS, str(last.decision.review_on), last.id) if last else None
    return Page(items=[shown(service.project, row) for row in rows[:limit]], next=following)


def demand(connection: Connection, caller: Caller, candidate_id: int, role: Role = Role.reader) -> DescribedUseCase:
    """A use case, for who has a role in its framework.

    Raises:
        LookupError: there is none that the caller may see.
        NotAllowed: the role is another one.
    """
    found = described_use_cases(connection, [candidate_id], RULES).get(candidate_id)
    if found is None or not caller.may(Role.reader, found.use_case.framework_key):
        raise LookupError(f"there is no use case {candidate_id}, or you may not see it")
    caller.demand(role, found.use_case.framework_key)
    return found


def shown(project: Project, found: DescribedUseCase) -> UseCase:
    """A use case as it goes over the wire."""
    use_case, decision = found.use_case, found.use_case.decision
    values = values_of(project, found)
    return UseCase(
        id=use_case.candidate_id,
        framework=use_case.framework_key,
        superseded=not use_case.is_current,
        values=values,
        priority=priority_of(Weights(), values, found.score),
        tags=list(decision.tags),
        **{name: getattr(decision, name) for name in ("status", "reason", "owner", "review_on")},
        **{name: getattr(use_case, name) for name in ("stage", "uid", "title", "revision", "changed_by", "changed_at")},
        **{name: getattr(found, name) for name in ("code", "name", "fields", "score", "simulated", "edited")},
    )


def _day(key: object) -> date:
    """A day that a cursor holds.

    Raises:
        Refused: it holds something else.
    """
    try:
        return date.fromisoformat(str(key))
    except ValueError:
        raise Refused(422, "cursor", "This cursor is of another list or order. Begin again without one.") from None
