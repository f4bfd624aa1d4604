"""What long lists and the search are read from: rows made from what was made, and the queries on them. They hold nothing that is not elsewhere, too."""
