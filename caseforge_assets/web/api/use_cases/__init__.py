"""Endpoints about use cases: lists, the search, similar ones, decisions, portfolios, exports. One node's are `nodes`."""
