"""The life of a batch: validated, answered, finished. Knows nothing of HTTP."""
