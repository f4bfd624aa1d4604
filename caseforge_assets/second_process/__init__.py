"""Work ahead in a second process: pure functions go in, results come out. It knows neither database nor provider."""
