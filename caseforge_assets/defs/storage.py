"""Dagster's storage under the names that dagster.yaml of projects has; they stay."""

from caseforge_assets.defs.private.storage import CaseforgeArtifacts, CaseforgeComputeLogs, CaseforgeStorage

__all__ = ["CaseforgeArtifacts", "CaseforgeComputeLogs", "CaseforgeStorage"]
