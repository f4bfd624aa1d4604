"""Finds use cases that tell the same idea: words by which an idea is known, pairs that may be the same, and groups of those that are.

Plain functions on texts and arrays. What nodes are nearly the same is another matter, and stands in `reports`.
"""
