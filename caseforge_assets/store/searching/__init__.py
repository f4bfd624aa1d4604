"""The search, by words and by meaning: what is found, with the passages that say it. Rows are made in `reading`, vectors here."""
