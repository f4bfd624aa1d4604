"""What people decide of use cases: where they stand, and which belong together in a portfolio. What was made is shown in `results`."""
