"""The pages of frameworks and of their nodes, in the order in which addresses are tried: what stands below a node's comes before it."""

from __future__ import annotations

from fastapi import APIRouter

from caseforge_assets.web.portal.editions import comparison, framework, loading
from caseforge_assets.web.portal.nodes import asking, editing, files, node, versions

FRAMEWORK_PAGES: tuple[APIRouter, ...] = (
    comparison.router,
    loading.router,
    files.router,
    framework.router,
    versions.router,
    editing.router,
    asking.router,
    node.router,
)  # fmt: skip
