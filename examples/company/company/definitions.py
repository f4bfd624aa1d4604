"""Everything below `defs`: the company's own assets, and CaseForge's."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Loads the folder `defs`."""
    own = dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
    return dg.Definitions.merge(own, dg.Definitions(executor=dg.in_process_executor))
