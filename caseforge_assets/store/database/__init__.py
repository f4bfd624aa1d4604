"""The way to the database and its ways: where it is, connections, locks, the clock, COPY, the last look for secrets."""
