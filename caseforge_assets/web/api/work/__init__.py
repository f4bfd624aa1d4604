"""Endpoints about what is asked of models: plans and what is decided of them, runs, batches. What it cost is `service`."""
