"""Writes answers out of a request's own words: deterministic, free, and labelled as simulated. It knows requests, not what they are for."""
