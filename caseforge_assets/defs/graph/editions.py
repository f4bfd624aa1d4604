"""A framework whose nodes are what another asset makes: a new edition whenever that one is materialized."""

from typing import Any

import dagster as dg

from caseforge_assets.commands.editions.load_table import TableRefused, load_table
from caseforge_assets.defs.mirroring.mirror import mirror
from caseforge_assets.defs.names import CONTENTS_MANAGER, asset_key
from caseforge_assets.defs.resources import Caseforge

EDITION = "edition"


def edition_asset(key: str, table: dg.AssetKey, *, automation_condition: dg.AutomationCondition[Any] | None = None) -> dg.AssetsDefinition:
    """An asset that loads a DataFrame as an edition: `KEY/edition`, above the framework's own. It spends nothing, whatever drives it.

    Args:
        key: of the framework, whose `source` is the CSV file in which the table is kept.
        table: the asset whose value is the DataFrame.
        automation_condition: such as `dg.AutomationCondition.eager()`; without one a person or a schedule materializes it.
    """

    @dg.asset(
        key=list(asset_key(key, EDITION)),
        ins={"table": dg.AssetIn(table)},
        group_name=key,
        description=f"Loads what {table.to_user_string()} made as an edition of {key}. Nothing is spent: what became missing or stale waits for a plan.",
        kinds={"pandas", "postgres"},
        automation_condition=automation_condition,
        io_manager_key=CONTENTS_MANAGER,
    )
    def edition(context: dg.AssetExecutionContext, caseforge: Caseforge, table: Any) -> dg.MaterializeResult:  # type: ignore[type-arg]
        try:
            loaded = load_table(caseforge.store, caseforge.folder, caseforge.settings, key, table, by="dagster")
        except TableRefused as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        mirror(context, caseforge)
        return dg.MaterializeResult(
            metadata={"edition": loaded.label, "changed": loaded.changed, "nodes": loaded.nodes, "targets": loaded.targets}
        )

    return edition
