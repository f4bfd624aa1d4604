"""The journal: every row of the store as artifacts, written, read, folded, held against the store. Filling a database from it is `keeping`."""
