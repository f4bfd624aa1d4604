"""The search over nodes, documents and candidates of the frameworks that the caller may see."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from caseforge_assets.commands.mirroring.refresh_lists import refresh_in_passing
from caseforge_assets.commands.mirroring.refresh_meanings import refresh_meanings
from caseforge_assets.commands.searching.embed_question import vector_stage
from caseforge_assets.commands.searching.search_by_meaning import FoundByMeaning, search_by_meaning
from caseforge_assets.store.database.engine import Connection
from caseforge_assets.store.reading.read_state import ReadState
from caseforge_assets.store.searching import search as reading
from caseforge_assets.store.searching.found_facets import facets_of_found
from caseforge_assets.store.searching.matching import LONGEST_QUERY
from caseforge_assets.store.searching.search import KINDS, Found, Hit, Search
from caseforge_assets.web.access.callers import Reader, ServiceNow
from caseforge_assets.web.api.use_cases.candidates import Facets, ValueCount, catch_up, facets_of, seen_and_meant
from caseforge_assets.web.keeping.etags import Tags, TagsNow, reads
from caseforge_assets.web.service import Service
from caseforge_assets.web.wire.pages import Cursor, cursor_fraction, cursor_number, decode_cursor, encode_cursor

router = APIRouter(tags=["search"])
ORDER = "rank"
LARGEST_PAGE = 50
IN_PASSING = 100  # contents whose vectors are taken in while somebody waits for an answer


class By(StrEnum):
    """Ways to compare texts: by their words, or by their meaning."""

    words = "words"
    meaning = "meaning"


class Kind(StrEnum):
    """Kinds of things that the search finds."""

    node = "node"
    document = "document"
    candidate = "candidate"


class Part(BaseModel):
    """A piece of a text. Pieces one after another are the text; nothing in them is markup."""

    text: str
    hit: bool = Field(description="it is what was searched for")


class HitRow(BaseModel):
    """Something that was found."""

    kind: Kind
    framework: str
    code: str = Field(description="of the node")
    name: str = Field(description="a candidate's uid; otherwise the node's code")
    stage: str | None = Field(description="null: it is a node")
    rank: float = Field(description="by meaning: how near it is, 1 being the same")
    title: list[Part]
    passages: list[list[Part]] = Field(description="where in the text the words stand; empty: in the title only")


class Results(BaseModel):
    """A page of what was found, the best first."""

    items: list[HitRow]
    next: str | None = Field(description="the cursor of the next page; null: this is the last one")
    found: int = Field(description="how much was found and ranked")
    more: bool = Field(description="there is more, which is neither ranked nor counted: say more words")
    kinds: list[ValueCount]
    frameworks: list[ValueCount]
    candidates: Facets | None = Field(description="the candidates among what is ranked, counted by their columns, where that is asked for")
    behind: bool = Field(description="some texts are not found yet, because they were made just now")
    simulated: bool = Field(
        default=False, description="by meaning: vectors are near each other where words are the same, whatever these mean"
    )


@router.get("/search", responses=reads(404, 422, 502), response_model=Results)
async def search(
    service: ServiceNow,
    caller: Reader,
    tags: TagsNow,
    q: Annotated[str, Query(min_length=1, max_length=LONGEST_QUERY, description='words; "a phrase"; or; -without')],
    kind: Annotated[list[Kind] | None, Query(max_length=3, description="only these kinds")] = None,
    framework: Annotated[list[str] | None, Query(max_length=50, description="of these frameworks only")] = None,
    by: Annotated[By, Query(description="meaning: what is told in other words, too; documents are found as their nodes")] = By.words,
    facets: bool = False,
    limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 10,
    cursor: Cursor = None,
) -> Response:
    """Search names, descriptions, documents and candidates, by the words of the language that they are written in; or by meaning, where embeddings are on.

    What is asked by meaning is sent to the provider once, at the price of its tokens, as far as search_usd_per_month allows it.
    """
    after = place_of(cursor)
    frameworks = seen_and_meant(caller, framework)
    asked = Search(q, frameworks, [str(each_kind) for each_kind in kind or KINDS])
    if by is By.meaning:
        return await run_in_threadpool(lambda: tags.answer(_by_meaning(service, asked, after, limit)))
    return await service.searches.take(lambda: tags.answer(_by_words(service, tags, asked, after, limit, facets=facets)))


def _by_words(service: Service, tags: Tags, asked: Search, after: tuple[float, int] | None, limit: int, *, facets: bool) -> Results:
    with service.reading.connect() as connection:
        behind = catch_up(service, tags, connection)
        tags.of_lists(connection, asked.frameworks)
        found = find_by_words(service, connection, tags.read_state(connection), asked)
        page = found.page(after, limit + 1)
        hits = reading.hits(connection, asked, page[:limit])
        counts = facets_of_found(connection, found.candidates) if facets else None
    following = encode_cursor(ORDER, page[limit - 1][1], page[limit - 1][0]) if len(page) > limit else None
    return Results(
        items=[_row(hit) for hit in hits],
        next=following,
        found=found.count,
        more=found.more,
        kinds=[ValueCount(value=value, count=count) for value, count in found.kinds.items()],
        frameworks=[ValueCount(value=value, count=count) for value, count in found.frameworks.items()],
        candidates=None if counts is None else facets_of(counts),
        behind=behind.lists or behind.texts,
    )


def find_by_words(service: Service, connection: Connection, state: ReadState, asked: Search) -> Found:
    """Finds what has the words, once as long as no text changes: pages of it follow, and decisions on use cases change nothing in it.

    Raises:
        ValueError: nothing can be searched so.
    """
    return service.find_once(service.found, state, repr(asked), partial(reading.search, connection, asked))


def _by_meaning(service: Service, asked: Search, after: tuple[float, int] | None, limit: int) -> Results:
    found = find_by_meaning(service, asked.words, asked.kinds, asked.frameworks, after, limit + 1)
    hits = found.hits[:limit]
    return Results(
        items=[_row(hit) for hit in hits],
        next=encode_cursor(ORDER, hits[-1].rank, hits[-1].id) if len(found.hits) > limit else None,
        found=len(hits),
        more=len(found.hits) > limit,
        kinds=[],
        frameworks=[],
        candidates=None,
        behind=found.covered < found.nodes,
        simulated=found.simulated,
    )


def find_by_meaning(
    service: Service, words: str, kinds: Sequence[str], frameworks: Sequence[str] | None, after: tuple[float, int] | None, limit: int
) -> FoundByMeaning:
    """Finds what is nearest in meaning, after vectors that came just now were taken in, where these are few.

    Raises:
        QuestionRefused: nothing can be searched so, or not now.
        ProviderError: the provider did not turn the words into a vector.
    """
    vector_stage(service.project)
    with service.reading.connect() as connection:
        refresh_in_passing(service.store, service.project, connection)
        refresh_meanings(service.store, service.project, contents=IN_PASSING)
        return search_by_meaning(connection, service.open_project, words, kinds, frameworks, after, limit)


def place_of(cursor: str | None) -> tuple[float, int] | None:
    """Rank and number after which a page begins; None: the first one does.

    Raises:
        Refused: the cursor is of another list.
    """
    keys = decode_cursor(cursor, ORDER, 2)
    return None if keys is None else (cursor_fraction(keys[0]), cursor_number(keys[1]))


def _row(hit: Hit) -> HitRow:
    return HitRow(
        kind=Kind(hit.kind),
        framework=hit.framework,
        code=hit.code,
        name=hit.name,
        stage=hit.stage,
        rank=hit.rank,
        title=[Part(text=part.text, hit=part.is_hit) for part in hit.title],
        passages=[[Part(text=part.text, hit=part.is_hit) for part in passage] for passage in hit.passages],
    )
