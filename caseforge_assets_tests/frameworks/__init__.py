"""Tests of caseforge_assets.frameworks: real workbooks, files as people make them, and files that have to be refused."""
