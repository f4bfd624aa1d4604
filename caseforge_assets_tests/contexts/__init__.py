"""Tests of caseforge_assets.contexts."""
