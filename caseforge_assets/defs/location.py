"""Everything that a code location has of CaseForge: the frameworks' assets, and once beside them jobs, sensors and resources."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from caseforge_assets.defs.contents import CaseforgeContents
from caseforge_assets.defs.events.event_pages import many_events
from caseforge_assets.defs.graph.assets import framework_assets, framework_job
from caseforge_assets.defs.graph.automation import automation_sensors
from caseforge_assets.defs.mirroring.failed_nodes import failed_nodes
from caseforge_assets.defs.names import CONTENTS_MANAGER, PROJECT_IDENTITY
from caseforge_assets.defs.resources import Caseforge, ProjectIdentity
from caseforge_assets.defs.runs.jobs import BATCH_JOBS
from caseforge_assets.defs.runs.regenerate import regenerate
from caseforge_assets.defs.runs.sensors import SENSORS, dead_run_sensor, sensors_of
from caseforge_assets.defs.runs.upkeep import BACKUP_SCHEDULE, PRUNE_SCHEDULE, back_up, prune, report_schedule, reports_job
from caseforge_assets.settings import Settings
from caseforge_assets.store.database.location import database_identity


def location_defs(
    settings: Settings,
    resources: Mapping[str, Any],
    *,
    keys: Sequence[str] | None = None,
    assets_of: Sequence[str] | None = None,
    beside_others: bool = False,
) -> dg.Definitions:
    """The definitions of these frameworks, all by default, with everything that drives them.

    Args:
        settings: of the project that declares them.
        resources: take the place of the default ones, by name.
        keys: of frameworks.
        assets_of: keys of those whose assets are among the definitions, all by default: those of others come from elsewhere.
        beside_others: the Dagster instance is other people's, too: whether runs of theirs are dead, and what of their history may go, is not
            CaseForge's to say.
    """
    declared = settings.configuration.frameworks
    entries = {key: declared[key] for key in (declared if keys is None else keys)}
    asset_jobs = [framework_job(key, entry) for key, entry in entries.items()]
    of_all = [reports_job(entries)] if entries else []
    upkeep = [BACKUP_SCHEDULE, *([] if beside_others else [PRUNE_SCHEDULE]), *map(report_schedule, of_all)]
    sensors = [sensor for sensor in SENSORS if not (beside_others and sensor is dead_run_sensor)]
    return dg.Definitions(
        assets=[
            asset
            for key in (entries if assets_of is None else assets_of)
            for asset in framework_assets(key, entries[key], settings.project)
        ],
        jobs=[*BATCH_JOBS, regenerate, failed_nodes, many_events, back_up, *([] if beside_others else [prune]), *asset_jobs, *of_all],
        schedules=upkeep,
        sensors=[*sensors_of(asset_jobs, sensors), *automation_sensors(entries)],
        resources={
            "caseforge": Caseforge(),
            CONTENTS_MANAGER: CaseforgeContents(),
            PROJECT_IDENTITY: ProjectIdentity(database=database_identity(settings)),
            **resources,
        },
    )
