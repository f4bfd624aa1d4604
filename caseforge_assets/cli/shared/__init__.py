"""What commands share: the session, options, consoles, tables, the ways to Dagster. No command of its own."""
