"""A framework whose nodes are what another asset makes: a new edition whenever that one is materialized."""

from typing import Any

import dagster as dg

from caseforge_assets.commands.editions.load_table import TableRefused, load_table
from caseforge_assets.defs.graph.automation import when_read_anew
from caseforge_assets.defs.mirroring.mirror import mirror
from caseforge_assets.defs.names import CONTENTS_MANAGER, EDITION
from caseforge_assets.defs.resources import Caseforge
from caseforge_assets.settings import FrameworkSettings


def edition_asset(key: str, entry: FrameworkSettings) -> dg.AssetsDefinition:
    """An asset that loads the DataFrame of another one (`table`) as an edition: `KEY/edition`, above the framework's own. It spends nothing."""
    table_key = dg.AssetKey.from_user_string(entry.table)

    @dg.asset(
        key=[key, EDITION],
        ins={"table": dg.AssetIn(table_key)},
        group_name=key,
        description=f"Loads what {entry.table} made as an edition of {key}. Nothing is spent: what became missing or stale waits for a plan.",
        kinds={"pandas", "postgres"},
        automation_condition=when_read_anew(entry),
        io_manager_key=CONTENTS_MANAGER,
    )
    def edition(context: dg.AssetExecutionContext, caseforge: Caseforge, table: Any) -> dg.MaterializeResult:  # type: ignore[type-arg]
        try:
            loaded = load_table(caseforge.store, caseforge.folder, caseforge.settings, key, table, by="dagster")
        except TableRefused as error:
            raise dg.Failure(str(error), allow_retries=False) from error
        mirror(context, caseforge)
        return dg.MaterializeResult(
            metadata={"edition": loaded.label, "changed": loaded.changed, "nodes": loaded.nodes, "targets": loaded.targets},
            data_version=dg.DataVersion(loaded.source_sha256),
        )

    return edition
