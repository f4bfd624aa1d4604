"""Contents as files for readers, of whichever kind, at once or behind an answer. What goes into them is `gathering`. Nothing is written to the store."""
