"""Projects with inputs that wait."""

from __future__ import annotations

from caseforge_assets_tests.defs.project import (
    CONTEXTS,
    INPUTS,
    Project,
)


def with_inputs(project: Project) -> Project:
    """Loaded, with a pending request for each node, as making inputs in the UI leaves it."""
    project.load()
    project.run((CONTEXTS, INPUTS))
    return project
