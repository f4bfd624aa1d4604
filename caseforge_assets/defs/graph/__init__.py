"""The assets of a framework: what they are, their partitions, and what the graph says of itself. What materializing does is a command."""
