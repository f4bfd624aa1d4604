"""Everything that a code location has of CaseForge: the frameworks' assets, and once beside them jobs, sensors and resources."""

from collections.abc import Mapping, Sequence
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
from caseforge_assets.defs.runs.sensors import SENSORS, sensors_of
from caseforge_assets.settings import Settings
from caseforge_assets.store.database.location import database_identity


def location_defs(
    settings: Settings,
    resources: Mapping[str, Any],
    *,
    keys: Sequence[str] | None = None,
    assets_of: Sequence[str] | None = None,
    sensors: Sequence[dg.SensorDefinition] = SENSORS,
) -> dg.Definitions:
    """The definitions of these frameworks, all by default, with everything that drives them.

    Args:
        settings: of the project that declares them.
        resources: take the place of the default ones, by name.
        keys: of frameworks.
        assets_of: keys of those whose assets are among the definitions, all by default: those of others come from elsewhere.
        sensors: those that the location is to have.
    """
    declared = settings.configuration.frameworks
    entries = {key: declared[key] for key in (declared if keys is None else keys)}
    asset_jobs = [framework_job(key, entry) for key, entry in entries.items()]
    return dg.Definitions(
        assets=[
            asset
            for key in (entries if assets_of is None else assets_of)
            for asset in framework_assets(key, entries[key], settings.project)
        ],
        jobs=[*BATCH_JOBS, regenerate, failed_nodes, many_events, *asset_jobs],
        sensors=sensors_of(asset_jobs, sensors),
        resources={
            "caseforge": Caseforge(),
            CONTENTS_MANAGER: CaseforgeContents(),
            PROJECT_IDENTITY: ProjectIdentity(database=database_identity(settings)),
            **resources,
        },
    )
