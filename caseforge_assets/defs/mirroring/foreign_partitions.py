"""Partitions that somebody added by hand: Dagster's dialog takes any key, but only nodes of the current edition have anything behind them."""

from __future__ import annotations

from collections.abc import Callable

from dagster import DagsterInstance

from caseforge_assets.defs.names import partitions_name
from caseforge_assets.defs.private.lineage import PartitionNote, write_observations
from caseforge_assets.defs.private.partitions import set_partitions
from caseforge_assets.settings.project import Project
from caseforge_assets.stages.stages import FRAMEWORK
from caseforge_assets.store.database.engine import Engine
from caseforge_assets.store.editions import frameworks, nodes

NAMED = 10


def foreign_partitions(instance: DagsterInstance, store: Engine, project: Project) -> dict[str, list[str]]:
    """Per framework, the partition keys that are no node of its current edition; frameworks without any are left out."""
    found = {}
    for key, own in _own_partitions(store, project).items():
        known = set(own)
        if foreign := [name for name in instance.get_dynamic_partitions(partitions_name(key)) if name not in known]:
            found[key] = foreign
    return found


def take_out_foreign_partitions(instance: DagsterInstance, store: Engine, project: Project, say: Callable[[str], None]) -> None:
    """Leaves the nodes of the current edition alone, and says what was taken out: to `say`, and in a note at the framework's asset.

    For when the outbox was flushed: a new edition that is not shown yet has other nodes.
    """
    found = foreign_partitions(instance, store, project)
    own = _own_partitions(store, project) if found else {}
    for key, foreign in found.items():
        set_partitions(instance, partitions_name(key), own[key])
        names = ", ".join(foreign[:NAMED]) + (f" and {len(foreign) - NAMED:,} more" if len(foreign) > NAMED else "")
        is_one = len(foreign) == 1
        text = (
            f"Taken out of the partitions of {key}: {names}. {'It is no node' if is_one else 'They are no nodes'} of the current edition; "
            "nodes come from its file (caseforge load)."
        )
        say(text)
        write_observations(instance, [PartitionNote((key, FRAMEWORK), None, text)])


def _own_partitions(store: Engine, project: Project) -> dict[str, list[str]]:
    with store.connect() as connection:
        loaded = [key for key in frameworks.loaded_keys(connection) if key in project.configuration.frameworks]
        return {key: nodes.partition_keys(connection, key) for key in loaded}
