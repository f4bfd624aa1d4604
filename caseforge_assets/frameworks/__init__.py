"""Process frameworks: files become rows, rows become nodes. No network, no database, no environment."""
