"""The configuration that the service works with, with secrets masked."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from caseforge_assets.commands.configuring.read_settings import kept_declarations
from caseforge_assets.commands.configuring.show_configuration import show_configuration
from caseforge_assets.redaction import redact
from caseforge_assets.settings.inspecting import Value, inspect_project
from caseforge_assets.web.access.callers import Administrator, ServiceNow, problems

router = APIRouter(tags=["service"])


class Setting(BaseModel):
    """A value that holds."""

    key: str
    value: str | None = Field(description="as text, secrets masked; null: not set")
    origin: str = Field(description="default, or where it stands, such as a line of caseforge.toml")


class StageMade(BaseModel):
    """The settings that a stage is made with: model, endpoint, options, templates of one's own."""

    stage: str
    reads: str | None = Field(description="the stage whose content it is made from")
    model: str
    sent_as: str = Field(description="the model's name at the provider")
    temperature: float | None
    reasoning_effort: str | None
    verbosity: str | None
    endpoint: str
    max_completion_tokens: int | None
    own_files: list[str] = Field(description="templates of one's own")


class ShownSettings(BaseModel):
    """Every value that holds, and where it comes from."""

    places: list[Setting] = Field(description="what only the environment has; a secret is shown as being set")
    values: list[Setting]
    stages: list[StageMade]


@router.get("/config", responses=problems(403, 422))
def read_config(service: ServiceNow, _caller: Administrator) -> ShownSettings:
    """Read the configuration as `caseforge config show` shows it: every value that holds, and where it comes from."""
    shown = show_configuration(inspect_project(service.settings.project_folder, kept=kept_declarations(service.settings)), service.settings)
    stages = [StageMade(**{name: getattr(row, name) for name in StageMade.model_fields}) for row in shown.stages]
    return ShownSettings(places=[_setting(row) for row in shown.places], values=[_setting(row) for row in shown.values], stages=stages)


def _setting(row: Value) -> Setting:
    return Setting(key=row.key, value=None if row.value is None else redact(str(row.value)), origin=row.origin)
