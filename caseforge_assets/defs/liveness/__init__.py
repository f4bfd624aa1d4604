"""Runs that are at work, and runs that are dead: the heartbeat of their processes, and the end of those whose process is gone."""
