"""Commands that keep what was paid for, and keep it small. What people are handed is exported in `results`."""
