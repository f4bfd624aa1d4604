"""Forms of all that goes over the wire: problem documents, pages and their cursors, money, calls that are answered once. No endpoint lives here."""
