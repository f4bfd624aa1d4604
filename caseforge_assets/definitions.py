"""The code location: every declared framework as a group of assets, beside the jobs and sensors of the batch clock."""

import threading
from collections.abc import Mapping
from typing import Any

import dagster as dg

from caseforge_assets.defs.contents import CaseforgeContents
from caseforge_assets.defs.events.event_pages import many_events
from caseforge_assets.defs.graph.assets import framework_assets, framework_job
from caseforge_assets.defs.mirroring.failed_nodes import failed_nodes
from caseforge_assets.defs.names import CONTENTS_MANAGER, PROJECT_IDENTITY
from caseforge_assets.defs.resources import Caseforge, ProjectIdentity
from caseforge_assets.defs.runs.jobs import BATCH_JOBS
from caseforge_assets.defs.runs.regenerate import regenerate
from caseforge_assets.defs.runs.sensors import sensors_of
from caseforge_assets.openai_batch.client import import_sdk
from caseforge_assets.settings import Settings, load_settings
from caseforge_assets.store.database.location import database_identity


def build_defs(settings: Settings | None = None, resources: Mapping[str, Any] | None = None) -> dg.Definitions:
    """All definitions; needs caseforge.toml, but neither database nor network.

    Args:
        settings: whose frameworks are shown; those of the project by default.
        resources: replace the default ones by name.
    """
    settings = settings or load_settings()
    configuration = settings.configuration
    asset_jobs = [framework_job(key, entry) for key, entry in configuration.frameworks.items()]
    return dg.Definitions(
        assets=[asset for key, entry in configuration.frameworks.items() for asset in framework_assets(key, entry, settings.project)],
        jobs=[*BATCH_JOBS, regenerate, failed_nodes, many_events, *asset_jobs],
        sensors=sensors_of(asset_jobs),
        resources={
            "caseforge": Caseforge(),
            CONTENTS_MANAGER: CaseforgeContents(),
            PROJECT_IDENTITY: ProjectIdentity(database=database_identity(settings)),
            **(resources or {}),
        },
        executor=dg.in_process_executor,
    )


defs = build_defs()

# The SDK takes half a second to import: sensors' first ticks and collecting runs find it imported, and the location is there without it.
threading.Thread(target=import_sdk, name="import openai", daemon=True).start()
