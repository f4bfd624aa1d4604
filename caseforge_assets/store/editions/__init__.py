"""Frameworks, their nodes and contexts, and pairs of nodes that are the same."""
