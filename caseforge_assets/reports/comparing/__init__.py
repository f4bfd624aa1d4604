"""What differs: between two editions, two frameworks, two texts; and what is nearly the same. What a framework comes to is outside."""
