"""A framework is taken out: of caseforge.toml, and of what is sent and shown. What was made for it stays."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from caseforge_assets.commands.configuring.declare_framework import undeclare_framework
from caseforge_assets.commands.editions.remove_framework import remove_framework
from caseforge_assets.store.editions.frameworks import belongings, current_edition, known_keys
from caseforge_assets.web.access.callers import Admin, ServiceNow, problems
from caseforge_assets.web.service import Service

router = APIRouter(tags=["frameworks"])


class RemovedFramework(BaseModel):
    """The result of taking a framework out, or of its dry run."""

    framework: str
    dry_run: bool = Field(description="true: nothing was changed")
    loaded: bool = Field(description="whether an edition of it was loaded")
    declared: bool = Field(description="whether it was declared")
    contents: int = Field(description="current contents, which stay in the store and in exports with `retired`")
    under_way: int = Field(description="requests that are under way; what is answered is collected and kept")


@router.delete("/frameworks/{key}", responses=problems(403, 404, 422))
def remove(
    key: str, service: ServiceNow, caller: Admin, dry_run: Annotated[bool, Query(description="only say what is there")] = True
) -> RemovedFramework:
    """Say what belongs to a framework; with `dry_run=false`, take it out. Loading it again brings all of it back."""
    with service.store.connect() as connection:
        known = known_keys(connection)
        there, loaded = belongings(connection, key), current_edition(connection, key) is not None
    declared = key in service.settings.configuration.frameworks
    if key not in known and not declared:
        raise LookupError(f"there is no framework {key!r}, or you may not see it")
    if not dry_run:
        remove_framework(service.store, service.project.stages, key, by=caller.name)
        _undeclare(service, key, caller.name)
        service.keep()
    return RemovedFramework(
        framework=key, dry_run=dry_run, loaded=loaded, declared=declared, contents=there.contents, under_way=there.under_way
    )


def _undeclare(service: Service, key: str, by: str) -> None:
    if undeclare_framework(service.store, service.settings, key, by=by):
        settings = service.settings
        left = {known: entry for known, entry in settings.configuration.frameworks.items() if known != key}
        service.use(settings.model_copy(update={"configuration": settings.configuration.model_copy(update={"frameworks": left})}))
