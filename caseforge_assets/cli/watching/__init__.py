"""Commands while batches are under way, and what they print."""
