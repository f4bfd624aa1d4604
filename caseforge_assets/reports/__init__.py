"""Views for readers, from plain rows: coverage, exports."""
