"""Commands while batches are under way, and what they print. What came of them is `results`."""
