"""Frameworks: what is loaded, edition by edition."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from caseforge_assets.store.editions.frameworks import current_edition, known_keys, levels_of
from caseforge_assets.web.access.callers import Reader, ServiceNow, problems

router = APIRouter(tags=["frameworks"])


class FrameworkSummary(BaseModel):
    """A framework with its current edition."""

    key: str
    title: str
    owner: str
    edition: str = Field(description="as its publisher calls it, such as 7.4")
    source: str = Field(description="name of the file that was loaded")
    loaded_at: datetime
    nodes: int
    targets: int = Field(description="nodes that get content")


class Frameworks(BaseModel):
    """The frameworks that the caller may see, by key."""

    items: list[FrameworkSummary]


@router.get("/frameworks", responses=problems())
def list_frameworks(service: ServiceNow, caller: Reader) -> Frameworks:
    """List the frameworks that are loaded."""
    seen = caller.seen_frameworks()
    found = []
    with service.store.connect() as connection:
        for key in sorted(known_keys(connection)):
            if seen is not None and key not in seen:
                continue
            edition = current_edition(connection, key)
            if edition is None:
                continue
            levels = levels_of(connection, edition.id)
            found.append(
                FrameworkSummary(
                    key=key,
                    title=edition.title,
                    owner=edition.owner,
                    edition=edition.label,
                    source=edition.source_name,
                    loaded_at=edition.loaded_at,
                    nodes=sum(nodes for _, nodes, _, _ in levels),
                    targets=sum(targets for _, _, targets, _ in levels),
                )
            )
    return Frameworks(items=found)
