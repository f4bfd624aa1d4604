"""Endpoints about nodes and what was written about them, by models and by people. Lists over all frameworks are `use_cases`."""
