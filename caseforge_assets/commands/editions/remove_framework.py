"""frameworks remove: a framework has no current edition any more. What was made for it stays, as what was made for nodes that an edition left behind."""

from __future__ import annotations

from caseforge_assets.commands.editions.name_candidates import name_candidates
from caseforge_assets.stages.stages import Stages
from caseforge_assets.store.access import audit
from caseforge_assets.store.database.engine import Engine, lock_in_transaction
from caseforge_assets.store.editions import frameworks
from caseforge_assets.store.requests import requests


def remove_framework(store: Engine, stages: Stages, key: str, *, by: str) -> bool:
    """Takes a framework's current edition back; returns whether there was one. Nothing of it is sent after that; what is under way is collected.

    Loading it again brings all of it back.
    """
    with store.begin() as connection:
        lock_in_transaction(connection, f"load-{key}")
        requests.lock_making(connection)
        was_loaded = frameworks.retire_edition(connection, key)
        name_candidates(connection, stages, key)
        if was_loaded:
            audit.note(connection, by, "framework.removed", f"framework {key}", key)
    return was_loaded
