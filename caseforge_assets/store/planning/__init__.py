"""Plans, and where nodes stand that plans are made for. What is asked because of them is `requests`."""
