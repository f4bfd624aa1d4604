"""The code location: every declared framework as a group of assets, beside the jobs and sensors of the batch clock, and definitions of one's own."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg

from caseforge_assets import own_defs
from caseforge_assets.commands.configuring.read_settings import read_settings
from caseforge_assets.defs.component import CaseforgeFramework, declared_by
from caseforge_assets.defs.contents import CaseforgeContents
from caseforge_assets.defs.location import location_defs
from caseforge_assets.defs.names import CONTENTS_MANAGER
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets.openai_batch.client import import_sdk
from caseforge_assets.settings import Settings

OWN_FOLDER = Path(own_defs.__file__).parent


def build_defs(settings: Settings | None = None, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """All definitions; needs caseforge.toml and, where CASEFORGE_POSTGRES_URL names one, the database, which may declare frameworks.

    Args:
        settings: whose frameworks are shown; those of the project by default, with those of components in `own_defs`.
        resources: replace the default ones by name.
    """
    if settings is not None or not _has_own():
        return dg.Definitions.merge(location_defs(settings or read_settings(), resources or {}), _in_process())
    tree = dg.ComponentTree.from_module(own_defs, OWN_FOLDER.parents[1])
    declared = declared_by(tree.get_all_components(of_type=CaseforgeFramework))
    of_project = {"caseforge": Caseforge(declared=declared), CONTENTS_MANAGER: CaseforgeContents(declared=declared)}
    return dg.Definitions.merge(
        location_defs(read_settings(declared=declared), {**of_project, **(resources or {})}), tree.build_defs(), _in_process()
    )


def _in_process() -> dg.Definitions:
    """A run is fast to start, and its steps are one process that can be told to stop."""
    return dg.Definitions(executor=dg.in_process_executor)


def _has_own() -> bool:
    """Tells whether somebody put definitions there; looking for them takes time at each start of a run."""
    return any(entry.name not in ("__init__.py", "__pycache__") for entry in OWN_FOLDER.iterdir())


defs = build_defs()

# The SDK takes half a second to import: sensors' first ticks and collecting runs find it imported, and the location is there without it.
threading.Thread(target=import_sdk, name="import openai", daemon=True).start()
