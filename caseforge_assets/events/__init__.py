"""What is told to others while it happens: kinds of events, and the pauses of what is delivered again. Plain values; the store keeps them, shells send them."""
