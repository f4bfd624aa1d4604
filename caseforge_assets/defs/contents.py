"""An input manager for assets of other people, which gives the rows of one of CaseForge's assets as a pandas DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from caseforge_assets.commands.exporting.tabulate_asset import tabulate_asset
from caseforge_assets.defs.resources import Caseforge

if TYPE_CHECKING:
    import pandas


class CaseforgeContents(dg.ConfigurableIOManager):
    """Loads `process_documents`, `usecase_candidates` and the content of any other stage, `framework` and `pcf_nodes`: a partition, several, or all.

    The rows are those that are in the store at that moment. Nothing is written with it: CaseForge's assets are made by their own runs.
    """

    project_folder: str | None = None
    declared: dict[str, Any] = Field(default={})

    def load_input(self, context: dg.InputContext) -> pandas.DataFrame:
        """The rows of the input's partitions, all without; `columns` in the input's metadata names those that are wanted."""
        *_, key, asset = context.asset_key.path
        partitions = set(context.asset_partition_keys) if context.has_asset_partitions else None
        caseforge = Caseforge(project_folder=self.project_folder, declared=self.declared)
        try:
            with caseforge.store.connect() as connection:
                frame = tabulate_asset(connection, caseforge.settings.stages, key, asset, partitions)
        finally:
            caseforge.close()
        wanted = (context.definition_metadata or {}).get("columns")
        return frame[list(wanted)] if wanted else frame

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        """Refuses.

        Raises:
            DagsterInvariantViolationError: always.
        """
        raise dg.DagsterInvariantViolationError(
            f"{context.asset_key.to_user_string()} would write a {type(obj).__name__} through CaseForge's input manager, which only reads. "
            "Give your own asset an input/output manager of its own."
        )
