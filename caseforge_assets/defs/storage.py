"""Where dagster.yaml finds Dagster's storage: these names are in the files of projects, and stay."""

from caseforge_assets.defs.private.storage import CaseforgeArtifacts, CaseforgeComputeLogs, CaseforgeStorage

__all__ = ["CaseforgeArtifacts", "CaseforgeComputeLogs", "CaseforgeStorage"]
