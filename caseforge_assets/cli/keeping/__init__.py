"""Commands that keep what was paid for, and keep it small."""
