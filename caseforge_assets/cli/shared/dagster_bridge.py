"""The command line's way into Dagster: the instance of the project, the flush of the outbox into it, and the pruning of its history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caseforge_assets.settings import ConfigurationError, Settings
from caseforge_assets.store.database.engine import Engine

if TYPE_CHECKING:
    from dagster import DagsterInstance

FILE_NAME = "dagster.yaml"
WITHOUT_ONE = Path(__file__).parents[2] / "defs" / "instance.yaml"  # for a project that has no dagster.yaml


def flush(settings: Settings, store: Engine, *, alerts_changed: bool = False, waits: bool = True) -> int:
    """Shows in Dagster what is not shown there yet; returns how many events that were.

    Args:
        alerts_changed: the reports of all frameworks are written anew, also of those that nothing else happened to.
        waits: somebody else who is at it is waited for, instead of leaving it to that one.
    """
    from caseforge_assets.artifacts import ArtifactFolder
    from caseforge_assets.commands.providing.open_project import with_store
    from caseforge_assets.commands.providing.provider import accepts_simulated
    from caseforge_assets.defs.mirroring.flush import OTHERS_PATIENCE_S
    from caseforge_assets.defs.mirroring.mirror import mirror_outside_runs

    with _instance(settings) as instance:
        project = with_store(settings.project, store, ArtifactFolder(settings.artifacts))
        patience_s = OTHERS_PATIENCE_S if waits else 0.0
        with store.connect() as connection:
            simulated = accepts_simulated(connection, settings)
        return mirror_outside_runs(instance, project, everything=alerts_changed, simulated=simulated, patience_s=patience_s)


def prune(settings: Settings, store: Engine, limit: datetime, *, dry_run: bool) -> dict[str, Any]:
    """Removes old history, or counts what would be removed; returns `removed`, and the sizes `before` and `after`."""
    from caseforge_assets.defs.mirroring.prune import prune_history

    with _instance(settings) as instance:
        return asdict(prune_history(instance, store, limit, dry_run=dry_run))


def group_page(framework_key: str) -> str:
    """Path of the page with the graph of a framework's assets."""
    from caseforge_assets.defs.names import group_path

    return group_path(framework_key)


def describe_instance(settings: Settings) -> dict[str, str]:
    """Says which instance of Dagster commands write to: its home, who names it, the class of its storage and its database, without a password.

    Raises:
        ConfigurationError: nothing can be shown in it.
    """
    from caseforge_assets.defs.private.instances import where_kept

    with _instance(settings) as instance:
        return {"home": str(_home(settings)[0]), "named_by": _home(settings)[1], **asdict(where_kept(instance))}


def _home(settings: Settings) -> tuple[Path, str]:
    """The folder of Dagster's instance, and who names it."""
    if settings.dagster_home is not None:
        return settings.dagster_home, "DAGSTER_HOME"
    return settings.project_folder, "the project" if (settings.project_folder / FILE_NAME).is_file() else "nobody: CaseForge's own"


@contextmanager
def _instance(settings: Settings) -> Iterator[DagsterInstance]:
    """The instance that DAGSTER_HOME names, or else the project's own.

    Raises:
        ConfigurationError: there is no such instance, or nothing can be shown in it.
    """
    from dagster import DagsterInstance

    from caseforge_assets.defs.private.instances import close_connections, keep_connections, why_refused

    home, named_by = _home(settings)
    own = home / FILE_NAME
    if settings.dagster_home is not None and not own.is_file():
        raise ConfigurationError(
            f"DAGSTER_HOME is {home}, and there is no {FILE_NAME} in it. Everything is stored; Dagster was not told of it"
        )
    try:
        opened = DagsterInstance.from_config(str(home), str(own if own.is_file() else WITHOUT_ONE))
    except ModuleNotFoundError as error:
        if error.name != "psycopg":
            raise
        raise _refused(
            home, named_by, "its URL names no driver; write postgresql+psycopg2:// (in Dagster's chart: postgresqlScheme)"
        ) from error
    with opened as instance:
        if why := why_refused(instance):
            raise _refused(home, named_by, why)
        keep_connections(instance)
        try:
            yield instance
        finally:
            close_connections(instance)


def _refused(home: Path, named_by: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"Dagster's instance in {home} (named by {named_by}) cannot be written to: {why}. Everything is stored; Dagster was not told of it. "
        f"Name PostgreSQL in its {FILE_NAME}, or another home in DAGSTER_HOME"
    )
