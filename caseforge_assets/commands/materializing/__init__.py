"""Bringing chosen nodes to their end, stage after stage: what a run of assets does. Rounds over all nodes are `rounds`."""
