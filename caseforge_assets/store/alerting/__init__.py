"""Alerts, and the figures that their rules look at."""
