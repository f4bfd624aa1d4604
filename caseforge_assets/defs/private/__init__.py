"""Dagster's private parts: the only folder that imports them, behind plain functions; what is written, and when, is decided elsewhere.

Raise Dagster's upper bound only with the tests of these modules green.
"""
