"""Attempts and what they came to: contents, their items and scores, imports. What was asked is `requests`, in which batch `submitting`."""
