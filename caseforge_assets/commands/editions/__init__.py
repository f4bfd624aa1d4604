"""Editions of a framework: loaded, carried over from the one before, removed; nodes that a person says are the same. Reading a file is `frameworks`."""
