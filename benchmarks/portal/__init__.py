"""Measures pages of the portal at the server and in a browser, on the store that `benchmarks.service` fills."""
