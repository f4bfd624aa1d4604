"""The server's memory: one SQLite file for records, plain files for contents. Knows nothing of HTTP."""
