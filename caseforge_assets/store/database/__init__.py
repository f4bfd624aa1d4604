"""The way to the database and its ways: where it is, connections, locks, the clock, COPY, the last look for secrets. What a project has in it is asked for in the other folders."""
