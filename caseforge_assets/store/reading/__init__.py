"""Rows that long lists are read from: made from what was made, kept up after it; and the queries on nodes, branches and documents. They hold nothing that is not elsewhere, too."""
