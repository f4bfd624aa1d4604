"""Compares two editions, two frameworks, two texts; and finds what is nearly the same. What a framework comes to is outside."""
