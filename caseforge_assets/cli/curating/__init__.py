"""Commands by which people decide: where use cases stand, and which belong together in a portfolio. What was made is shown in `results`."""
