"""The journal's side in the database: marked rows out, rows back in, what rows say of artifacts. Files are written and read in `commands/journaling`."""
