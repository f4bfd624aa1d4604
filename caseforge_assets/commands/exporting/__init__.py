"""Contents as files for readers: which ones, as pages, as tables. Nothing is written to the store."""
