"""A local server that speaks the Batch API; shares no code with the rest."""
