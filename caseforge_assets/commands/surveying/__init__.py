"""Surveys nodes: where they stand in each stage, which of them are meant, and why. Nothing is planned here, nothing written."""
