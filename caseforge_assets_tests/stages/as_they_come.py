"""The stages that every project has, without anything of a project's own: what tests and benchmarks work with."""

from __future__ import annotations

from functools import cache

from caseforge_assets.stages.discovery import find_stages, with_switches
from caseforge_assets.stages.stages import Stages


@cache
def stages_as_they_come() -> Stages:
    """Give the stages that come with CaseForge and that need not be switched on."""
    return with_switches(find_stages(), {}, {})
