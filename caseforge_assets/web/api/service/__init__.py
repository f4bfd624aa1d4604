"""Endpoints about the service as a whole: its figures, configuration, alerts, and what it tells others."""
