"""That what was paid for is there, takes up little, and can come back: verify, restore, archive."""
