"""How long pages of the portal take at the server and in a browser, on the store that `benchmarks.service` fills."""
