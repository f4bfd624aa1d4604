"""The service with a large store and many clients at once: how long answers take, first and last page alike, and what memory it needs."""
