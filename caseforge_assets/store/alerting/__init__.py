"""Alerts, and the figures that their rules look at. Whether a figure is an alert is decided in `alerts`."""
