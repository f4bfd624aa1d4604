"""Endpoints by which programs watch the service: whether it lives, whether it can work, and figures. People have reports and alerts."""
