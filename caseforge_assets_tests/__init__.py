"""Tests, mirroring the folders of caseforge_assets."""
