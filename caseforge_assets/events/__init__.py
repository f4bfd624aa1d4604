"""Events, told to others while they happen: kinds, addresses, pauses of what is delivered again. Plain values; the store keeps them, shells send them."""
