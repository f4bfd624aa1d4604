"""Endpoints about frameworks: loaded, compared, paired, taken out. What stands in them is `nodes`."""
