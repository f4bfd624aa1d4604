"""How plans, batches, editions and scores look: as tables for people, as JSON for scripts. Nothing is read or decided."""
