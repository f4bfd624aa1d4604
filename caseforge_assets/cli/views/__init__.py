"""Shows plans, batches, editions and scores: as tables for people, as JSON for scripts. Nothing is read or decided."""
