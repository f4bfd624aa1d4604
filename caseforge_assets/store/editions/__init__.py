"""Frameworks, their nodes and contexts, and pairs of nodes that are the same. What was made for nodes is `collecting`."""
