"""Plans, and where nodes stand that plans are made for."""
