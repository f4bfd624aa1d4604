"""Figures and views for people: read, never written."""
