"""Attempts and what they came to: contents, their items and scores, imports."""
