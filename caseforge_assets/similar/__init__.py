"""Which use cases tell the same idea: by which words an idea is known, which ideas may be the same, and groups of those that are.

Plain functions on texts and arrays. What nodes are nearly the same is another matter, and stands in `reports`.
"""
