"""The launcher of runs that dagster.yaml names: Dagster's own, with which a run can be terminated although nothing of it is left."""

from __future__ import annotations

from dagster import DagsterInstance, DagsterRun

from caseforge_assets.defs.liveness.dead_runs import why_dead_now
from caseforge_assets.defs.private.code_servers import CodeServerLauncher

TERMINATED = "Terminated by a person. Nothing of the run was left: {why}."


class CaseforgeRunLauncher(CodeServerLauncher):
    """Runs are children of the code server, as usual. *Terminate* ends those, too, that neither it nor anybody else has any more."""

    def terminate(self, run_id: str) -> bool:
        """Ends a run: by its code server, or, where that is gone or does not have it, by what is known of its process.

        Returns:
            Whether it ends; False for one that was ended, or that may be at work somewhere out of reach: it is canceled as soon as it is known to be gone.
        """
        if super().terminate(run_id):
            return True
        run = self._instance.get_run_by_id(run_id)
        return run is not None and not run.is_finished and _cancel_if_gone(self._instance, run)


def _cancel_if_gone(instance: DagsterInstance, run: DagsterRun) -> bool:
    from caseforge_assets.settings import load_places
    from caseforge_assets.store.database.location import open_project_store

    store = open_project_store(load_places())
    try:
        why = why_dead_now(store, run)
    finally:
        store.dispose()
    if why:
        instance.report_run_canceled(run, TERMINATED.format(why=why))
    return why is not None
